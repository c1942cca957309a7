package psql_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"recon/internal/twin/psql"
)

// onHost is a psql whose socket folder has the stage's socket.
func onHost(t *testing.T, files map[string]string) (*psql.Command, *bytes.Buffer) {
	t.Helper()
	address := start(t)
	out := &bytes.Buffer{}
	return &psql.Command{
		Dial: func(ctx context.Context, network, to string) (net.Conn, error) {
			if network == "unix" && to != "/var/run/postgresql/.s.PGSQL.5432" {
				return nil, os.ErrNotExist
			}
			return (&net.Dialer{}).DialContext(ctx, "tcp", address)
		},
		ReadFile: func(name string) ([]byte, error) {
			if text, ok := files[name]; ok {
				return []byte(text), nil
			}
			return nil, os.ErrNotExist
		},
		User: "postgres", Home: "/var/lib/postgresql", Stdout: out, Stderr: out,
	}, out
}

func TestSocketAndPasswordFile(t *testing.T) {
	c, out := onHost(t, map[string]string{
		"/var/lib/postgresql/.pgpass": "# a comment\nother:*:*:*:nothing\nlocalhost:5432:*:secret:the password\n",
		"/tmp/script.sql":             "SELECT narrow;\n-- done\n",
	})
	for _, tc := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"-XAt", "-c", "SELECT narrow"}, "1\n22\n", 0},
		{[]string{"-XAt", "-U", "secret", "-f", "/tmp/script.sql"}, "1\n22\n", 0},
		{[]string{"-XAt", "-U", "secret", "-h", "elsewhere", "-c", "SELECT narrow"}, "psql: error: connection to server at \"elsewhere\", port 5432 failed: fe_sendauth: no password supplied\n", 2},
		{[]string{"-X", "-p", "5433"}, "psql: error: connection to server on socket \"/var/run/postgresql/.s.PGSQL.5433\" failed: No such file or directory\n\tIs the server running locally and accepting connections on that socket?\n", 2},
		{[]string{"--version"}, "psql (PostgreSQL) 17.6 (Debian 17.6-0+deb13u1)\n", 0},
		{[]string{"-X", "-c", `\conninfo`}, "You are connected to database \"postgres\" as user \"postgres\" via socket in \"/var/run/postgresql\" at port \"5432\".\n", 0},
		{[]string{"-p", "many"}, "psql: error: invalid port number: \"many\"\n", 2},
	} {
		out.Reset()
		if code := c.Run(t.Context(), tc.args); code != tc.code || out.String() != tc.want {
			t.Errorf("%q: %d\n%s", tc.args, code, out.String())
		}
	}
}

func TestPrompt(t *testing.T) {
	c, out := onHost(t, nil)
	c.Prompt, c.Stdin = true, strings.NewReader("SELECT\nnarrow;\nBEGIN;\nFAIL;\nROLLBACK;\n\\nonsense\nexit\n")
	if code := c.Run(t.Context(), []string{"-X", "-At"}); code != 0 {
		t.Error(code)
	}
	want := "psql (17.6 (Debian 17.6-0+deb13u1))\nType \"help\" for help.\n\npostgres=# postgres-# DONE\npostgres=# DONE\npostgres=*# " +
		"ERROR:  division by zero\nDETAIL:  it was zero\nHINT:  do not\npostgres=!# DONE\npostgres=# invalid command \\nonsense\nTry \\? for help.\npostgres=# "
	if out.String() != want {
		t.Errorf("%q\nwant\n%q", out.String(), want)
	}
}

// A server that does not answer holds nobody up who is told to stop.
func TestStops(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan struct{})
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		close(accepted)
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}()
	ctx, stop := context.WithCancel(t.Context())
	out := &bytes.Buffer{}
	c := &psql.Command{
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", l.Addr().String())
		},
		Stdout: out, Stderr: out,
	}
	done := make(chan int)
	go func() { done <- c.Run(ctx, []string{"-X", "-h", "somewhere", "-c", "SELECT 1"}) }()
	<-accepted
	stop()
	select {
	case code := <-done:
		if code != 2 {
			t.Errorf("%d: %s", code, out)
		}
	case <-time.After(10 * time.Second):
		t.Error("it still waits")
	}
}

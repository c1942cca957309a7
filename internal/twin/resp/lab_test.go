//go:build lab

// This test asks the real Redis the same as this package. It needs the package redis-server; everything listens on loopback.
package resp

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// realRedis starts a server and returns its address.
func realRedis(t *testing.T, password string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	_ = l.Close()
	var log strings.Builder
	c := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--dir", t.TempDir(), "--requirepass", password)
	c.Stdout, c.Stderr = &log, &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	for limit := time.Now().Add(10 * time.Second); ; <-time.After(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			return address
		}
		if time.Now().After(limit) {
			t.Fatal(err)
		}
	}
}

var vectors = regexp.MustCompile(`\*1\r\n[%*]\d+\r\n\$4\r\nname\r\n\$9\r\nvectorset\r\n(?:(?:\$\d+\r\n[^\r]*|:\d+)\r\n)*\*0\r\n`)

// said is everything that a server answers to bytes, after which the client says no more.
func said(t *testing.T, c net.Conn, send string) string {
	t.Helper()
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	// What is sent after the server hung up is lost, which is no failure.
	_, _ = io.WriteString(c, send)
	_ = c.(interface{ CloseWrite() error }).CloseWrite()
	got, _ := io.ReadAll(c)
	// Redis 8 brings a module, and 7.2 said one refusal better.
	s := vectors.ReplaceAllString(strings.ReplaceAll(string(got), "HELLO <proto> AUTH", "HELLO AUTH"), "*0\r\n")
	s = regexp.MustCompile(`\d+\.\d+\.\d+\r`).ReplaceAllString(s, "VERSION\r")
	s = regexp.MustCompile(`\$\d+\r\nVERSION`).ReplaceAllString(s, "VERSION")
	return regexp.MustCompile(`(?s)(\$2\r\nid\r\n:)\d+`).ReplaceAllString(s, "${1}N")
}

func TestLabAnswersAreRedis(t *testing.T) {
	array := func(args ...string) string {
		s := fmt.Sprintf("*%d\r\n", len(args))
		for _, a := range args {
			s += fmt.Sprintf("$%d\r\n%s\r\n", len(a), a)
		}
		return s
	}
	const in = "AUTH word\r\n"
	cases := map[string][]string{
		"": {
			"PING\r\n", "HELLO\r\n", "HELLO 3\r\nPING\r\n", "HELLO 2\r\n", "HELLO 4\r\n", "HELLO x\r\n", "HELLO 3 NONSENSE\r\n",
			"HELLO 3 AUTH default x\r\n", "HELLO 3 SETNAME a\r\nCLIENT GETNAME\r\n", "AUTH x\r\n", "AUTH default x\r\n", "AUTH nobody x\r\n", "AUTH\r\n",
			"AUTH a b c\r\n", "CLIENT GETNAME\r\n", "CLIENT SETNAME a\r\nCLIENT GETNAME\r\n", "CLIENT SETNAME 'a b'\r\n", "CLIENT SETNAME\r\n", "CLIENT\r\n",
			"RESET\r\n", "HELLO 3\r\nRESET\r\nGET none\r\n", "QUIT\r\nPING\r\n",
			"nonsense\r\n", "nonsense a b c\r\n", "nonsense " + strings.Repeat("x", 200) + " y\r\n", "get\r\n",
			"get none\r\n", "HELLO 3\r\nget none\r\n",
			"echo \"a\\x41\\n\\\"b\"\r\n", "echo 'a\\'b\\n'\r\n", "echo \"a\"b\r\n", "echo \"a\r\n", "echo a'b'\r\n", "echo a\"b c\"\r\n", "echo ''\r\n", "\r\n\n  \r\nPING\n",
			"*0\r\nPING\r\n", "*-1\r\nPING\r\n", "*x\r\n", "*2000000\r\n", "*1\r\n+4\r\nPING\r\n", "*1\r\n$x\r\n", "*1\r\n$-1\r\n", "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPI",
			strings.Repeat("x", 70000), "*" + strings.Repeat("1", 70000), "*1\r\n$" + strings.Repeat("1", 70000),
			array("PING"), array("ECHO", "a\r\nb\x00"), array("ECHO", strings.Repeat("x", 100000)), array("PING") + array("PING") + "PING\r\n" + array("QUIT"),
			"SUBSCRIBE\r\n", "SUBSCRIBE a b\r\nPSUBSCRIBE c*\r\nPING\r\nPING x\r\nGET a\r\nUNSUBSCRIBE a\r\nUNSUBSCRIBE none\r\nUNSUBSCRIBE\r\nPUNSUBSCRIBE\r\nGET none\r\n",
			"UNSUBSCRIBE\r\n", "PUNSUBSCRIBE a\r\n", "SUBSCRIBE a a\r\n", "PUBLISH a\r\n", "PUBLISH a b\r\n",
			"SUBSCRIBE a\r\nRESET\r\nPING\r\n", "SUBSCRIBE a\r\nQUIT\r\n",
			"HELLO 3\r\nSUBSCRIBE a\r\nGET none\r\nPUBLISH a x\r\nUNSUBSCRIBE\r\nUNSUBSCRIBE\r\n",
		},
		"word": {
			"PING\r\n", "get x\r\n", "HELLO\r\n", "HELLO 3\r\n", "HELLO 3 AUTH default word\r\nPING\r\n", "HELLO 3 AUTH default x\r\nPING\r\n",
			"HELLO 2 AUTH nobody word\r\n", "AUTH word\r\nPING\r\n", "AUTH default word\r\nPING\r\n", "AUTH x\r\nPING\r\n", in + "AUTH x\r\nPING\r\n",
			in + "RESET\r\nPING\r\n", "RESET\r\n", "QUIT\r\n", "*11\r\n", "*10\r\n", "*1\r\n$16385\r\n", "*1\r\n$16384\r\n", in + "*11\r\n", in + "HELLO 3\r\n", "HELLO 3 SETNAME x\r\n",
			"CLIENT GETNAME\r\n", "SUBSCRIBE a\r\n",
		},
	}
	for password, inputs := range cases {
		address := realRedis(t, password)
		l := start(t, func(s *Server) {
			if password != "" {
				s.Login = func(user, word string) bool { return user == "default" && word == password }
			}
		})
		for _, send := range inputs {
			real, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			ours, _ := l.raw(t)
			if theirs, here := said(t, real, send), said(t, ours, send); theirs != here {
				t.Errorf("%.200q (password %q)\n redis: %.400q\n  here: %.400q", send, password, theirs, here)
			}
		}
	}
}

package tools_test

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"recon/internal/remote"
	"recon/internal/scrub"
	"recon/internal/twin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var began = time.Date(2026, 11, 26, 18, 55, 0, 0, time.UTC)

const node1, node2, node3 = "netbox-node-1", "netbox-node-2", "netbox-node-3"

// lab is a whole training cluster with a clock that the test drives, and ssh connections to its hosts.
type lab struct {
	*twin.Twin
	t    *testing.T
	pool *remote.Pool
}

func newLab(t *testing.T) *lab {
	t.Helper()
	tw, err := twin.Start(twin.Options{Dir: t.TempDir(), Driven: true, Began: began})
	if err != nil {
		t.Fatal(err)
	}
	masks := &scrub.Secrets{}
	l := &lab{Twin: tw, t: t, pool: remote.New(tw.Cluster, remote.Options{Mask: masks.Add})}
	t.Cleanup(func() {
		if err := l.pool.Close(); err != nil {
			t.Error(err)
		}
		if err := tw.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// run runs a line on a host as a user and gives what it printed, errors too, and its status. The login's user is in the
// group adm; others are reached with sudo.
func (l *lab) run(host, user, line string) (string, int) {
	l.t.Helper()
	line = "exec 2>&1; " + line // over ssh the two streams come in any order
	if user != "anna" {
		line = "exec sudo -n -u " + user + " sh -c '" + strings.ReplaceAll(line, "'", `'\''`) + "'"
	}
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	var out bytes.Buffer
	e := l.pool.Run(ctx, host, remote.Command{Line: line, Stdout: &out, Stderr: &out})
	if e.Kind != remote.OK && e.Kind != remote.Failed {
		l.t.Fatalf("%s: %s: %v %s", host, line, e.Kind, e.Reason)
	}
	return out.String(), e.Code
}

// says fails when a line prints something else or ends otherwise.
func (l *lab) says(host, user, line, want string, status int) {
	l.t.Helper()
	got, code := l.run(host, user, line)
	if got != want || code != status {
		l.t.Errorf("%s@%s: %s\ngot (%d):\n%s\nwant (%d):\n%s", user, host, line, code, got, status, want)
	}
}

// matches is says with a pattern for the whole output.
func (l *lab) matches(host, user, line, pattern string, status int) {
	l.t.Helper()
	got, code := l.run(host, user, line)
	if !regexp.MustCompile(`(?s)\A`+pattern+`\z`).MatchString(got) || code != status {
		l.t.Errorf("%s@%s: %s\ngot (%d):\n%s\nwant (%d):\n%s", user, host, line, code, got, status, pattern)
	}
}

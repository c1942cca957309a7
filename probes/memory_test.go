package probes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"recon/internal/remote"
)

func TestFormerLeader(t *testing.T) {
	history := []Switch{{Timeline: 1, Leader: "a"}, {Timeline: 2, Leader: "b"}, {Timeline: 3, Leader: "a"}, {Timeline: 4}}
	for _, tc := range []struct {
		led     []string
		present string
		history []Switch
		want    string
	}{
		{nil, "a", nil, "nil"},
		{nil, "a", history, "b"},
		{nil, "b", history, "a"},
		{nil, "c", history, "a"}, // c leads, and its row is not written yet
		{nil, "", history, "a"},
		{[]string{"c"}, "c", history, "a"},
		{[]string{"c", "a"}, "a", history, "c"},
		{[]string{"c", "a"}, "", history, "a"},
		{[]string{"a", "c", "a"}, "a", nil, "c"},
	} {
		if got := value((memory{led: tc.led}).former(tc.present, tc.history)); got != tc.want {
			t.Errorf("led %v, present %q, %d rows: %s, want %s", tc.led, tc.present, len(tc.history), got, tc.want)
		}
	}
}

func TestMemoryKeepsWhatTheSilentSaid(t *testing.T) {
	c := threeNodes()
	r, m := capture(t, "healthy_final")
	for node, a := range r.patroni { // Patroni's names are not those of the cluster file here
		a.fact.report.Patroni.Name = "pg-" + node
		a.fact.view = nil
		r.patroni[node] = a
	}
	mem := newMemory(c)
	mem = mem.after(assemble(c, r, m, mem))
	for node := range r.patroni {
		r.patroni[node] = answer[patroniFacts]{began: m.now, ended: m.now, since: m.now, err: "did not answer within 3 s"}
	}
	s := assemble(c, r, m, mem)
	for _, x := range s.Patroni.Members {
		if x.Name != "pg-"+x.Node {
			t.Errorf("the silent member on %s is called %s", x.Node, x.Name)
		}
	}
	if mem.path.scope != "pgclusternetbox" || mem.led[0] != "pg-netbox-node-3" {
		t.Errorf("memory %+v", mem)
	}
	for i := range 100 {
		s.Patroni.LockHolder, s.Patroni.UnseenDCS = text([]byte(fmt.Sprint("n", i%3))), ""
		mem = mem.after(s)
	}
	if len(mem.led) > 21 {
		t.Errorf("the memory grows: %d", len(mem.led))
	}
}

// What the hosts' own configuration says is used until the members say it themselves.
func TestScopeOfTheHosts(t *testing.T) {
	c := threeNodes()
	c.Patroni.Scope = "wrong"
	r := newRaw()
	now := time.Unix(1795423663, 0)
	for _, n := range c.Nodes {
		r.hosts[n.Name] = answer[hostFacts]{began: now, ended: now, since: now, fact: hostFacts{scope: text([]byte("right")), namespace: text([]byte("/db/"))}}
	}
	mem := newMemory(c).after(assemble(c, r, moment{now: now}, newMemory(c)))
	if mem.path != (dcsPath{"/db/", "right"}) {
		t.Errorf("%+v", mem.path)
	}
	one := r.hosts["netbox-node-1"]
	one.fact.scope = text([]byte("another"))
	r.hosts["netbox-node-1"] = one
	mem = newMemory(c).after(assemble(c, r, moment{now: now}, newMemory(c)))
	if mem.path != (dcsPath{"/db/", "wrong"}) {
		t.Errorf("hosts that differ decide nothing: %+v", mem.path)
	}
}

func TestDialErrors(t *testing.T) {
	cause := errors.New("no such luck")
	for _, tc := range []struct {
		err     error
		refused bool
		words   string
	}{
		{&remote.DialError{Host: "n", Addr: "192.0.2.1:8008", Refused: true, Err: cause}, true, "nothing listens on 192.0.2.1:8008"},
		{&remote.DialError{Host: "n", Addr: "192.0.2.1:8008", Timeout: true, Err: cause}, false, "did not answer within 3 s"},
		{&remote.DialError{Host: "n", Addr: "192.0.2.1:8008", NoSSH: true, Err: syscall.ECONNREFUSED}, false, "n is not reached over ssh: connection refused"},
		{&remote.DialError{Host: "n", Addr: "192.0.2.1:8008", Err: cause}, false, "no such luck"},
		{os.NewSyscallError("connect", syscall.ECONNREFUSED), true, "nothing listens there"},
		{context.DeadlineExceeded, false, "did not answer within 3 s"},
		{nil, false, ""},
	} {
		err := dialError(tc.err)
		if Refused(err) != tc.refused || !strings.Contains(words(err, deadline), tc.words) || tc.words == "" && err != nil {
			t.Errorf("%v: refused %v, %q", tc.err, Refused(err), words(err, deadline))
		}
	}
}

// A node that cannot try says nothing of the port; anything else does.
func TestFromErrors(t *testing.T) {
	cause := errors.New("no such luck")
	for _, tc := range []struct {
		err            error
		blind, refused bool
		words          string
	}{
		{&remote.DialError{Host: "n", Addr: "192.0.2.1:8008", NoSSH: true, Err: cause}, true, false, "n is not reached over ssh: no such luck"},
		{&remote.DialError{Host: "n", Addr: "192.0.2.1:8008", Forbidden: true, Err: cause}, true, false, "the sshd of n does not let it try: allow it with AllowTcpForwarding"},
		{&remote.DialError{Host: "n", Addr: "192.0.2.1:8008", Refused: true, Err: cause}, false, true, "nothing listens on 192.0.2.1:8008"},
		{&remote.DialError{Host: "n", Addr: "192.0.2.1:8008", Timeout: true, Err: cause}, false, false, "did not answer within 3 s"},
		{&remote.DialError{Host: "n", Addr: "192.0.2.1:8008", Err: cause}, false, false, "no such luck"},
		{nil, false, false, ""},
	} {
		err := fromError(tc.err)
		var blind *BlindError
		if errors.As(err, &blind) != tc.blind || Refused(err) != tc.refused || !strings.Contains(words(err, deadline), tc.words) || tc.words == "" && err != nil {
			t.Errorf("%v: %#v, %q", tc.err, err, words(err, deadline))
		}
	}
	for _, tc := range []struct {
		err     *SSHError
		refused bool
	}{{&SSHError{Words: "ssh to n: refused", Refused: true}, true}, {&SSHError{Words: "ssh login at n: no key", Answered: true}, false}} {
		if Refused(tc.err) != tc.refused || words(tc.err, deadline) != tc.err.Words {
			t.Errorf("%v: refused %v, %q", tc.err, Refused(tc.err), words(tc.err, deadline))
		}
	}
}

func TestOutputIsCapped(t *testing.T) {
	c := &capped{limit: 10}
	for range 5 {
		if n, err := c.Write([]byte("abcd")); n != 4 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if c.String() != "abcdabcdab" {
		t.Errorf("%q", c.String())
	}
}

// However many ask again while a target hangs, it comes to its answer: only every other probe can be called off.
func TestAskingAgainStarvesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, hosts, stop := engine(t, 1)
		defer stop()
		hosts[0].takes.Store(int64(time.Hour))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for range 20 {
			go func() {
				for ctx.Err() == nil {
					limited, done := context.WithTimeout(ctx, 700*time.Millisecond)
					_, _ = w.Fresh(limited, nil) // it runs out; that is the point
					done()
				}
			}()
		}
		time.Sleep(60 * time.Second)
		if n := w.State().Nodes[0]; n.Age > 12 || n.Error != "did not answer within 4 s" {
			t.Errorf("the last answer is %.0f s old: %+v", n.Age, n.Seen)
		}
		if n := hosts[0].most.Load(); n != 1 {
			t.Errorf("%d probes at once", n)
		}
		cancel()
		synctest.Wait()
	})
}

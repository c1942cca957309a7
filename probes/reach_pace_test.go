package probes

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"recon/internal/inventory"
)

// vantage is Hosts of one witness: doors by address that are "open", "refused" or "silent", and how often each was tried.
type vantage struct {
	oneAddress
	mu    sync.Mutex
	doors map[string]string
	tried map[string]int
}

func (v *vantage) From(ctx context.Context, _, network, address string) (net.Conn, error) {
	v.mu.Lock()
	v.tried[address]++
	how := v.doors[address]
	v.mu.Unlock()
	switch how {
	case "open":
		ours, theirs := net.Pipe()
		_ = theirs.Close() // nobody talks here
		return ours, nil
	case "silent":
		<-ctx.Done()
		return nil, ctx.Err()
	case "blind":
		return nil, &BlindError{Node: "a", Why: "a is not reached over ssh"}
	}
	return nil, &RefusedError{Address: address}
}

func twoNodes() *inventory.Cluster {
	c := &inventory.Cluster{
		Nodes:   []inventory.Node{{Name: "a", Address: "10.0.0.1"}, {Name: "b", Address: "10.0.0.2"}},
		Etcd:    &inventory.Etcd{PeerPort: 2380, ClientPort: 2379},
		Patroni: &inventory.Patroni{RESTPort: 8008},
	}
	return c
}

func TestWitnessIsSparing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := twoNodes()
		v := &vantage{tried: map[string]int{}, doors: map[string]string{
			"10.0.0.2:2380": "open", "10.0.0.2:2379": "silent", "10.0.0.2:8008": "refused", "10.0.0.2:22": "open",
		}}
		now := sickness{silent: map[string]bool{"b": true}}
		p := &reachProbe{
			hosts: v, node: "a", now: time.Now, doors: map[string][]door{"b": doors(c, c.Nodes[1])}, control: "127.0.0.1:2380", last: map[door]attempt{},
		}
		p.sick = func() sickness { return now }
		var f reachFacts
		for range 10 { // a minute, closely
			var err error
			if f, err = p.ask(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(6 * time.Second)
		}
		if n := v.tried["10.0.0.2:22"]; n < 3 || n > 5 {
			t.Errorf("ssh was tried %d times in a minute", n)
		}
		if n := v.tried["10.0.0.2:2379"]; n < 3 || n > 5 {
			t.Errorf("a silent port was tried %d times in a minute", n)
		}
		if n := v.tried["10.0.0.2:2380"]; n != 10 {
			t.Errorf("an open port was tried %d times", n)
		}
		var got []string
		for _, a := range f.tries {
			got = append(got, fmt.Sprintf("%s %d %v %v", a.service, a.port, a.reached, a.refused))
		}
		want := "etcd 2380 true false, etcd 2379 false false, patroni 8008 false true, ssh 22 true false"
		if strings.Join(got, ", ") != want {
			t.Errorf("found %q, want %q", got, want)
		}

		// In peace only the port of the mesh is tried, and what was found out before ages away.
		now.silent = nil
		for range 8 {
			clear(v.tried)
			var err error
			if f, err = p.ask(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
		}
		if len(v.tried) != 1 || len(f.tries) != 1 || f.tries[0].port != 2380 {
			t.Errorf("in peace it tried %v and knows %v", v.tried, f.tries)
		}

		// The mesh falls silent: the others are looked at as well, and ssh is not.
		v.doors["10.0.0.2:2380"] = "silent"
		clear(v.tried)
		if f, _ = p.ask(t.Context()); v.tried["10.0.0.2:8008"] != 1 || v.tried["10.0.0.2:22"] != 0 || len(f.tries) != 3 {
			t.Errorf("tried %v, knows %v", v.tried, f.tries)
		}

		// A witness whose own sshd is silent has found nothing out; neither has one that is not reached.
		v.doors["127.0.0.1:2380"] = "silent"
		if f, err := p.ask(t.Context()); err == nil || len(f.tries) > 0 || Refused(err) || !strings.Contains(err.Error(), "the sshd of a does not answer") {
			t.Errorf("%v, %v", f, err)
		}
		v.doors["10.0.0.2:2380"] = "blind"
		if f, err := p.ask(t.Context()); err == nil || len(f.tries) > 0 {
			t.Errorf("%v, %v", f, err)
		}
	})
}

// Evidence counts while it is young, and only when it was found after the console lost sight.
func TestOldEvidence(t *testing.T) {
	c := twoNodes()
	c.Nodes = append(c.Nodes, inventory.Node{Name: "c", Address: "10.0.0.3"})
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	was := func(seconds float64) time.Time { return ago(now, seconds) }
	mesh := func(node string) door { return doors(c, c.Nodes[map[string]int{"a": 0, "b": 1, "c": 2}[node]])[0] }
	ssh := func(node string) door {
		all := doors(c, c.Nodes[map[string]int{"a": 0, "b": 1, "c": 2}[node]])
		return all[len(all)-1]
	}
	found := func(at float64, tries ...attempt) answer[reachFacts] {
		return answer[reachFacts]{began: was(at), ended: was(at), since: was(at), fact: reachFacts{tries}}
	}
	host := func(err string, at, since float64) answer[hostFacts] {
		return answer[hostFacts]{began: was(at), ended: was(at), since: was(since), err: err}
	}
	open := func(d door, at float64) attempt { return attempt{door: d, at: was(at), reached: true} }
	silent := func(d door, at float64) attempt {
		return attempt{door: d, at: was(at), err: "did not answer within 1.2 s"}
	}
	for _, tt := range []struct {
		about     string
		b         answer[hostFacts]
		a         answer[reachFacts]
		notBefore float64 // seconds ago, 0 for none
		want      string  // of b
	}{
		{"reached before it was lost", host("silent", 1, 3), found(1, open(mesh("b"), 5), open(mesh("c"), 1)), 0, "unseen: nobody can be asked about it: a has not tried it since"},
		{"reached after it was lost", host("silent", 1, 3), found(1, open(mesh("b"), 2), open(mesh("c"), 1)), 0, "cut off"},
		{"reached when the console's look began", host("silent", 1, 3), found(1, open(mesh("b"), 3.05), open(mesh("c"), 1)), 0, "cut off"},
		{"ssh reached after it was lost", host("silent", 1, 3), found(1, open(ssh("b"), 2)), 0, "cut off"},
		{"ssh refuses the witness", host("silent", 1, 3), found(1, attempt{door: ssh("b"), at: was(2), refused: true}), 0, "ssh down"},
		{"ssh answers and lets nobody in", func() answer[hostFacts] { a := host("ssh login at b: no key fits", 1, 3); a.spoke = true; return a }(), answer[reachFacts]{}, 0, "ssh down"},
		{"silent for a witness that reaches c", host("silent", 1, 3), found(1, silent(mesh("b"), 2), open(mesh("c"), 1)), 0, "dead"},
		{"silent for a witness that reached c long ago", host("silent", 1, 60), found(1, silent(mesh("b"), 2), open(mesh("c"), 31)), 0, "unseen: a reaches no other node"},
		{"the witness has not answered for long", host("silent", 1, 60), found(31, silent(mesh("b"), 31), open(mesh("c"), 31)), 0, "unseen: nobody can be asked about it: a: what it found out is older"},
		{"its evidence is old", host("silent", 1, 60), found(1, open(mesh("b"), 31)), 0, "unseen: nobody can be asked"},
		{"the console's own look is old", host("silent", 31, 60), found(1, open(mesh("b"), 1)), 0, "unseen: the last look at it is older than 30 s"},
		{"asked again, and the host has not answered since", host("silent", 2, 3), found(1, open(mesh("b"), 1)), 1.5, "unseen: no answer since the question was asked again"},
		{"asked again, and the witness has not answered since", host("silent", 1, 3), found(2, open(mesh("b"), 2)), 1.5, "unseen: nobody can be asked"},
		{"never asked", answer[hostFacts]{}, found(1, open(mesh("b"), 1)), 0, "unseen: not asked yet"},
		{"it answers", host("", 1, 100), found(1, open(mesh("b"), 1)), 0, "up"},
		{"it answers, though not for the witness", host("", 1, 100), found(1, silent(mesh("b"), 1)), 0, "up"},
	} {
		t.Run(tt.about, func(t *testing.T) {
			r := newRaw()
			r.hosts["a"], r.hosts["b"], r.hosts["c"] = host("", 1, 100), tt.b, host("", 1, 100)
			r.reach["a"] = tt.a
			m := moment{now: now}
			if tt.notBefore > 0 {
				m.notBefore = was(tt.notBefore)
			}
			s := assemble(c, r, m, newMemory(c))
			n := s.Reach.Nodes[1]
			got := n.Verdict
			if why := n.Blind("verdict"); why != "" {
				got = "unseen: " + why
				if n.Verdict != "" || n.Why != "" {
					t.Errorf("unseen, and yet %q %q", n.Verdict, n.Why)
				}
			}
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// A way that was broken while one of its ends was down is not called broken when both are up again.
func TestBrokenWayIsForgotten(t *testing.T) {
	c := twoNodes()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for at, broken := range map[float64]bool{4: true, 6: false, 31: false} {
		r := newRaw()
		r.hosts["a"] = answer[hostFacts]{began: ago(now, 1), ended: now, since: ago(now, 100)}
		r.hosts["b"] = answer[hostFacts]{began: ago(now, 1), ended: now, since: ago(now, 5)}
		r.reach["a"] = answer[reachFacts]{began: ago(now, 1), ended: now, fact: reachFacts{[]attempt{{door: doors(c, c.Nodes[1])[0], at: ago(now, at), err: "silent"}}}}
		s := assemble(c, r, moment{now: now}, newMemory(c))
		if got := slices.ContainsFunc(s.Reach.Broken, func(l Link) bool { return l.From == "a" && l.To == "b" }); got != broken {
			t.Errorf("tried %g s ago, b is up for 5 s: broken %v", at, got)
		}
	}
}

func TestSickness(t *testing.T) {
	calm := sickness{}
	ill := sickness{silent: map[string]bool{"b": false}}
	worse := sickness{silent: map[string]bool{"b": true}}
	refusing := sickness{refusing: map[[2]string]bool{{"b", "etcd"}: true}}
	for _, tt := range []struct {
		now, before sickness
		want        bool
	}{{calm, calm, true}, {calm, worse, true}, {ill, worse, true}, {worse, ill, false}, {ill, calm, false}, {refusing, calm, false}, {refusing, refusing, true}} {
		if got := tt.now.within(tt.before); got != tt.want {
			t.Errorf("%v within %v: %v", tt.now, tt.before, got)
		}
	}
}

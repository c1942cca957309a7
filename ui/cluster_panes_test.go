package ui

import (
	"strings"
	"testing"
	"time"

	"recon/internal/stack"
	"recon/probes"
	"recon/probes/probestest"
)

// On 80 by 24 everything is reached by tab: the stack with all its rows, the findings with the rows that are well folded,
// and the changes. A row that is not well is never folded.
func TestTabReachesEverything(t *testing.T) {
	s := probestest.Stack()
	manyAtOnce(s)
	names := []string{" NetBox", " Web proxy", " PgBouncer", " HAProxy", " Keepalived", " PostgreSQL", " Patroni", " etcd", " Redis", " Sentinel", " Host"}
	atStack(t, 80, 24, probestest.Stack(), nil, func(d *desk) {
		d.shows(names...)
		d.wait(2 * time.Second)
		d.see(s)
		d.wait(6 * time.Second)
		d.see(s)
		d.shows(names...)
		d.shows("FINDINGS", "+1 more")
		d.hides("CHANGES")
		d.key("tab")
		d.shows("▶FINDINGS", "and 2 rows  ✓ PgBouncer, etcd", "jobs wait and nobody takes them")
		d.hides("\n PgBouncer")
		d.shows("\n NetBox", "\n Redis", "\n Host", "\n Keepalived")
		d.fits()
		d.key("down", "down", "enter")
		d.shows("nobody can read: the server closed the connection unexpectedly: this", "ended abnormally", "Why it holds", "service.reads.reachable")
		d.key("esc", "tab")
		d.shows("▶CHANGES", "and 2 rows", "09:41:09Z  Host        netbox-node-3   ✓ disk 42% → ! disk 91%")
		d.key("end")
		d.shows("above")
		d.hides("Host        netbox-node-3   ✓ disk 42% →")
		d.key("home", "down")
		d.shows("1 above, ")
		d.key("tab")
		d.shows(names...)
	})
}

// The cursor stays on its finding when a worse one comes, so that enter does not open another.
func TestTheCursorStaysOnItsFinding(t *testing.T) {
	s := probestest.Stack()
	s.NetBox.Members[2].Code = 502
	atStack(t, 120, 36, s, nil, func(d *desk) {
		d.key("tab")
		d.shows("test-netbox-5xx")
		worse := probestest.Stack()
		worse.NetBox.Members[2].Code = 502
		vipTwice(worse)
		d.see(worse)
		d.shows("test-vip-twice")
		d.key("enter")
		d.shows("NetBox answers with errors", "runbook test-netbox-5xx")
		d.key("esc", "up", "enter")
		d.shows("A floating address is held twice")
	})
}

// Without fresh answers nothing of the whole stack is green.
func TestAStaleStackIsNotGreen(t *testing.T) {
	for _, size := range sizes {
		atStack(t, size[0], size[1], probestest.Stack(), nil, func(d *desk) {
			d.shows("✓ reads", "★ master", "◆ db web")
			d.wait(11 * time.Second)
			above, _, _ := strings.Cut(d.text(), "CHANGES")
			for _, glyph := range []string{glyphGood, glyphLeader, glyphHolder} {
				if strings.Contains(above, glyph) {
					t.Errorf("something old is still green:\n%s", above)
				}
			}
		})
	}
}

// Nothing overflows at any size, whatever is wrong.
func TestTheStackFitsEverywhere(t *testing.T) {
	for name, change := range stackScenes() {
		s := probestest.Stack()
		change(s)
		atStack(t, 120, 36, s, nil, func(d *desk) {
			for _, keys := range [][]string{{}, {"tab"}, {"tab"}, {"tab", "enter"}} {
				d.key(keys...)
				for w := 40; w <= 200; w += 20 {
					for h := 10; h <= 60; h += 7 {
						d.send(sized([2]int{w, h}))
						if w < minWidth || h < minHeight {
							d.shows("recon needs")
							continue
						}
						d.fits()
						if len(keys) == 0 && !strings.Contains(d.text(), " Host") {
							t.Fatalf("%s: no row of the hosts on %dx%d:\n%s", name, w, h, d.text())
						}
					}
				}
				d.send(sized([2]int{120, 36}))
			}
		})
	}
}

// Evidence says of every field why it is not known, who the witnesses are, whether the systems agree, and how the number
// went.
func TestEvidenceOfTheStack(t *testing.T) {
	at := func(row, column int, s *probes.State, shows ...string) {
		t.Helper()
		atStack(t, 200, 60, probestest.Stack(), nil, func(d *desk) {
			d.wait(6 * time.Second)
			d.see(s)
			d.wait(6 * time.Second)
			d.see(s)
			for range row {
				d.key("down")
			}
			for range column {
				d.key("right")
			}
			d.key("enter")
			d.shows(shows...)
		})
	}
	s := probestest.Stack()
	hostDead(s)
	at(12, 1, s, "Host on netbox-node-2", "How it is reached", "dead: neither the console nor", "netbox-node-1 to ssh :22", "? no answer within 2 s, 3.0s ago", "✓ disk 42% → ✗ dead", "! test-host-dead")
	s = probestest.Stack()
	vipTwice(s)
	at(1, 0, s, "The address db", "it is not so: every floating address is on exactly one node", "test-vip-twice")
	s = probestest.Stack()
	s.HAProxy.Members[0].Write.Sessions = 7
	s.HAProxy.Members[0].Backends[0].Sessions = 7
	at(5, 0, s, "HAProxy on netbox-node-1", "The last ten minutes", "sessions", "7  (7 to 7)", "write                      pg_bkwrite", "pg_bkread  status UP", "  netbox-node-3  node netbox-node-3  status UP  up true  check L7OK")
	s = probestest.Stack()
	s.Service.Login.Seen = probestest.Silent(s.Service.Login.Seen, 5*time.Second)
	at(0, 2, s, "What users feel: login", "through ", "did not answer within 3 s", "✓ login → ✗ login fails", "test-netbox-5xx")
	at(3, 0, s, "Web proxy on netbox-node-1", "the key file is not readable for the ssh user")
}

// Beside a walk stand the systems that its book names.
func TestTheStripOfTheWholeStack(t *testing.T) {
	s := probestest.Stack()
	redisMasterDead(s)
	text := strings.Join(liveLines(&Theme{}, stack.Sight{State: s}, []string{"redis", "sentinel", "netbox"}, 50), "\n")
	for _, want := range []string{"✗ refused  4.0s", "✗ link down  4.0s", "! master s_down", "✓ 4.4.1  3 workers", "◆ netbox-node-3", "redis-server failed"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not among\n%s", want, text)
		}
	}
	if strings.Contains(text, "haproxy") || strings.Contains(text, "etcd") {
		t.Errorf("systems that the book does not name:\n%s", text)
	}
}

//go:build lab

package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestRecovery is the main job, on real servers, in the order in which it happens to people.
func TestRecovery(t *testing.T) {
	// From the snapshot, so that nothing of an earlier run is in the way.
	labRun(t, "down")
	began := time.Now()
	labRun(t, "up")
	t.Logf("lab up: %s", time.Since(began).Round(time.Second))
	for _, s := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"healthy screens", healthyScreens},
		{"the leader is killed", leaderKilled},
		{"the old leader diverged", diverged},
		{"a planned switchover, its console killed in the middle", switchover},
		{"etcd loses its quorum", quorumLost},
		{"the leader's host loses power", powerOff},
		{"the trail", trail},
	} {
		if !t.Run(s.name, s.run) {
			t.FailNow() // what follows rests on it
		}
	}
}

func console(t *testing.T, width, height int) *screen {
	t.Helper()
	return open(t, width, height, binary, "lab", "--dir", labDir(), "exec", "console", "--", "recon")
}

func healthyScreens(t *testing.T) {
	healthy(t)
	for _, size := range [][2]int{{80, 24}, {120, 36}} {
		s := console(t, size[0], size[1])
		text := s.shows(30*time.Second, "TRAINING", "netbox-lab", "leader", "streaming", "etcd")
		for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
			if n := len([]rune(line)); n > size[0] {
				t.Errorf("a line of %d cells at %d columns: %q", n, size[0], line)
			}
		}
		s.typed("q")
		if code := s.dead(15 * time.Second); code != "0" {
			t.Errorf("the console ended with %s", code)
		}
	}
}

func leaderKilled(t *testing.T) {
	before := healthy(t)
	old := before.Patroni.Leader.Name
	s := console(t, 120, 36)
	s.shows(30*time.Second, "leader", "streaming")
	killed := time.Now()
	labRun(t, "break", "kill-leader")
	// The fault is injected some time before `break` has returned: what is measured here is at most too long.
	s.shows(60*time.Second, "patroni-leader-crash")
	t.Logf("from the kill to the finding on the screen: at most %s", time.Since(killed).Round(100*time.Millisecond))
	s.typed("q")
	s.dead(15 * time.Second)

	w := walkPlain(t, map[string]string{"keep": "nothing to keep"}, "patroni-leader-crash", "--input", "member="+old)
	w.walk()
	if code := w.dead(10 * time.Second); code != "0" {
		t.Fatalf("the walk ended with %s:\n%s", code, w.history())
	}
	if !strings.Contains(w.history(), "The walk is completed") {
		t.Fatalf("the walk did not complete:\n%s", w.history())
	}
	after := healthy(t)
	if after.Patroni.Leader.Name == old {
		t.Errorf("%s leads again; a new leader was expected", old)
	}
	for _, m := range after.Patroni.Members {
		if m.Name == old && m.State != "streaming" {
			t.Errorf("the old leader is %s", m.State)
		}
	}
}

func diverged(t *testing.T) {
	before := healthy(t)
	old := before.Patroni.Leader.Name
	labRun(t, "break", "diverge-old-leader")
	s := console(t, 120, 36)
	s.shows(90*time.Second, "patroni-rejoin-old-leader")
	s.typed("q")
	s.dead(15 * time.Second)
	w := walkPlain(t, map[string]string{"keep": "keep a full copy"}, "patroni-rejoin-old-leader", "--input", "member="+old)
	w.walk()
	if code := w.dead(10 * time.Second); code != "0" || !strings.Contains(w.history(), "The walk is completed") {
		t.Fatalf("the walk ended with %s:\n%s", code, w.history())
	}
	after := healthy(t)
	for _, m := range after.Patroni.Members {
		if m.Name == old && (m.Timeline == nil || *m.Timeline != *after.Patroni.Leader.Timeline) {
			t.Errorf("%s is not on the leader's timeline", old)
		}
	}
}

func switchover(t *testing.T) {
	before := healthy(t)
	old, candidate := before.Patroni.Leader.Name, before.Patroni.SyncStandbys[0]
	w := walkPlain(t, nil, "patroni-switchover", "--input", "leader="+old, "--input", "candidate="+candidate)
	killed := false
	// The change is confirmed, and the console dies before anybody can say what became of it.
	w.before = func(line string) bool {
		if !strings.HasPrefix(line, "CHANGE on") || !strings.Contains(w.history(), "POST /switchover") || killed {
			return false
		}
		w.typed("y")
		w.keys("Enter")
		killed = true
		eventually(t, 30*time.Second, "intent in the trail", func() error {
			out, _ := onConsole(t, "recon", "audit", "show")
			if strings.Count(out, " intent ") == 0 || !strings.Contains(out, "/switchover") {
				return errText(out)
			}
			return nil
		})
		onConsole(t, "pkill", "-KILL", "-x", "recon")
		return true
	}
	w.walk()
	if !killed {
		t.Fatalf("the walk never came to the switchover:\n%s", w.history())
	}
	w.dead(15 * time.Second)

	out, _ := onConsole(t, "recon", "audit", "list")
	if !strings.Contains(out, "interrupted") {
		t.Errorf("the killed walk is not listed as interrupted:\n%s", out)
	}
	w = walkPlain(t, nil, "--resume", "patroni-switchover")
	w.walk()
	if code := w.dead(10 * time.Second); code != "0" || !strings.Contains(w.history(), "The walk is completed") {
		t.Fatalf("the resumed walk ended with %s:\n%s", code, w.history())
	}
	after := healthy(t)
	if after.Patroni.Leader.Name != candidate {
		t.Errorf("%s leads, not the candidate %s (before: %s)", after.Patroni.Leader.Name, candidate, old)
	}
}

type errText string

func (e errText) Error() string { return string(e) }

func quorumLost(t *testing.T) {
	healthy(t)
	labRun(t, "break", "etcd-quorum")
	eventually(t, 60*time.Second, "State without quorum and leader", func() error {
		s := state(t)
		if s.Etcd.Quorum == nil || *s.Etcd.Quorum || s.Patroni.Leader != nil {
			return errText("quorum or leader still seen")
		}
		return nil
	})
	s := state(t)
	listed := false
	for _, m := range s.Patroni.Members {
		listed = listed || m.ListedRole == "leader"
		if m.Role == "leader" {
			t.Errorf("%s is called leader although its /primary is not 200", m.Name)
		}
	}
	// That /cluster goes on naming a leader is what makes this case: it is a fact of Patroni, not of ours.
	t.Logf("/cluster still lists a leader: %v", listed)
	labRun(t, "mend")
	healthy(t)
}

func powerOff(t *testing.T) {
	before := healthy(t)
	old := before.Patroni.Leader.Name
	labRun(t, "break", "power-off-leader")
	s := console(t, 80, 24)
	// At 80 columns the finding is there in words; the name of its book is behind Enter.
	s.shows(60*time.Second, "✗ 1", "silent")
	s.typed("q")
	s.dead(15 * time.Second)
	now := state(t)
	for _, m := range now.Patroni.Members {
		if m.Name == old && m.Reachable {
			t.Errorf("%s is without power and called reachable", old)
		}
	}
	labRun(t, "mend")
	healthy(t)
}

var trailPath = regexp.MustCompile(`(/\S+\.jsonl)`)

func trail(t *testing.T) {
	out, code := onConsole(t, "recon", "audit", "verify")
	if code != 0 {
		t.Fatalf("verify of untouched trails: %d\n%s", code, out)
	}
	list, _ := onConsole(t, "recon", "audit", "list")
	path := trailPath.FindString(list)
	if path == "" {
		t.Fatalf("no trail in the list:\n%s", list)
	}
	report, code := onConsole(t, "recon", "audit", "report", path)
	if code != 0 || !strings.Contains(report, "switchover") {
		t.Errorf("report: %d\n%s", code, report)
	}
	// One byte of the second record.
	onConsole(t, "sh", "-c", "cp "+path+" "+path+".kept && sed -i '2s/\"seq\"/\"sfq\"/' "+path)
	if out, code := onConsole(t, "recon", "audit", "verify", path); code != 3 {
		t.Errorf("verify after a byte was changed: %d\n%s", code, out)
	}
	onConsole(t, "mv", path+".kept", path)
	if out, code := onConsole(t, "recon", "audit", "verify", path); code != 0 {
		t.Errorf("verify of the restored trail: %d\n%s", code, out)
	}
}

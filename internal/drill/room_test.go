package drill

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recon/internal/gate"
	"recon/probes"
	"recon/probes/probestest"
	"recon/runbooks"
)

const quorumDrill = `---
format: 1
id: quorum
title: 'Page: nothing can be saved'
kind: drill
severity: 1
systems: [etcd]
faults: [etcd-quorum]
book: etcd-quorum-lost
time: 4m
loses:
  - 'patroni.paused     # Patroni was paused'
  - '!etcd.quorum       # this one held from the beginning'
---

# Page: nothing can be saved

It is late.

` + "## Goal\n\n```check\netcd.quorum      # a majority\n```\n"

// staged is a cluster of two states, with the eyes that see them.
type staged struct {
	*probestest.Eyes
	sick   bool
	refuse error
}

func (s *staged) set(st *probes.State) { s.Set(st) }

func (s *staged) Break(context.Context, string) (string, error) {
	if s.refuse != nil {
		return "", s.refuse
	}
	s.set(probestest.QuorumLost())
	return "killed two members", nil
}
func (s *staged) Settled() bool { return true }
func (s *staged) Mend(context.Context) error {
	s.sick = false
	s.set(probestest.Healthy())
	return nil
}

func (s *staged) Healthy(context.Context) string {
	return map[bool]string{true: "etcd has no leader"}[s.sick]
}
func (s *staged) Lost() (int, bool) { return 0, false }

func newRoom(t *testing.T) (*Room, *staged) {
	t.Helper()
	scope := probes.Scope(probestest.Inventory())
	shipped, err := runbooks.Load(scope)
	if err != nil {
		t.Fatal(err)
	}
	d, problems := runbooks.Parse("quorum.md", []byte(quorumDrill), scope)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	s := &staged{Eyes: probestest.Static(probestest.QuorumLost()), sick: true}
	r := NewRoom(Config{
		Library: func() (*runbooks.Library, error) {
			return &runbooks.Library{Books: shipped.Books, Drills: []*runbooks.Runbook{d}, Guards: shipped.Guards}, nil
		},
		Cluster: s, Name: "training", Trails: filepath.Join(t.TempDir(), "trails"), Eyes: s, Records: filepath.Join(t.TempDir(), "drills.json"),
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	t.Cleanup(r.Close)
	return r, s
}

// until waits for a view that is as the test wants it.
func until(t *testing.T, r *Room, want func(View) bool) View {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var last View
	found := false
	r.Subscribe(ctx, func(v View) {
		if last = v; want(v) {
			found = true
			cancel()
		}
	})
	if !found {
		t.Fatalf("the session does not get there: %+v", last)
	}
	return last
}

func in(p Phase) func(View) bool { return func(v View) bool { return v.Phase == p } }

func TestARoom(t *testing.T) {
	r, cluster := newRoom(t)
	for _, err := range []error{r.Hint(), r.GiveUp()} {
		if !errors.Is(err, ErrNoDrill) {
			t.Errorf("without a session: %v", err)
		}
	}
	if all, err := r.Drills(); err != nil || len(all) != 1 || all[0].ID != "quorum" || all[0].Book != "etcd-quorum-lost" || all[0].Best != nil {
		t.Errorf("the list: %+v, %v", all, err)
	}
	if err := r.Start("quorm"); err == nil || !strings.Contains(err.Error(), "there are: quorum") {
		t.Errorf("a mistyped drill: %v", err)
	}
	if err := r.Start("quorum"); err != nil {
		t.Fatal(err)
	}
	// A sick cluster is mended first; then it is broken, and the clock runs.
	v := until(t, r, in(Running))
	if v.Story != "It is late." || v.Of != 0 || len(v.Goal) != 1 || v.Goal[0].Answer != gate.Fail {
		t.Errorf("the beginning: %+v", v)
	}
	if err := r.Hint(); !errors.Is(err, ErrNoHint) {
		t.Errorf("a drill without hints: %v", err)
	}
	if err := r.Start("quorum"); !errors.Is(err, ErrUnderWay) {
		t.Errorf("a second drill: %v", err)
	}
	paused := probestest.QuorumLost()
	yes := true
	paused.Patroni.Paused = &yes
	paused.Patroni.Unseen = ""
	cluster.set(paused)
	cluster.set(probestest.Healthy())
	v = until(t, r, in(Recovered))
	until(t, r, func(v View) bool { return v.Debrief != nil })
	if v, _ = r.View(); !v.Debrief.Won || v.Debrief.Commits != -1 {
		t.Errorf("the debrief: %+v", v.Debrief)
	}
	for _, l := range v.Debrief.Losses {
		if strings.Contains(l, "from the beginning") {
			t.Errorf("it counts what held when the clock started: %v", v.Debrief.Losses)
		}
	}
	if all, err := r.Drills(); err != nil || all[0].Best == nil {
		t.Errorf("no best time: %+v, %v", all, err)
	}
	// The next one begins on the same cluster.
	if err := r.Start("quorum"); err != nil {
		t.Fatal(err)
	}
	until(t, r, in(Running))
	if err := r.GiveUp(); err != nil {
		t.Fatal(err)
	}
	until(t, r, func(v View) bool { return v.Phase == GivenUp && v.Debrief != nil })
}

// The cluster that recovers in the moment in which the clock starts says so once, and never again.
func TestRecoveredAtOnce(t *testing.T) {
	r, cluster := newRoom(t)
	lib, err := r.cfg.Library()
	if err != nil {
		t.Fatal(err)
	}
	var s *Session
	s, err = newSession(r.cfg, lib, lib.Drills[0], func(v View) {
		endsWhole(t, v)
		if v.Phase == Running && s.View().Goal[0].Answer != gate.Pass {
			cluster.set(probestest.Healthy())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Run(ctx); err != nil || s.View().Phase != Recovered {
		t.Errorf("%v: %+v", err, s.View())
	}
}

func TestAFaultThatIsRefused(t *testing.T) {
	r, cluster := newRoom(t)
	cluster.refuse = errors.New("no host is as this fault wants it")
	if err := r.Start("quorum"); err != nil {
		t.Fatal(err)
	}
	if v := until(t, r, in(Failed)); !strings.Contains(v.Doing, "etcd-quorum: no host") || v.Debrief != nil {
		t.Errorf("%+v", v)
	}
}

func TestARoomWithoutACluster(t *testing.T) {
	r, _ := newRoom(t)
	r.cfg.Cluster = nil
	if err := r.Start("quorum"); !errors.Is(err, ErrNoCluster) {
		t.Errorf("%v", err)
	}
	if all, err := r.Drills(); err != nil || len(all) != 1 {
		t.Errorf("the list: %+v, %v", all, err)
	}
}

package probes

import (
	"testing"
	"time"

	"recon/internal/inventory"
)

func TestElectionsAndMovesAreCounted(t *testing.T) {
	mem := newMemory(&inventory.Cluster{})
	began := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	look := func(minute float64, term uint64, holder string, unseen string) (int, int) {
		s := &State{
			At: began.Add(time.Duration(minute * float64(time.Minute))), Etcd: Etcd{Members: []EtcdMember{}, Term: &term, Unseen: unseen},
			VIPs: map[string]VIP{"db": {Name: "db", Holder: &holder, Unseen: unseen}},
		}
		if holder == "" {
			s.VIPs["db"] = VIP{Name: "db"}
		}
		mem.counted(s)
		mem = mem.after(s)
		return *s.Etcd.Elections, s.VIPs["db"].Moves
	}
	for i, c := range []struct {
		minute           float64
		term             uint64
		holder, unseen   string
		elections, moves int
	}{
		{0, 7, "a", "", 0, 0}, // what was before the first look is not known
		{1, 7, "a", "", 0, 0},
		{2, 8, "b", "", 1, 1},
		{3, 11, "a", "", 2, 2},
		{4, 99, "c", "did not answer", 2, 2},
		{5, 11, "", "", 2, 2}, // nobody holds it: it has not moved yet
		{6, 10, "a", "", 2, 2},
		{12.5, 11, "a", "", 1, 1}, // what is older than ten minutes counts no more
		{14, 11, "b", "", 0, 1},
	} {
		if e, m := look(c.minute, c.term, c.holder, c.unseen); e != c.elections || m != c.moves {
			t.Errorf("look %d: %d elections and %d moves, expected %d and %d", i, e, m, c.elections, c.moves)
		}
	}
}

package probes

import (
	"math"
	"testing"
	"time"
)

// filling lets a disk be seen every two seconds; used says how many bytes are used after so many seconds.
func filling(seconds int, size int64, used func(s int) int64) (map[diskKey][]sample, Disk) {
	begin := time.Unix(1000, 0)
	var history map[diskKey][]sample
	var d Disk
	for s := 0; s <= seconds; s += 2 {
		d = Disk{Mount: "/data", Path: "/data/pg", Bytes: size, Free: size - used(s)}
		n := Node{Name: "a", Seen: Seen{Reachable: true, Began: begin.Add(time.Duration(s) * time.Second)}, Disks: []Disk{d, d}}
		history = sampled(history, []Node{n})
	}
	return history, d
}

func TestDiskGrowth(t *testing.T) {
	const mib = 1 << 20
	for name, tc := range map[string]struct {
		seconds int
		used    func(s int) int64
		growth  float64 // NaN for one that is not known
		full    float64 // NaN for a disk that does not fill
	}{
		"fills by 1 MiB/s":       {120, func(s int) int64 { return int64(s) * mib }, mib, (1000 - 120)},
		"too short a time":       {50, func(s int) int64 { return int64(s) * mib }, math.NaN(), math.NaN()},
		"does not move":          {120, func(int) int64 { return 5 * mib }, 0, math.NaN()},
		"empties":                {120, func(s int) int64 { return 500*mib - int64(s)*mib }, -mib, math.NaN()},
		"breathes":               {120, func(s int) int64 { return 5*mib + int64(s)*1000 }, 1000, math.NaN()},
		"only the last 10 min":   {1200, func(s int) int64 { return int64(min(s, 500)) * mib }, 0, math.NaN()},
		"fills and is full soon": {100, func(s int) int64 { return 1000*mib - int64(101-s)*mib }, mib, 1},
	} {
		history, d := filling(tc.seconds, 1000*mib, tc.used)
		got := grown("a", []Disk{d}, history)[0]
		if (got.Growth == nil) != math.IsNaN(tc.growth) || got.Growth != nil && math.Abs(*got.Growth-tc.growth) > 1 {
			t.Errorf("%s: growth %v, want %v", name, value(got.Growth), tc.growth)
		}
		if (got.FullIn == nil) != math.IsNaN(tc.full) || got.FullIn != nil && math.Abs(*got.FullIn-tc.full) > 1 {
			t.Errorf("%s: full in %v, want %v", name, value(got.FullIn), tc.full)
		}
		if n := len(history[diskKey{"a", "/data"}]); n > 121 {
			t.Errorf("%s: %d samples are kept", name, n)
		}
	}
}

func TestDiskGrowthBeginsAnewWithAnotherSize(t *testing.T) {
	history, d := filling(120, 1<<30, func(s int) int64 { return int64(s) << 20 })
	n := Node{Name: "a", Seen: Seen{Reachable: true, Began: time.Unix(2000, 0)}, Disks: []Disk{{Mount: "/data", Bytes: 2 << 30, Free: d.Free}}}
	after := sampled(history, []Node{n})
	if got := after[diskKey{"a", "/data"}]; len(got) != 1 {
		t.Errorf("%d samples of a file system that was made larger", len(got))
	}
	if len(history[diskKey{"a", "/data"}]) < 10 {
		t.Error("the earlier memory was changed")
	}
	silent := Node{Name: "a", Seen: Seen{Began: time.Unix(3000, 0), Error: "did not answer"}, Disks: n.Disks}
	if got := sampled(after, []Node{silent}); len(got[diskKey{"a", "/data"}]) != 1 {
		t.Error("a host that did not answer gave a sample")
	}
}

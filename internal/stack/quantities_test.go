package stack_test

import (
	"testing"
	"time"

	"recon/internal/stack"
	"recon/probes/probestest"
)

func TestQuantities(t *testing.T) {
	for seconds, want := range map[float64]string{-1: "0s", 0.62: "0.6s", 42: "42s", 130: "2m10s", 3*3600 + 240: "3h04m", 5 * 86400: "5d"} {
		if got := stack.Short(seconds); got != want {
			t.Errorf("%v s: %q, want %q", seconds, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 812: "812 B", 16000: "16 kB", 24_100_000: "24 MB", 1_200_000_000: "1.2 GB", 55_000_000_000: "55 GB", -16000: "-16 kB"} {
		if got := stack.Size(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestReadings(t *testing.T) {
	for want, got := range map[string]string{
		"20 ms": stack.Seconds.Say(0.02), "12s": stack.Seconds.Say(12), "16 kB": stack.Bytes.Say(16000), "42%": stack.Percent.Say(42.2), "0.4": stack.Count.Say(0.42), "7": stack.Count.Say(7),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	s := probestest.Stack()
	s.PgBouncer.Members[0].Waiting = 4
	s.PgBouncer.Members[1].Unread["waiting"] = "SHOW POOLS is not allowed"
	s.Redis.Members[2].Seen = probestest.RefusedBy(s.Redis.Members[2].Seen, time.Second)
	at := stack.Sight{State: s}
	if got := at.Readings("pgbouncer"); len(got["netbox-node-1"]) != 3 || got["netbox-node-1"][2] != (stack.Reading{Name: "clients waiting", Value: 4}) || len(got["netbox-node-2"]) != 2 {
		t.Errorf("%+v", got)
	}
	if got := at.Readings("redis"); len(got) != 2 {
		t.Errorf("one that refuses has numbers: %+v", got)
	}
	if got := (stack.Sight{State: s, Late: 11}).Readings("etcd"); len(got) != 0 {
		t.Errorf("old numbers: %+v", got)
	}
}

// What has no room is shortened, a word before its number; what is not good never loses its word.
func TestCellText(t *testing.T) {
	good := stack.Cell{Glyph: "✓", Word: "follower", Number: "98 kB", Tone: stack.Good}
	sick := stack.Cell{Glyph: "✗", Word: "refused", Number: "16s", Tone: stack.Bad}
	for _, tt := range []struct {
		cell  stack.Cell
		width int
		want  string
	}{
		{good, 40, "✓ follower  98 kB"},
		{good, 17, "✓ follower  98 kB"},
		{good, 16, "✓ 98 kB"},
		{good, 5, "✓ fo…"},
		{sick, 14, "✗ refused  16s"},
		{sick, 13, "✗ refused"},
		{sick, 8, "✗ refus…"},
		{stack.Cell{Glyph: "!", Word: "disk 91%", Number: "full in 5h04m", Brief: "full in 5h04m", Tone: stack.Warn}, 18, "! full in 5h04m"},
		{stack.Cell{}, 10, ""},
		{sick, 0, ""},
	} {
		if got := tt.cell.Text(tt.width); got != tt.want {
			t.Errorf("%q in %d: %q, want %q", tt.cell.Say(), tt.width, got, tt.want)
		}
	}
}

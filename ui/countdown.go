package ui

import (
	"fmt"
	"time"

	"recon/probes"
)

// countdown is until when to keep hands off, for the first line of the cluster screen; empty when nobody is about to act
// and nothing hinders them.
func countdown(s *probes.State, now time.Time, show func(time.Time) string) (string, tone) {
	h := s.HandsOff
	switch {
	case h.Blind("active") != "":
		return "", plain
	case !h.Active:
		return h.Why, warn
	}
	who := map[string]string{"patroni": "Patroni", "sentinel": "Sentinel"}[h.By]
	by := s.At.Add(time.Duration((h.Left - h.Overdue) * float64(time.Second)))
	if left := by.Sub(now); left >= 0 {
		return fmt.Sprintf("%s decides by %s, in %s: hands off", who, show(by), lasting(left)), warn
	}
	return fmt.Sprintf("%s should have decided by %s, %s ago", who, show(by), lasting(now.Sub(by))), bad
}

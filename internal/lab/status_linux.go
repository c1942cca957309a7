package lab

import (
	"context"
	"strings"
	"time"
)

// Status reads what runs; it takes no lock and changes nothing.
func (l *Lab) Status(ctx context.Context) (Status, error) {
	s := Status{Dir: l.dir, State: Down, Hosts: make([]HostStatus, len(plan()))}
	r, found := l.readRecord()
	s.Bare, s.Since, s.Faults = r.Bare, r.Since, r.Faults
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	index := map[string]int{}
	for i, h := range plan() {
		index[h.name] = i
	}
	err := l.each(plan(), func(g guest) error {
		_, leader, up := g.pids()
		h := HostStatus{Name: g.name, Address: g.address, Up: up, PID: leader}
		if up {
			h.Units = g.unitStates(ctx)
		}
		s.Hosts[index[g.name]] = h
		return nil
	})
	up := 0
	for _, h := range s.Hosts {
		if h.Up {
			up++
		}
	}
	switch {
	case found && r.Phase != "up":
		s.State = Unfinished
	case found && up == len(s.Hosts):
		s.State = Running
	case found:
		s.State = Partial
	}
	return s, err
}

// unitStates asks systemd: masked and not running is "masked", else the active state. A guest that does not answer says
// nothing about its units.
func (g guest) unitStates(ctx context.Context) map[string]string {
	args := append([]string{"systemctl", "show", "--property=Id,ActiveState,LoadState"}, g.units...)
	out, err := g.run(ctx, args...)
	if err != nil {
		return nil
	}
	return parseUnits(out)
}

func parseUnits(show string) map[string]string {
	units := map[string]string{}
	for block := range strings.SplitSeq(strings.TrimSpace(show), "\n\n") {
		v := map[string]string{}
		for line := range strings.Lines(block) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			v[key] = value
		}
		state := v["ActiveState"]
		if state == "inactive" && v["LoadState"] != "loaded" {
			state = v["LoadState"] // masked, not-found
		}
		units[strings.TrimSuffix(v["Id"], ".service")] = state
	}
	return units
}

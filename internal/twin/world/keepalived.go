package world

import (
	"errors"
	"slices"
	"time"
)

// The unit and file of keepalived.
const (
	KeepalivedUnit = "keepalived"
	KeepalivedFile = "/etc/keepalived/keepalived.conf"
)

// The times of VRRP: how often a master speaks, and how long after it began it announces its address again.
const (
	advert    = time.Second
	garpDelay = 5 * time.Second
	// garpRefresh is the role's garp_master_refresh.
	garpRefresh = time.Minute
)

// Keepalived is one VRRP speaker.
type Keepalived struct {
	Running   bool
	Started   time.Time
	Instances []*VRRP
	// Scripts are the checks by name.
	Scripts map[string]*Script
	// order are their names as the file has them.
	order []string
}

// VRRP is one instance: one floating address.
type VRRP struct {
	Name, VIP string
	Router    int
	Priority  int
	Auth      string
	Tracks    []string
	// Peers are the addresses that it speaks to; empty is everybody.
	Peers []string
	// State is MASTER or BACKUP; Since when. Effective is the priority with the weights of failed checks.
	State     string
	Since     time.Time
	Effective int
	// down is when it takes the address unless a master is heard; speaks is when it speaks next as one; garp is when it
	// announces the address again.
	down, speaks, garp time.Time
}

// Script is a tracked check.
type Script struct {
	Name, Command string
	Interval      time.Duration
	Weight        int
	Fall, Rise    int
	// Good is the verdict, which the first run gives and later ones change after Fall or Rise in a row.
	Good   bool
	known  bool
	code   int
	streak int
	next   time.Time
}

// downAfter is how long an instance waits for a master: three advertisements and, the lower its priority, up to one more.
func (v *VRRP) downAfter() time.Duration { return 3*advert + v.skew() }

func (v *VRRP) skew() time.Duration { return time.Duration(256-v.Effective) * advert / 256 }

func (k *Keepalived) start(h *Host) error {
	c := readKeepalived(h.text(KeepalivedFile))
	if len(c.instances) == 0 {
		return errors.New("(Line 1) no vrrp_instance; exiting")
	}
	now := h.world.now
	h.Log(KeepalivedUnit, 6, "Starting Keepalived v2.3.3 (03/30,2025)")
	h.Log(KeepalivedUnit, 6, "Command line: '/usr/sbin/keepalived' '--dont-fork'")
	h.Log(KeepalivedUnit, 6, "Configuration file %s", KeepalivedFile)
	for _, p := range c.problems {
		h.Log(KeepalivedUnit, 6, "%s", p)
	}
	*k = Keepalived{Running: true, Started: now, Instances: c.instances, Scripts: c.scripts, order: c.order}
	for _, v := range k.Instances {
		// What one that was killed left on the interface is taken away.
		h.VIPs = slices.DeleteFunc(h.VIPs, func(a string) bool { return a == v.VIP })
		v.begin(h)
	}
	h.Log(KeepalivedUnit, 6, "Startup complete")
	return nil
}

// begin lets an instance wait for a master, as every one does first.
func (v *VRRP) begin(h *Host) {
	v.State, v.Since, v.Effective = "BACKUP", h.world.now, v.Priority
	v.down = h.world.now.Add(v.downAfter())
	h.Log(KeepalivedUnit, 6, "(%s) Entering BACKUP STATE (init)", v.Name)
}

// stop says goodbye: a backup takes the address without waiting for silence.
func (k *Keepalived) stop(h *Host) {
	h.Log(KeepalivedUnit, 6, "Stopping")
	for _, v := range k.Instances {
		if v.State == "MASTER" {
			h.drop(v)
			h.world.send(h, v, 0)
		}
	}
	h.Log(KeepalivedUnit, 6, "Stopped Keepalived v2.3.3 (03/30,2025)")
	k.Running = false
}

// crash leaves the addresses on the interface and says nothing.
func (k *Keepalived) crash(*Host) { k.Running = false }

func (k *Keepalived) reload(h *Host) error {
	c := readKeepalived(h.text(KeepalivedFile))
	if len(c.instances) == 0 {
		return errors.New("(Line 1) no vrrp_instance; the old configuration stays")
	}
	h.Log(KeepalivedUnit, 6, "Reloading")
	for _, p := range c.problems {
		h.Log(KeepalivedUnit, 6, "%s", p)
	}
	for _, s := range c.scripts {
		if was := k.Scripts[s.Name]; was != nil {
			s.Good, s.known, s.code = was.Good, was.known, was.code
		}
	}
	for _, v := range k.Instances {
		if v.State == "MASTER" {
			h.drop(v)
		}
	}
	k.Instances, k.Scripts, k.order = c.instances, c.scripts, c.order
	for _, v := range k.Instances {
		v.begin(h)
		v.Effective = k.effective(v)
		v.down = h.world.now.Add(v.downAfter())
	}
	h.Log(KeepalivedUnit, 6, "Reload finished")
	return nil
}

// effective is an instance's priority with the weights of its checks.
func (k *Keepalived) effective(v *VRRP) int {
	p := v.Priority
	for _, name := range v.Tracks {
		s := k.Scripts[name]
		if s != nil && (s.Weight < 0 && !s.Good || s.Weight > 0 && s.Good) {
			p += s.Weight
		}
	}
	return min(max(p, 1), 254)
}

// drop takes the address off the interface.
func (h *Host) drop(v *VRRP) {
	v.State, v.Since = "BACKUP", h.world.now
	h.VIPs = slices.DeleteFunc(h.VIPs, func(a string) bool { return a == v.VIP })
}

// yield gives the address to a better master.
func (h *Host) yield(v *VRRP) {
	h.drop(v)
	v.down = h.world.now.Add(v.downAfter())
	h.Log(KeepalivedUnit, 6, "(%s) Entering BACKUP STATE", v.Name)
}

// take puts the address on the interface and tells everybody; a lower master hears it at once.
func (h *Host) take(v *VRRP) {
	now := h.world.now
	v.State, v.Since, v.speaks, v.garp = "MASTER", now, now.Add(advert), now.Add(garpDelay)
	if !slices.Contains(h.VIPs, v.VIP) {
		h.VIPs = append(h.VIPs, v.VIP)
	}
	h.Announced[v.VIP] = now
	h.Log(KeepalivedUnit, 6, "(%s) Entering MASTER STATE", v.Name)
	h.world.send(h, v, v.Effective)
}

package world

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (w *World) tickKeepalived() {
	for _, h := range w.Nodes() {
		k := h.Keepalived
		if k == nil || !k.Running || !h.Up() {
			continue
		}
		for _, name := range k.order {
			w.runScript(h, k.Scripts[name])
		}
	}
	for _, h := range w.Nodes() {
		k := h.Keepalived
		if k == nil || !k.Running || !h.Up() {
			continue
		}
		for _, v := range k.Instances {
			switch {
			case v.State == "MASTER" && !w.now.Before(v.speaks):
				v.speaks = w.now.Add(advert)
				w.send(h, v, v.Effective)
			case v.State == "BACKUP" && !w.now.Before(v.down):
				h.take(v)
			}
			if v.State == "MASTER" && !w.now.Before(v.garp) {
				h.Announced[v.VIP], v.garp = w.now, w.now.Add(garpRefresh)
			}
		}
	}
}

// send is one advertisement to every other speaker; priority 0 says goodbye.
func (w *World) send(h *Host, v *VRRP, priority int) {
	if h.DropVRRP {
		return
	}
	for _, o := range w.Nodes() {
		if o == h || o.DropVRRP || !w.Reaches(h.Name, o.Name) || len(v.Peers) > 0 && !slices.Contains(v.Peers, o.IP) {
			continue
		}
		if peer := o.instance(v.Router); peer != nil {
			w.receive(o, peer, h, v, priority)
		}
	}
}

// instance is the host's speaker for an address, nil when none runs.
func (h *Host) instance(router int) *VRRP {
	if h.Keepalived == nil || !h.Keepalived.Running || !h.Up() {
		return nil
	}
	for _, v := range h.Keepalived.Instances {
		if v.Router == router {
			return v
		}
	}
	return nil
}

// receive is an advertisement that arrived. A backup does not count one of a lower priority: its time goes on to run out.
func (w *World) receive(h *Host, v *VRRP, from *Host, theirs *VRRP, priority int) {
	if v.Auth != theirs.Auth {
		h.Log(KeepalivedUnit, 6, "(%s) received an invalid passwd!", v.Name)
		return
	}
	higher := priority > v.Effective || priority == v.Effective && from.IP > h.IP
	switch {
	case v.State == "MASTER" && priority == 0:
		w.send(h, v, v.Effective)
	case v.State == "MASTER" && higher:
		h.Log(KeepalivedUnit, 6, "(%s) Master received advert from %s with higher priority %d, ours %d", v.Name, from.IP, priority, v.Effective)
		h.yield(v)
	case v.State == "MASTER":
		h.Log(KeepalivedUnit, 6, "(%s) Received advert from %s with lower priority %d, ours %d, forcing new election", v.Name, from.IP, priority, v.Effective)
		h.Announced[v.VIP] = w.now
		if theirs.State == "MASTER" {
			w.send(h, v, v.Effective)
		}
	case priority == 0:
		v.down = w.now.Add(v.skew())
	case priority >= v.Effective:
		v.down = w.now.Add(v.downAfter())
	default:
		h.Log(KeepalivedUnit, 6, "(%s) received lower priority (%d) advert from %s - discarding", v.Name, priority, from.IP)
	}
}

// runScript runs a check when its time has come. The first result counts at once, later ones in a row.
func (w *World) runScript(h *Host, s *Script) {
	if w.now.Before(s.next) {
		return
	}
	s.next = w.now.Add(s.Interval)
	good := w.scriptGood(h, s)
	code := map[bool]int{false: 1}[good]
	if code != s.code {
		s.code = code
		h.Log(KeepalivedUnit, 6, "Script `%s` now returning %d", s.Name, code)
	}
	if good == s.Good {
		s.streak, s.known = 0, true
		return
	}
	need := s.Fall
	if good {
		need = s.Rise
	}
	if s.streak++; s.known && s.streak < need {
		return
	}
	s.Good, s.streak, s.known = good, 0, true
	h.Log(KeepalivedUnit, 6, "VRRP_Script(%s) %s", s.Name, map[bool]string{true: "succeeded", false: "failed (exited with status 1)"}[good])
	for _, v := range h.Keepalived.Instances {
		if was, now := v.Effective, h.Keepalived.effective(v); was != now {
			v.Effective = now
			h.Log(KeepalivedUnit, 6, "(%s) Changing effective priority from %d to %d", v.Name, was, now)
		}
	}
}

// scriptGood runs our role's check_http: ADDRESS PORT METHOD PATH CODES. A command that it does not know succeeds.
func (w *World) scriptGood(h *Host, s *Script) bool {
	f := strings.Fields(s.Command)
	if len(f) < 6 || !strings.HasSuffix(f[0], "/check_http") {
		return true
	}
	port, _ := strconv.Atoi(f[2]) // 0 is nobody's
	status := strconv.Itoa(w.localStatus(h, port, f[4]))
	return strings.Contains(f[5], status[:1]) && status != "0"
}

// localStatus is the status with which a port of a host answers a path to the host itself, 0 when nothing does.
func (w *World) localStatus(h *Host, port int, path string) int {
	switch {
	case port == StatsPort && h.HAProxy != nil && h.HAProxy.Running:
		return http.StatusOK
	case port == PatroniPort:
		return w.PatroniStatus(h, path)
	case port == 80 && h.NetBox != nil && h.NetBox.Proxy:
		return http.StatusOK
	case port == NetBoxPort && h.NetBox != nil && h.NetBox.App:
		status := w.PageOf(h)
		if status >= http.StatusInternalServerError {
			h.Log(NetBoxUnit, 3, "Internal Server Error: %s", path)
		}
		return status
	}
	return 0
}

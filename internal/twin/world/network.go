package world

// link is a pair of hosts, in alphabetical order.
type link struct{ a, b string }

func between(a, b string) link {
	if a > b {
		a, b = b, a
	}
	return link{a, b}
}

// Cut lets nothing pass between two hosts any more; Join ends that.
func (w *World) Cut(a, b string) { w.cut[between(a, b)] = true }

// Join lets packets pass between two hosts again.
func (w *World) Join(a, b string) { delete(w.cut, between(a, b)) }

// Isolate cuts a host from all others, the console among them.
func (w *World) Isolate(host string) {
	for _, h := range w.Hosts {
		if h.Name != host {
			w.Cut(host, h.Name)
		}
	}
}

// JoinAll mends every cut.
func (w *World) JoinAll() { clear(w.cut) }

// Reaches says whether packets pass between two hosts and both live.
func (w *World) Reaches(from, to string) bool {
	a, b := w.Host(from), w.Host(to)
	return a != nil && b != nil && a.Up() && b.Up() && (from == to || !w.cut[between(from, to)])
}

// Holder is the host that has an address as seen from a host: its own first (an address may be on two hosts), then of
// those in reach the one that announced it last.
func (w *World) Holder(from, address string) (string, bool) {
	if address == "127.0.0.1" || address == "::1" || address == "localhost" {
		return from, true
	}
	if h := w.Host(from); h != nil && h.Has(address) {
		return from, true
	}
	var found *Host
	for _, h := range w.Hosts {
		if h.IP == address {
			return h.Name, true
		}
		if h.Has(address) && w.Reaches(from, h.Name) {
			if found == nil || h.Announced[address].After(found.Announced[address]) {
				found = h
			}
		}
	}
	if found == nil {
		return "", false
	}
	return found.Name, true
}

// Alive says whether a host is powered on and booted.
func (w *World) Alive(host string) bool {
	h := w.Host(host)
	return h != nil && h.Up()
}

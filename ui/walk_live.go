package ui

import (
	"fmt"
	"slices"
	"strings"

	"recon/internal/stack"
	"recon/probes"
)

// strip is the strip of the systems that the book names, as they are now.
func (w *walker) strip(t *Theme, width int) []string {
	return liveLines(t, stack.At(w.state, w.now), w.seen.Book.Systems, width)
}

// liveLines draws each system with a line a node. What concerns every book stands below: the addresses and the hosts.
func liveLines(t *Theme, s stack.Sight, systems []string, width int) []string {
	var out []string
	add := func(system, name, note string) {
		out = append(out, ends(t.Strong.Render(name), t.paint(dim, note), width))
		for _, n := range s.Nodes {
			c := s.Cell(system, n.Name)
			if c.Glyph == "" {
				continue
			}
			room := min(18, width/2)
			out = append(out, " "+fit(n.Name, room)+" "+t.paint(c.Tone, fit(c.Text(width-room-2), width-room-2)))
		}
	}
	names := func(system string) bool { return slices.Contains(systems, system) || len(systems) == 0 }
	if names("patroni") || names("postgres") {
		text, tone := s.Summary()
		out = append(out, hang("", t.paint(tone, text), width)...)
		add("patroni", "patroni", oldest(seenOf(s.Patroni.Members, func(m probes.Member) probes.Seen { return m.Seen }), s.Late))
		add("postgres", "postgres", oldest(seenOf(s.Postgres.Members, func(d probes.Database) probes.Seen { return d.Seen }), s.Late))
	}
	if names("etcd") || names("patroni") {
		note := fmt.Sprintf("%d/%d answer", s.Etcd.Answered, len(s.Etcd.Members))
		switch {
		case s.Etcd.Quorum == nil:
			note += ", quorum ?"
		case !*s.Etcd.Quorum:
			note += ", NO QUORUM"
		}
		add("etcd", "etcd", note)
	}
	for _, more := range []struct {
		system, name string
		seen         []probes.Seen
	}{
		{"redis", "redis", seenOf(s.State.Redis.Members, func(m probes.RedisMember) probes.Seen { return m.Seen })},
		{"sentinel", "sentinel", seenOf(s.State.Sentinel.Members, func(m probes.SentinelMember) probes.Seen { return m.Seen })},
		{"pgbouncer", "pgbouncer", seenOf(s.PgBouncer.Members, func(m probes.PgBouncerMember) probes.Seen { return m.Seen })},
		{"haproxy", "haproxy", seenOf(s.HAProxy.Members, func(m probes.HAProxyMember) probes.Seen { return m.Seen })},
		{"keepalived", "keepalived", seenOf(s.Keepalived.Members, func(m probes.KeepalivedMember) probes.Seen { return m.Seen })},
		{"web", "web proxy", seenOf(s.Web.Members, func(m probes.WebMember) probes.Seen { return m.Seen })},
		{"netbox", "netbox", seenOf(s.NetBox.Members, func(m probes.NetBoxMember) probes.Seen { return m.Seen })},
	} {
		if slices.Contains(systems, more.system) && len(more.seen) > 0 {
			add(more.system, more.name, oldest(more.seen, s.Late))
		}
	}
	var vips []string
	for name := range s.VIPs {
		vips = append(vips, name)
	}
	slices.Sort(vips)
	for _, name := range vips {
		v := s.VIPs[name]
		text := glyphUnknown + " not known"
		switch {
		case v.Unseen != "" || s.Late > probes.StaleAfter.Seconds():
		case v.Holder != nil:
			text = glyphHolder + " " + *v.Holder
		case len(v.Holders) == 0:
			text = glyphBad + " nobody"
		default:
			text = glyphBad + " " + strings.Join(v.Holders, ", ")
		}
		out = append(out, fit(t.Strong.Render(name+" vip")+"  "+text, width))
	}
	add("nodes", "host", oldest(seenOf(s.State.Nodes, func(n probes.Node) probes.Seen { return n.Seen }), s.Late))
	return out
}

func seenOf[T any](all []T, seen func(T) probes.Seen) []probes.Seen {
	var out []probes.Seen
	for _, x := range all {
		out = append(out, seen(x))
	}
	return out
}

// oldest is the age of the oldest answer.
func oldest(all []probes.Seen, late float64) string {
	age := 0.0
	for _, s := range all {
		if s.Began.IsZero() {
			return ""
		}
		age = max(age, s.Age)
	}
	return short(age + late)
}

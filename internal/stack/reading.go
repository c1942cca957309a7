package stack

import (
	"fmt"
	"math"

	"recon/probes"
)

// Reading is a number of a cell that is worth following over time.
type Reading struct {
	Name  string
	Value float64
	// Unit is how the value is written: seconds, bytes, percent, or "" for a count.
	Unit Unit
}

// Unit is what a Reading counts.
type Unit string

// The units of readings.
const (
	Count   Unit = ""
	Seconds Unit = "seconds"
	Bytes   Unit = "bytes"
	Percent Unit = "percent"
)

// Say is a value in words.
func (u Unit) Say(v float64) string {
	switch u {
	case Seconds:
		if math.Abs(v) < 10 {
			return fmt.Sprintf("%.0f ms", v*1000)
		}
		return Short(v)
	case Bytes:
		return Size(int64(v))
	case Percent:
		return fmt.Sprintf("%.0f%%", v)
	}
	if v != math.Trunc(v) {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// Readings are the numbers of all cells of a row, by node; at most three a cell, each only where it is a fact now.
func (s Sight) Readings(system string) map[string][]Reading {
	out := map[string][]Reading{}
	if !s.fresh() {
		return out
	}
	add := func(node string, seen probes.Seen, more ...Reading) {
		if !seen.Reachable || seen.Began.IsZero() || seen.Age+s.Late > probes.StaleAfter.Seconds() {
			return
		}
		out[node] = append(out[node], Reading{"answered in", seen.Latency, Seconds})
		for _, r := range more {
			if !math.IsNaN(r.Value) {
				out[node] = append(out[node], r)
			}
		}
	}
	switch system {
	case "service":
		for name, t := range map[string]probes.Try{"reads": s.State.Service.Reads, "writes": s.State.Service.Writes, "login": s.State.Service.Login} {
			add(name, t.Seen)
		}
	case "netbox":
		each(s.NetBox.Members, func(m probes.NetBoxMember) { add(m.Node, m.Seen) })
	case "web":
		each(s.Web.Members, func(m probes.WebMember) { add(m.Node, m.Seen) })
	case "pgbouncer":
		each(s.PgBouncer.Members, func(m probes.PgBouncerMember) {
			add(m.Node, m.Seen, fact(m.Blind("active"), "clients active", m.Active, Count), fact(m.Blind("waiting"), "clients waiting", m.Waiting, Count))
		})
	case "haproxy":
		each(s.HAProxy.Members, func(m probes.HAProxyMember) {
			sessions, queued := 0, 0
			each(m.Backends, func(b probes.HAProxyBackend) { sessions, queued = sessions+b.Sessions, queued+b.Queued })
			why := m.Blind("backends")
			add(m.Node, m.Seen, fact(why, "sessions", sessions, Count), fact(why, "queued", queued, Count))
		})
	case "postgres":
		each(s.Postgres.Members, func(d probes.Database) {
			m, _ := s.member(d.Node)
			add(d.Node, d.Seen, maybe("lag", m.Lag, Bytes), maybe("commits that wait", d.Waiting, Count))
		})
	case "patroni":
		each(s.Patroni.Members, func(m probes.Member) {
			add(m.Node, m.Seen, maybe("lag", m.Lag, Bytes), maybe("since etcd", m.DCSAge, Seconds))
		})
	case "etcd":
		each(s.Etcd.Members, func(m probes.EtcdMember) { add(m.Name, m.Seen, fact("", "database", m.DBSize, Bytes)) })
	case "redis":
		each(s.State.Redis.Members, func(m probes.RedisMember) {
			lag := Reading{Value: math.NaN()}
			if behind, known := s.behind(m.Node); known {
				lag = Reading{"lag", float64(behind), Bytes}
			}
			add(m.Node, m.Seen, fact(m.Blind("memory"), "memory", m.Memory, Bytes), lag)
		})
	case "sentinel":
		each(s.State.Sentinel.Members, func(m probes.SentinelMember) { add(m.Node, m.Seen) })
	case hosts:
		each(s.State.Nodes, func(n probes.Node) {
			worst, _, _, _ := disks(n)
			why := ""
			if len(n.Disks) == 0 {
				why = "no disk was told"
			}
			add(n.Name, n.Seen, fact(why, "fullest disk", worst, Percent), maybe("load", n.Load1, Count))
		})
	}
	return out
}

func fact[N int | int64 | float64](blind, name string, v N, u Unit) Reading {
	if blind != "" {
		return Reading{Value: math.NaN()}
	}
	return Reading{name, float64(v), u}
}

func maybe[N int | int64 | float64](name string, v *N, u Unit) Reading {
	if v == nil {
		return Reading{Value: math.NaN()}
	}
	return fact("", name, *v, u)
}

package status

import (
	"io"
	"maps"
	"slices"
	"strconv"

	"recon/internal/findings"
	"recon/probes"
)

// Metrics writes the report as OpenMetrics text, which is also the text format of older collectors. A value that is not a
// fact is absent.
func (r *Report) Metrics(w io.Writer) error {
	m := &metrics{byName: map[string]*family{}, base: []string{"cluster", r.State.Cluster.Name}}
	r.lookMetrics(m)
	r.targetMetrics(m)
	r.findingMetrics(m)
	r.hostMetrics(m)
	r.databaseMetrics(m)
	r.redisMetrics(m)
	r.entryMetrics(m)
	r.webMetrics(m)
	r.serviceMetrics(m)
	return m.write(w)
}

// seen says that a field is a fact.
func seen(x interface{ Blind(field string) string }, field string) bool { return x.Blind(field) == "" }

func (r *Report) lookMetrics(m *metrics) {
	code := map[Verdict]float64{Fine: 0, Wrong: 3, Unknown: 4}[r.Verdict]
	m.add("recon_verdict", "", "0 fine, 3 something is wrong, 4 unknown, as the exit code of recon status", code)
	m.add("recon_look_timestamp_seconds", "seconds", "when the cluster was looked at, seconds since 1970", float64(r.At.UnixMilli())/1000)
	m.yes("recon_findings_known", "the runbooks were read, so that findings can be told", r.FindingsUnseen == "")
}

func (r *Report) targetMetrics(m *metrics) {
	for _, t := range r.Targets() {
		if t.Began.IsZero() {
			continue
		}
		labels := []string{"system", t.System, "node", t.Node}
		m.yes("recon_target_up", "the target answered its last probe", t.Reachable, labels...)
		m.add("recon_target_since_seconds", "seconds", "for how long recon_target_up has had its value, as this look knows", t.Since, labels...)
		if t.Reachable {
			m.add("recon_target_latency_seconds", "seconds", "how long the last answer took", t.Latency, labels...)
		}
	}
}

func (r *Report) findingMetrics(m *metrics) {
	if r.FindingsUnseen != "" {
		return
	}
	count := map[string]float64{"0": 0, "1": 0, "2": 0, "3": 0}
	for _, f := range r.Findings {
		severity := strconv.Itoa(f.Severity)
		if f.Phase != findings.Over {
			count[severity]++
		}
		labels := []string{"book", f.Book, "severity", severity, "phase", string(f.Phase)}
		m.yes("recon_finding", "a runbook applies to what is seen, or did a moment ago", f.Phase != findings.Over, labels...)
		m.add("recon_finding_held_seconds", "seconds", "for how long it was seen to hold", f.Held, labels...)
	}
	for _, severity := range []string{"0", "1", "2", "3"} {
		m.add("recon_findings", "", "how many runbooks apply, by severity: 1 service down or data at risk, 2 redundancy lost, 3 degraded, 0 planned", count[severity], "severity", severity)
	}
}

func (r *Report) hostMetrics(m *metrics) {
	for _, n := range r.State.Nodes {
		node := []string{"node", n.Name}
		number := func(field, name, unit, help string, v *float64) {
			if v != nil && seen(n, field) {
				m.add(name, unit, help, *v, node...)
			}
		}
		whole := func(field, name, unit, help string, v *int, scale float64) {
			if v != nil && seen(n, field) {
				m.add(name, unit, help, float64(*v)*scale, node...)
			}
		}
		number("clock_offset", "recon_host_clock_offset_seconds", "seconds", "the host's clock minus the console's", n.ClockOffset)
		number("uptime", "recon_host_uptime_seconds", "seconds", "since boot", n.Uptime)
		number("load1", "recon_host_load1", "", "load average of the last minute", n.Load1)
		whole("memory_available_mb", "recon_host_memory_available_bytes", "bytes", "memory available", n.MemoryMB, 1<<20)
		if n.Disks != nil && seen(n, "disks") {
			for _, d := range n.Disks {
				labels := append(slices.Clone(node), "mount", d.Mount)
				m.add("recon_host_disk_used_ratio", "ratio", "how full the file system is, 0 to 1", d.Percent/100, labels...)
				m.add("recon_host_disk_free_bytes", "bytes", "available to users", float64(d.Free), labels...)
			}
		}
		if n.Services != nil && seen(n, "services") {
			for _, service := range slices.Sorted(maps.Keys(n.Services)) {
				m.yes("recon_host_service_active", "the service's unit is active", n.Services[service] == "active", append(slices.Clone(node), "service", service)...)
			}
		}
		if n.FailedUnits != nil && seen(n, "failed_units") {
			m.add("recon_host_failed_units", "", "units that have failed", float64(len(n.FailedUnits)), node...)
		}
	}
}

func (r *Report) databaseMetrics(m *metrics) {
	if e := r.State.Etcd; r.cluster.Etcd != nil {
		if e.Quorum != nil && seen(e, "quorum") {
			m.yes("recon_etcd_quorum", "a majority answers and names the same leader", *e.Quorum)
		}
		if e.Alarms != nil && seen(e, "alarms") {
			m.add("recon_etcd_alarms", "", "raised alarms", float64(len(e.Alarms)))
		}
		for _, x := range e.Members {
			if seen(x, "db_size") {
				m.add("recon_etcd_member_db_bytes", "bytes", "size of the database file", float64(x.DBSize), "node", x.Name)
			}
		}
	}
	if p := r.State.Patroni; r.cluster.Patroni != nil {
		if seen(p, "leader") {
			m.yes("recon_patroni_has_leader", "a member proves that it leads", p.Leader != nil)
		}
		if p.Paused != nil && seen(p, "paused") {
			m.yes("recon_patroni_paused", "nobody is promoted automatically", *p.Paused)
		}
		if p.Timeline != nil && seen(p, "timeline") {
			m.add("recon_patroni_timeline", "", "the leader's timeline", float64(*p.Timeline))
		}
		for _, x := range p.Members {
			if seen(x, "primary") {
				m.yes("recon_patroni_member_leads", "it proves that it leads", x.Primary, "node", x.Node)
			}
			if x.Lag != nil && seen(x, "lag") {
				m.add("recon_patroni_member_lag_bytes", "bytes", "how far it is behind the leader", float64(*x.Lag), "node", x.Node)
			}
		}
	}
	if p := r.State.Postgres; r.cluster.Postgres != nil {
		if p.Primaries != nil && seen(p, "primaries") {
			m.add("recon_postgres_primaries", "", "databases that are not in recovery; two are a split brain", float64(len(p.Primaries)))
		}
		if p.Waiting != nil && seen(p, "syncrep_waiting") {
			m.add("recon_postgres_waiting_commits", "", "sessions that wait for a synchronous standby", float64(*p.Waiting))
		}
	}
}

func (r *Report) redisMetrics(m *metrics) {
	if x := r.State.Redis; r.cluster.Redis != nil {
		if x.Masters != nil && seen(x, "masters") {
			m.add("recon_redis_masters", "", "servers that say that they are master", float64(len(x.Masters)))
		}
		for _, s := range x.Members {
			if seen(s, "memory") {
				m.add("recon_redis_member_memory_bytes", "bytes", "memory in use", float64(s.Memory), "node", s.Node)
			}
			if seen(s, "link_up") && seen(s, "role") && s.Role == "replica" {
				m.yes("recon_redis_member_link_up", "a replica's link to its master is up", s.LinkUp, "node", s.Node)
			}
		}
	}
	if x := r.State.Sentinel; r.cluster.Sentinel != nil && x.Quorum != nil && seen(x, "quorum") {
		m.yes("recon_sentinel_quorum", "a failover could be agreed on and authorised", *x.Quorum)
	}
}

func (r *Report) entryMetrics(m *metrics) {
	for _, v := range r.cluster.VIPs {
		x, ok := r.State.VIPs[v.Name]
		if ok && seen(x, "holders") {
			m.add("recon_vip_holders", "", "nodes that have the floating address; more than one is a split", float64(len(x.Holders)), "vip", v.Name)
		}
	}
	for _, x := range r.State.HAProxy.Members {
		if !seen(x, "backends") {
			continue
		}
		for _, b := range x.Backends {
			m.yes("recon_haproxy_backend_up", "the backend sends clients somewhere", b.Up, "node", x.Node, "backend", b.Name)
		}
	}
	for _, x := range r.State.PgBouncer.Members {
		if seen(x, "waiting") {
			m.add("recon_pgbouncer_waiting_clients", "", "clients that wait for a connection", float64(x.Waiting), "node", x.Node)
		}
		if seen(x, "max_wait") {
			m.add("recon_pgbouncer_longest_wait_seconds", "seconds", "for how long the longest of them has waited", x.MaxWait, "node", x.Node)
		}
	}
}

func (r *Report) webMetrics(m *metrics) {
	for _, x := range r.State.Web.Members {
		if seen(x, "certificate_days") {
			m.add("recon_web_certificate_left_seconds", "seconds", "until the served certificate ends; negative when it has ended", x.CertificateDays*24*3600, "node", x.Node)
		}
	}
	if x := r.State.NetBox; r.cluster.NetBox != nil && x.Queues != nil && seen(x, "queues") {
		for _, q := range x.Queues {
			m.add("recon_netbox_queue_waiting", "", "jobs that wait", float64(q.Waiting), "queue", q.Name)
			m.add("recon_netbox_queue_failed", "", "jobs in the registry of failures", float64(q.Failed), "queue", q.Name)
		}
	}
}

func (r *Report) serviceMetrics(m *metrics) {
	for _, x := range []struct {
		path string
		try  probes.Try
	}{{"reads", r.State.Service.Reads}, {"writes", r.State.Service.Writes}, {"login", r.State.Service.Login}} {
		if x.try.Tried && seen(x.try, "reachable") {
			m.yes("recon_service_works", "the users' path works", x.try.Reachable, "path", x.path)
			if x.try.Reachable {
				m.add("recon_service_latency_seconds", "seconds", "how long the last try took", x.try.Latency, "path", x.path)
			}
		}
	}
	cross := r.State.Cross
	for _, x := range []struct {
		check string
		agree *bool
	}{
		{"leader_is_writer", cross.LeaderIsWriter},
		{"master_is_watched", cross.MasterIsWatched},
		{"master_is_entry", cross.MasterIsEntry},
		{"entry_works", cross.EntryWorks},
		{"one_primary", cross.OnePrimary},
		{"one_master", cross.OneMaster},
		{"one_holder", cross.OneHolder},
		{"scopes_agree", cross.ScopesAgree},
		{"system_ids_agree", cross.SystemIDsAgree},
		{"versions_agree", cross.VersionsAgree},
	} {
		if x.agree != nil && seen(cross, x.check) {
			m.yes("recon_agreement", "the systems agree with each other, by the fields of cross", *x.agree, "check", x.check)
		}
	}
	if h := r.State.HandsOff; seen(h, "active") {
		m.yes("recon_hands_off", "Patroni or Sentinel is about to act by itself", h.Active)
	}
}

package lab

import (
	"strings"
	"testing"
)

// healthyViews are three nodes as stackScript prints them (Redis 8.0, HAProxy 3.0): the first holds and leads everything.
func healthyViews() []nodeView {
	const proxy = `up pg_bkwrite netbox-node-1
up pg_bkread netbox-node-2
up pg_bkread netbox-node-3
up be_redis_master netbox-node-1
up pgbouncer_nodes netbox-node-1
up pgbouncer_nodes netbox-node-2
up pgbouncer_nodes netbox-node-3
`
	const quorum = "quorum OK 3 usable Sentinels. Quorum and failover authorization can be reached\n"
	var views []nodeView
	for i, h := range nodes() {
		out := "role slave\n" + quorum + proxy
		if i == 0 {
			out = "role master\nreplica 172.16.113.202\nreplica 172.16.113.203\nvip 172.16.113.204\nvip 172.16.113.205\n" + quorum + proxy
		}
		views = append(views, parseNodeView(h, out))
	}
	return views
}

func TestStackHealthy(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(v []nodeView)
		want  string // part of the error; empty is healthy
	}{
		{"healthy", func([]nodeView) {}, ""},
		{"a replica is away", func(v []nodeView) { v[0].replicas = v[0].replicas[:1] }, "1 online replicas"},
		{"redis does not answer", func(v []nodeView) { v[2].role = "" }, "redis on netbox-node-3 has no role"},
		{"a second master", func(v []nodeView) { v[1].role, v[1].replicas = "master", v[0].replicas }, "2 masters"},
		{"no master", func(v []nodeView) { v[0].role = "slave" }, "0 masters"},
		{"a Sentinel is away", func(v []nodeView) { v[1].quorum = "OK 2 usable Sentinels." }, "sentinel on netbox-node-2"},
		{"no quorum", func(v []nodeView) { v[1].quorum = "NOQUORUM 1 usable Sentinels." }, "sentinel on netbox-node-2"},
		{"two holders", func(v []nodeView) { v[1].vips = []string{webVIP} }, "2 holders of 172.16.113.205"},
		{"no holder", func(v []nodeView) { v[0].vips = []string{webVIP} }, "0 holders of 172.16.113.204"},
		{"another primary", func(v []nodeView) { v[2].up["pg_bkwrite"] = []string{"netbox-node-2"} }, "HAProxy on netbox-node-3: pg_bkwrite"},
		{"a dead HAProxy", func(v []nodeView) { v[1].up = nil }, "HAProxy on netbox-node-2"},
		{"a pool is away", func(v []nodeView) { v[0].up["pgbouncer_nodes"] = nil }, "pgbouncer_nodes has 0 up"},
	} {
		v := healthyViews()
		c.spoil(v)
		err := stackHealthy(v, "netbox-node-1")
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

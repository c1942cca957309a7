package tools

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

// golden is what a real program printed; the file's name says which.
func golden(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// captured is a call of nobody whose output is kept.
func captured() (*shell.Call, *bytes.Buffer) {
	var out bytes.Buffer
	return &shell.Call{Host: &shell.Host{}, Args: []string{"tool"}, Stdout: &out, Stderr: &out, User: "root"}, &out
}

// the members of the captured cluster.
func capturedCluster(change func(c *patroniCluster)) *patroniCluster {
	id, zero := "7711276203485323398", int64(0)
	c := &patroniCluster{scope: "pgclusternetbox", initialize: &id, leader: "netbox-node-1", sync: []string{"netbox-node-3"}, config: map[string]any{}}
	for i, name := range []string{"netbox-node-1", "netbox-node-2", "netbox-node-3"} {
		m := &patroniMember{name: name, ConnURL: "postgres://172.16.113.20" + string(rune('1'+i)) + ":5432/postgres", State: "running", Timeline: 2, Location: &zero}
		if i > 0 {
			m.Repl = "streaming"
		}
		c.members = append(c.members, m)
	}
	change(c)
	return c
}

func TestPatronictlTables(t *testing.T) {
	for _, tc := range []struct {
		file, format string
		change       func(c *patroniCluster)
	}{
		{"patronictl-4.0.7-paused.txt", "pretty", func(c *patroniCluster) { c.config["pause"] = true }},
		{"patronictl-4.0.7-pending-restart.txt", "extended", func(c *patroniCluster) {
			for _, m := range c.members {
				m.Pending = true
				m.Reason = map[string]map[string]string{"max_connections": {"old_value": "200", "new_value": "210"}, "shared_buffers": {"old_value": "2GB", "new_value": "1GB"}}
			}
		}},
		{"patronictl-4.0.7-topology.txt", "topology", func(c *patroniCluster) {
			c.leader, c.sync = "netbox-node-3", []string{"netbox-node-1"}
			for _, m := range c.members {
				m.Timeline, m.Repl = 8, "streaming"
			}
		}},
	} {
		call, out := captured()
		format := tc.format
		if format == "extended" {
			format = "pretty"
		}
		(&patronictlCall{call: call}).printMembers(capturedCluster(tc.change), format, tc.format == "extended")
		if want := golden(t, tc.file); out.String() != want {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", tc.file, out, want)
		}
	}
}

func TestShowConfigIsPyYAML(t *testing.T) {
	var config map[string]any
	text := `{"ttl": 30, "loop_wait": 10, "retry_timeout": 10, "synchronous_mode": true, "synchronous_node_count": 1, "synchronous_mode_strict": true, "postgresql": {"use_pg_rewind": true, "parameters": {"max_connections": 200, "shared_buffers": "2GB", "effective_cache_size": "6GB", "maintenance_work_mem": "512MB", "wal_level": "logical", "max_replication_slots": 40, "max_wal_senders": 30, "max_logical_replication_workers": 8, "max_worker_processes": 16, "wal_compression": "on", "max_slot_wal_keep_size": "32GB", "wal_keep_size": "1024MB", "hot_standby": "on"}}}`
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	if got, want := yamlText(config, "")+"\n", golden(t, "patronictl-4.0.7-show-config.yml"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestEtcdctlTableBreaksLongCells(t *testing.T) {
	header := []string{"ENDPOINT", "ID", "VERSION", "DB SIZE", "IS LEADER", "IS LEARNER", "RAFT TERM", "RAFT INDEX", "RAFT APPLIED INDEX", "ERRORS"}
	alarms := "memberID:15315719592556045757 alarm:NOSPACE , memberID:3813790751728522533 alarm:NOSPACE "
	var rows [][]string
	for i, m := range [][3]string{{"d48c5dd2c1cb25bd", human(4624384), "true"}, {"34ed4e7b7c72d525", human(5525504), "false"}, {"d91eaa18e1da6a1a", human(5525504), "false"}} {
		rows = append(rows, []string{"172.16.113.20" + string(rune('1'+i)) + ":22379", m[0], "3.5.16", m[1], m[2], "false", "7", "443", "443", alarms})
	}
	if got, want := gridTable(header, rows), golden(t, "etcdctl-3.5.16-nospace.txt"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestSocketsAsIproute2(t *testing.T) {
	list := []socket{
		{state: "LISTEN", backlog: 4096, local: at("172.16.113.201", 22379), peer: end{"0.0.0.0", "*"}, program: "etcd", pid: 42, fd: 7},
		{state: "LISTEN", backlog: 511, local: at("127.0.0.1", 6379), peer: end{"0.0.0.0", "*"}, program: "redis-server", pid: 60, fd: 8},
		{state: "LISTEN", backlog: 5, local: at("172.16.113.201", 8008), peer: end{"0.0.0.0", "*"}, program: "patroni", pid: 103, fd: 5},
		{state: "LISTEN", backlog: 128, local: at("[::]", 22), peer: end{"[::]", "*"}, program: "sshd", pid: 78, fd: 7},
	}
	for file, flags := range map[string]options{
		"ss-6.15.0-listening.txt": {{"t", ""}, {"l", ""}, {"n", ""}}, "ss-6.15.0-headless.txt": {{"t", ""}, {"l", ""}, {"H", ""}},
	} {
		call, out := captured()
		printSockets(call, list, flags, true)
		if want := golden(t, file); out.String() != want {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", file, out, want)
		}
	}
}

func TestSocketFilters(t *testing.T) {
	s := socket{state: "ESTAB", local: at("172.16.113.201", 5432), peer: at("172.16.113.202", 40000)}
	for text, want := range map[string]bool{
		"( sport = :5432 )": true, "( dport = :5432 )": false, "sport = :5432": true, "( sport = :1 or sport = :5432 )": true, "( sport = :5432 and dport = :1 )": false,
		"dst 172.16.113.202": true, "src 172.16.113.202": false, "not sport = :5432": false, "sport != :1": true, "state established ( sport = :5432 )": true,
	} {
		f, err := readFilter(strings.Fields(text))
		if err != nil || f.fits(s) != want {
			t.Errorf("%s: %v, want %v (%v)", text, !want, want, err)
		}
	}
	for _, bad := range []string{"foo", "( sport = :1", "sport :1", "sport = 1", "state foo"} {
		if _, err := readFilter(strings.Fields(bad)); err == nil {
			t.Errorf("%q is no filter", bad)
		}
	}
}

func TestMoments(t *testing.T) {
	clock := time.Date(2026, 11, 26, 18, 55, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"-1h": "2026-11-26T17:55:00Z", "-30min": "2026-11-26T18:25:00Z", "-1day": "2026-11-25T18:55:00Z", "-7day": "2026-11-19T18:55:00Z", "today": "2026-11-26T00:00:00Z", "yesterday": "2026-11-25T00:00:00Z",
		"1h 30min ago": "2026-11-26T17:25:00Z", "18:00": "2026-11-26T18:00:00Z", "2026-11-20": "2026-11-20T00:00:00Z", "2026-11-20 10:11:12": "2026-11-20T10:11:12Z", "@0": "1970-01-01T00:00:00Z", "-15min": "2026-11-26T18:40:00Z",
	} {
		if got, err := moment(text, clock); err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s: %s, %v; want %s", text, got, err, want)
		}
	}
	for _, bad := range []string{"", "-1xx", "-", "soon", "25:00", "-1h2"} {
		if got, err := moment(bad, clock); err == nil && bad != "-1h2" {
			t.Errorf("%q is no time, not %s", bad, got)
		}
	}
}

func TestOptionsAreReadAsGetoptDoes(t *testing.T) {
	g := grammar{short: "qn:o?", long: []string{"quiet=q", "lines=n:", "output=o?"}}
	given, rest, err := g.parse([]string{"a", "-qn5", "--lines=6", "b", "--output", "-o7", "--", "-x"})
	if err != nil || strings.Join(rest, " ") != "a b -x" || given.value("n") != "6" || !given.has("q") || given.value("o") != "7" {
		t.Error(given, rest, err)
	}
	for args, want := range map[string]string{
		"--foo": "unrecognized option '--foo'", "-x": "invalid option -- 'x'", "-n": "option requires an argument -- 'n'", "--lines": "option '--lines' requires an argument", "--quiet=1": "option '--quiet' doesn't allow an argument",
	} {
		if _, _, err := g.parse([]string{args}); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
}

func TestSizesAsEtcdctlSaysThem(t *testing.T) {
	for n, want := range map[int64]string{9: "9 B", 999: "999 B", 73728: "74 kB", 9 << 20: "9.4 MB", 4624384: "4.6 MB", 2 << 30: "2.1 GB"} {
		if got := human(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestControlFileStates(t *testing.T) {
	for want, p := range map[string]*world.Instance{
		"in production": {Running: true, Primary: true}, "in archive recovery": {Running: true}, "shut down": {Primary: true, Clean: true}, "shut down in recovery": {Clean: true}, "shutting down": {Running: true, Stopping: true},
	} {
		if got := clusterState(p); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

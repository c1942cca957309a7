package probes

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"recon/internal/inventory"
)

func TestHistoryRows(t *testing.T) {
	for name, tc := range map[string]struct {
		body, want string // want is a part of the error, or "" for none
		rows       int
		last       Switch
	}{
		"none":           {`[]`, "", 0, Switch{}},
		"two columns":    {`[[1, 85856672]]`, "", 1, Switch{Timeline: 1, LSN: 85856672}},
		"four columns":   {`[[1, 25623960, "no recovery target specified", "2019-09-23T16:57:57+00:00"]]`, "", 1, Switch{Timeline: 1, LSN: 25623960, Reason: "no recovery target specified", At: "2019-09-23T16:57:57+00:00", Leader: ""}},
		"five columns":   {`[[1, 2, "r", "t", "netbox-node-1"]]`, "", 1, Switch{Timeline: 1, LSN: 2, Reason: "r", At: "t", Leader: "netbox-node-1"}},
		"more":           {`[[1, 2, "r", "t", "n", 7, {}]]`, "", 1, Switch{Timeline: 1, LSN: 2, Reason: "r", At: "t", Leader: "n"}},
		"null leader":    {`[[1, 2, "r", null, null]]`, "", 1, Switch{Timeline: 1, LSN: 2, Reason: "r"}},
		"one column":     {`[[1]]`, "row 1 has 1 columns", 0, Switch{}},
		"text timeline":  {`[["one", 2]]`, "row 1, column 1", 0, Switch{}},
		"not a table":    {`[1, 2]`, "JSON", 0, Switch{}},
		"an object":      {`{"a": 1}`, "something else", 0, Switch{}},
		"escape in name": {`[[1, 2, "r", "t", "a\u001b[31mb"]]`, "", 1, Switch{Timeline: 1, LSN: 2, Reason: "r", At: "t", Leader: line("a\x1b[31mb")}},
	} {
		rows, err := parseHistory([]byte(tc.body))
		if got := errorText(err); !strings.Contains(got, tc.want) || (tc.want == "") != (err == nil) {
			t.Errorf("%s: error %q, want %q", name, got, tc.want)
			continue
		}
		if len(rows) != tc.rows || tc.rows > 0 && rows[len(rows)-1] != tc.last {
			t.Errorf("%s: %+v", name, rows)
		}
		if err == nil && rows == nil {
			t.Errorf("%s: a history without rows is a fact and must not be nil", name)
		}
	}
	long := "[" + strings.Repeat(`[1, 2],`, 30) + `[31, 2]]`
	if rows, err := parseHistory([]byte(long)); err != nil || len(rows) != 10 || rows[9].Timeline != 31 {
		t.Errorf("long history: %d rows, %v", len(rows), err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestLagIsANumberOrUnknown(t *testing.T) {
	for body, want := range map[string]string{`0`: "0", `16384`: "16384", `"unknown"`: "nil", `null`: "nil"} {
		v, err := parseView([]byte(`{"scope":"s","members":[{"name":"a","role":"replica","state":"streaming","lag":` + body + `}]}`))
		if err != nil || value(v.Members[0].Lag.bytes) != want {
			t.Errorf("%s: %v, %v", body, value(v.Members[0].Lag.bytes), err)
		}
	}
	for _, body := range []string{`"12"`, `true`, `[]`, `1.5`, `1e400`} {
		if _, err := parseView([]byte(`{"members":[{"name":"a","lag":` + body + `}]}`)); err == nil {
			t.Errorf("a lag of %s was taken", body)
		}
	}
}

func TestConfigDefaultsAndWords(t *testing.T) {
	for body, want := range map[string]Config{
		`{}`: {TTL: 30, LoopWait: 10, RetryTimeout: 10, StartTimeout: 300, MaximumLag: 1 << 20, SyncCount: 1},
		`{"slots": {"b": {"type": "physical"}, "a": null}}`: {
			TTL: 30, LoopWait: 10, RetryTimeout: 10, StartTimeout: 300, MaximumLag: 1 << 20, SyncCount: 1, Slots: []string{"a", "b"},
		},
		`{"ttl": 20, "loop_wait": 5, "retry_timeout": 3, "master_start_timeout": 60, "maximum_lag_on_failover": 0}`:                                   {TTL: 20, LoopWait: 5, RetryTimeout: 3, StartTimeout: 60, SyncCount: 1},
		`{"synchronous_mode": "quorum", "synchronous_mode_strict": "on", "synchronous_node_count": 2, "failsafe_mode": true}`:                         {TTL: 30, LoopWait: 10, RetryTimeout: 10, StartTimeout: 300, MaximumLag: 1 << 20, Sync: true, Strict: true, SyncCount: 2, Failsafe: true},
		`{"synchronous_mode": "off", "primary_start_timeout": 0, "master_start_timeout": 7, "postgresql": {"use_pg_rewind": true, "parameters": {}}}`: {TTL: 30, LoopWait: 10, RetryTimeout: 10, MaximumLag: 1 << 20, SyncCount: 1, Rewind: true},
	} {
		c, err := parseConfig([]byte(body))
		if want.Slots == nil {
			want.Slots = []string{}
		}
		if err != nil || !reflect.DeepEqual(*c, want) {
			t.Errorf("%s: %+v, %v", body, c, err)
		}
	}
	if _, err := parseConfig([]byte(`{"ttl": "30"}`)); err == nil {
		t.Error("a ttl in quotes was taken")
	}
}

func TestRoles(t *testing.T) {
	for _, tc := range []struct {
		primary bool
		r       report
		want    string
	}{
		{true, report{Role: "primary"}, "leader"},
		{true, report{Role: "replica"}, "leader"}, // it holds the lock and is being promoted
		{false, report{Role: "primary"}, "primary"},
		{false, report{Role: "master"}, "primary"},
		{false, report{Role: "promoted"}, "primary"},
		{false, report{Role: "replica"}, "replica"},
		{false, report{Role: "replica", SyncStandby: true}, "sync_standby"},
		{false, report{Role: "replica", QuorumStandby: true}, "quorum_standby"},
		{false, report{Role: "standby_leader"}, "standby_leader"},
		{false, report{Role: "demoted"}, "demoted"},
		{false, report{Role: "uninitialized"}, "uninitialized"},
	} {
		if got := role(tc.primary, tc.r); got != tc.want {
			t.Errorf("%v %+v: %s, want %s", tc.primary, tc.r, got, tc.want)
		}
	}
}

func TestTagsAreText(t *testing.T) {
	got := tags(map[string]any{"nofailover": true, "failover_priority": 2.0, "zone": "a", "x": map[string]any{"y": 1.0}})
	for k, want := range map[string]string{"nofailover": "true", "failover_priority": "2", "zone": "a", "x": `{"y":1}`} {
		if got[k] != want {
			t.Errorf("%s is %q, want %q", k, got[k], want)
		}
	}
	if tags(nil) == nil {
		t.Error("no tags are a fact")
	}
}

func TestPrefix(t *testing.T) {
	for path, want := range map[dcsPath]string{
		{"/service/pgcluster/", "pgclusternetbox"}: "/service/pgcluster/pgclusternetbox/",
		{"service", "x"}:      "/service/x/",
		{"", "x"}:             "/service/x/",
		{"//a//b", "/x/"}:     "/a/b/x/",
		{"/service/", "a/b"}:  "/service/a/b/",
		{"/service/pg", "x "}: "/service/pg/x /",
	} {
		if got := path.prefix(); got != want {
			t.Errorf("%+v: %s, want %s", path, got, want)
		}
	}
	if !scopeIn("/service/pgcluster/x/", "x") || scopeIn("/service/pgcluster/ax/", "x") {
		t.Error("a scope is a whole word of the path")
	}
}

func TestSyncKey(t *testing.T) {
	for body, want := range map[string][]string{
		`{"leader":"a","quorum":0,"sync_standby":"netbox-node-1"}`: {"netbox-node-1"},
		`{"leader":"a","sync_standby":"a, b,c"}`:                   {"a", "b", "c"},
		`{"leader":null,"sync_standby":null}`:                      {},
		`{"leader":"a","sync_standby":""}`:                         {},
	} {
		got, err := parseSync([]byte(body))
		if err != nil || got == nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", body, got, err)
		}
	}
	if got, err := parseSync([]byte(`{"sync_standby":["a"]}`)); err == nil || got != nil {
		t.Errorf("a list was taken: %q", got)
	}
}

func TestAlarmText(t *testing.T) {
	member, kind, ok := parseAlarm("memberID:15315719592556045757 alarm:NOSPACE ")
	if !ok || member != 15315719592556045757 || kind != "NOSPACE" {
		t.Errorf("%d %s %v", member, kind, ok)
	}
	for _, text := range []string{"etcdserver: no leader", "", "memberID:-1 alarm:NOSPACE", "memberID:7"} {
		if _, _, ok := parseAlarm(text); ok {
			t.Errorf("%q is an alarm", text)
		}
	}
}

func TestMemberHost(t *testing.T) {
	for url, want := range map[string]string{
		"postgres://172.16.113.201:5432/postgres": "172.16.113.201", "postgres://u:p@db1:5432/x": "db1",
		"postgres://[fd00::1]:5432/x": "fd00::1", "nonsense": "", "": "",
	} {
		if got := parseMemberHost([]byte(`{"conn_url":"` + url + `"}`)); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
}

func TestUnitsOfARealHost(t *testing.T) {
	b, err := os.ReadFile("testdata/healthy_final-patroni-4.0.7/node1/systemctl_show.txt")
	if err != nil {
		t.Fatal(err)
	}
	asked := []string{}
	for l := range strings.Lines(string(b)) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(l), "Id="); ok {
			asked = append(asked, strings.TrimSuffix(id, ".service"))
		}
	}
	active, files, _ := parseUnits(strings.TrimSpace(string(b)), asked)
	if len(active) < 8 || active["patroni"] != "active" || active["etcd-patroni"] != "active" || files["patroni"] != "enabled" {
		t.Errorf("units %v, files %v", active, files)
	}
}

func TestUnits(t *testing.T) {
	block := func(id, load, active, file string) string {
		return "Id=" + id + "\nLoadState=" + load + "\nActiveState=" + active + "\nUnitFileState=" + file
	}
	// The unit was asked for as redis and is called redis-server: the order decides.
	body := strings.Join([]string{
		block("redis-server.service", "loaded", "active", "enabled"), block("nope.service", "not-found", "inactive", ""),
		block("patroni.service", "masked", "inactive", "masked"), block("etcd.service", "loaded", "failed", "disabled"),
	}, "\n\n")
	active, files, _ := parseUnits(body, []string{"redis", "nope", "patroni", "etcd.service"})
	for unit, want := range map[string][2]string{
		"redis": {"active", "enabled"}, "nope": {"not-found", "not-found"}, "patroni": {"inactive", "masked"}, "etcd": {"failed", "disabled"},
	} {
		if active[unit] != want[0] || files[unit] != want[1] {
			t.Errorf("%s: %s, %s", unit, active[unit], files[unit])
		}
	}
	for _, bad := range []string{"", "Failed to connect to bus", block("a.service", "loaded", "", ""), body + "\n\n" + block("b", "loaded", "active", "")} {
		if a, f, _ := parseUnits(bad, []string{"redis", "nope", "patroni", "etcd.service"}); a != nil || f != nil {
			t.Errorf("%q: %v", bad, a)
		}
	}
}

const hostText = `Debian GNU/Linux 13: authorised use only
--recon-start
1795423663.250000000
--recon-hostname
netbox-node-1
--recon-load
0.42 0.40 0.38 1/312 4471
--recon-cpus
2
--recon-memory
MemAvailable:    8123456 kB
--recon-uptime
4521.33 8840.10
--recon-addresses
1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever
2: eth0@if11    inet 172.16.113.201/24 brd 172.16.113.255 scope global eth0\       valid_lft forever
2: eth0@if11    inet 172.16.113.204/24 scope global secondary eth0\       valid_lft forever
2: eth0@if11    inet6 fe80::d80f:c3ff:fefc:2a07/64 scope link \       valid_lft forever
--recon-units
--recon-synced
NTPSynchronized=no
--recon-disk
/var/lib/postgresql/17/patroni
/dev/mapper/vg-data  1000 910 90  91% /var/lib/post gresql
--recon-disk
/var/lib/etcd
--recon-patroni
scope: "pgclusternetbox"   # computed
namespace: /service/pgcluster/
--recon-end
1795423663.350000000
`

func TestHostOutput(t *testing.T) {
	f, err := parseHost([]byte(hostText), nil)
	if err != nil {
		t.Fatal(err)
	}
	if f.hostname != "netbox-node-1" || value(f.load1) != "0.42" || value(f.cpus) != "2" || value(f.memoryMB) != "7933" || value(f.uptime) != "4521.33" {
		t.Errorf("%+v", f)
	}
	if !slices.Equal(f.addresses, []string{"172.16.113.201", "172.16.113.204", "fe80::d80f:c3ff:fefc:2a07"}) {
		t.Errorf("addresses %v", f.addresses)
	}
	if f.units != nil || value(f.synced) != "false" || value(f.scope) != "pgclusternetbox" || value(f.namespace) != "/service/pgcluster/" {
		t.Errorf("units %v, synced %v, scope %v", f.units, value(f.synced), value(f.scope))
	}
	want := Disk{Mount: "/var/lib/post gresql", Path: "/var/lib/postgresql/17/patroni", Bytes: 1024000, Free: 92160, Percent: 91}
	if len(f.disks) != 1 || f.disks[0] != want {
		t.Errorf("disks %+v", f.disks)
	}
}

// A container has its kernel's uptime and an init of its own; on a host both are as old as each other.
func TestUptime(t *testing.T) {
	for body, want := range map[string]float64{
		"4521.33 8840.10": 4521.33,
		"4521.33 8840.10\n1 (systemd) S 0 1 1 0 -1 4194560 7801 98911 79 1 41 66 301 91 20 0 1 0 33 23064576 3251 18446744073709551615 1 1 0":     4521,
		"4521.33 8840.10\n1 (a) b (c) S 0 1 1 0 -1 4194560 7801 98911 79 1 41 66 301 91 20 0 1 0 449133 23064576 3251 18446744073709551615 1 1 0": 30,
		"4521.33 8840.10\n1 (systemd) S 0 1": 4521.33,
		"4521.33 8840.10\n1 (systemd) S 0 1 1 0 -1 4194560 7801 98911 79 1 41 66 301 91 20 0 1 0 999999999 2306": 4521.33,
	} {
		if got := parseUptime(body); got == nil || *got < want-0.01 || *got > want+0.01 {
			t.Errorf("%q: %v, not %g", body, got, want)
		}
	}
	for _, body := range []string{"", "x", "\n1 (systemd) S 0 1 1 0 -1 4194560 7801 98911 79 1 41 66 301 91 20 0 1 0 33 2306"} {
		if got := parseUptime(body); got != nil {
			t.Errorf("%q: %g", body, *got)
		}
	}
}

func TestHostThatSaysNothing(t *testing.T) {
	for _, out := range []string{"", "This account is currently not available.\n", "--recon-", "--recon-other\nx"} {
		if _, err := parseHost([]byte(out), nil); err == nil {
			t.Errorf("%q was taken for an answer", out)
		}
	}
	f, err := parseHost([]byte("--recon-start\ndate: not found\n--recon-load\n--recon-cpus\nmany\n--recon-memory\nx -5\n--recon-end\n%s.%N\n"), []string{"a"})
	if err != nil || f.start != nil || f.load1 != nil || f.cpus != nil || f.memoryMB != nil || f.addresses != nil || f.units != nil || f.disks != nil {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestClockOffset(t *testing.T) {
	sent := time.Unix(1000, 0)
	at := func(s float64) *time.Time { x := time.Unix(1000, int64(s*1e9)); return &x }
	for name, tc := range map[string]struct {
		back       time.Time
		start, end *time.Time
		want       string
	}{
		"exact":            {*at(0.2), at(0.05), at(0.15), "0"},
		"3 s ahead":        {*at(0.2), at(3.05), at(3.15), "3"},
		"1 s behind":       {*at(0.2), at(-0.95), at(-0.85), "-1"},
		"slow script":      {*at(2.2), at(0.1), at(2.1), "0"},
		"slow way":         {*at(2.2), at(1.05), at(1.15), "nil"},
		"too slow a way":   {*at(0.6), at(0.2), at(0.25), "nil"},
		"no clock":         {*at(0.2), nil, at(0.1), "nil"},
		"stepped backward": {*at(0.2), at(5), at(4), "nil"},
	} {
		if got := value(clockOffset(sent, tc.back, tc.start, tc.end)); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestScriptQuotesWhatTheFileSays(t *testing.T) {
	s := hostScript(hostQuestions{
		units: []string{"a'; reboot; '", "-x"}, paths: []string{"/data'$(reboot)"}, patroniConfig: "/etc/`reboot`.yml",
		keepalived: "/etc/k'`reboot`/k.conf", certificate: "/etc/c$(reboot)'/c.pem",
	})
	for _, want := range []string{`'a'\''; reboot; '\''.service'`, "-- 'a", `'/data'\''$(reboot)'`, "'/etc/`reboot`.yml'", "'/etc/k'\\''`reboot`/k.conf'", "'/etc/c$(reboot)'\\''/c.pem'"} {
		if !strings.Contains(s, want) {
			t.Errorf("the script lacks %s:\n%s", want, s)
		}
	}
}

func TestWordsOfErrors(t *testing.T) {
	if got := line(strings.Repeat("ü", 5000)); len(got) > longest+len("…") || strings.ContainsRune(got, '\ufffd') {
		t.Errorf("a long line became %d bytes: %q", len(got), got[:20])
	}
	if got := firstWords([]byte("<html><h1>Bad</h1> <b>gateway</b> one two three four five six seven eight")); got != "Bad gateway one two three four five six …" {
		t.Errorf("%q", got)
	}
}

// What waits for a restart is told by Patroni 4 with both values, by Patroni 3 not at all.
func TestReasonsAndPlans(t *testing.T) {
	for body, want := range map[string]struct {
		reasons  []string
		restart  string
		failsafe bool
	}{
		`{"state": "running", "role": "replica", "pending_restart": true}`: {reasons: []string{}},
		`{"state": "running", "role": "primary", "pending_restart": true, "pending_restart_reason": {"shared_buffers": {"old_value": "2GB", "new_value": "1GB"},
			"max_connections": {"old_value": 200, "new_value": null}}}`: {reasons: []string{"max_connections: 200 to default", "shared_buffers: 2GB to 1GB"}},
		`{"state": "running", "role": "primary", "failsafe_mode_is_active": true, "scheduled_restart": {"schedule": "2026-11-24T02:00:00+00:00",
			"postmaster_start_time": "x", "timeout": 30}}`: {reasons: []string{}, restart: "2026-11-24T02:00:00+00:00", failsafe: true},
	} {
		r, err := parseReport([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		a := answer[patroniFacts]{fact: patroniFacts{report: r}, began: time.Unix(1, 0), ended: time.Unix(1, 0)}
		m := member(inventory.Node{Name: "n"}, a, moment{now: time.Unix(1, 0)})
		if !reflect.DeepEqual(m.Reasons, want.reasons) || m.FailsafeOn != want.failsafe || (m.Restart == nil) != (want.restart == "") || m.Restart != nil && *m.Restart != want.restart {
			t.Errorf("%s: %+v", body, m)
		}
	}
	h := aged([]Switch{{At: "2026-11-23T09:39:55.5+00:00"}, {At: ""}, {At: "yesterday"}}, time.Date(2026, 11, 23, 9, 40, 0, 0, time.UTC))
	if h[0].Age == nil || *h[0].Age != 4.5 || h[1].Age != nil || h[2].Age != nil {
		t.Errorf("%+v", h)
	}
}

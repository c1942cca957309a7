package probes_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"recon/internal/gate"
	"recon/probes"
	"recon/probes/probestest"
)

func TestWordsAndVarsAreTheSameNames(t *testing.T) {
	words, vars := probes.Words(), probes.Vars(probestest.Healthy())
	for name, typ := range words {
		if got := reflect.TypeOf(vars[name]); got != typ {
			t.Errorf("%s is a %v in Vars and a %v in Words", name, got, typ)
		}
	}
	if len(words) != 18 || len(vars) != len(words) {
		t.Errorf("words %v, vars %v", words, vars)
	}
}

// Everything that can be named says what it is.
func TestEveryWordHasAMeaning(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(path string, typ reflect.Type)
	walk = func(path string, typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] || typ.PkgPath() == "time" {
			return
		}
		seen[typ] = true
		for f := range typ.Fields() {
			if !f.IsExported() || f.Tag.Get("gate") == "-" {
				continue
			}
			if f.Anonymous {
				walk(path, f.Type)
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" || f.Tag.Get("about") == "" {
				t.Errorf("%s.%s has no name or no meaning", path, f.Name)
			}
			if g := f.Tag.Get("gate"); g != "" && g != "nil" {
				t.Errorf("%s.%s: gate %q is not known", path, f.Name, g)
			}
			walk(path+"."+name, f.Type)
		}
	}
	walk("", reflect.TypeFor[probes.State]())
}

func names(nodes []probes.Node) string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.Name[len(n.Name)-1:])
	}
	return strings.Join(out, " ")
}

func TestLookups(t *testing.T) {
	s := probestest.Healthy()
	s.Patroni.Members[1].Name = "pg2" // Patroni may call a member otherwise than the cluster file calls its node
	inv := probestest.Inventory()
	inv.Etcd.Nodes = []string{probestest.Node1, probestest.Node2}

	if n, ok := probes.NodeByName(s, "pg2"); !ok || n.Name != probestest.Node2 {
		t.Errorf("node of pg2: %v %v", n.Name, ok)
	}
	if m, ok := probes.MemberByName(s, probestest.Node2); !ok || m.Name != "pg2" {
		t.Errorf("member on node 2: %v %v", m.Name, ok)
	}
	if _, ok := probes.NodeByName(s, "nobody"); ok {
		t.Error("nobody was found")
	}
	if nodes, ok := probes.Role(s, inv, "etcd"); !ok || names(nodes) != "1 2" {
		t.Errorf("etcd runs on %s", names(nodes))
	}
	if _, ok := probes.Role(s, inv, "redis"); ok {
		t.Error("there is no redis in this cluster file")
	}
	if _, ok := probes.Role(s, nil, "etcd"); ok {
		t.Error("without a cluster file there are no roles")
	}
	if nodes, ok := probes.Others(s, "pg2"); !ok || names(nodes) != "1 3" {
		t.Errorf("others than pg2: %s", names(nodes))
	}
}

// The words and functions work in real expressions, and what is not seen does not pass there.
func TestExpressions(t *testing.T) {
	inv := probestest.Inventory()
	scope := probes.Scope(inv)
	for _, tc := range []struct {
		state  *probes.State
		expr   string
		answer gate.Answer
	}{
		{probestest.Healthy(), `patroni.leader != nil && etcd.quorum`, gate.Pass},
		{probestest.Healthy(), `node("netbox-node-1").units["patroni"] == "active"`, gate.Pass},
		{probestest.Healthy(), `member("netbox-node-1").state == "streaming" && member("netbox-node-1").timeline == patroni.leader.timeline`, gate.Pass},
		{probestest.Healthy(), `database(patroni.leader.node).in_recovery`, gate.Fail},
		{probestest.Healthy(), `len(others(patroni.leader)) == 2 && none(others(patroni.leader), .name == patroni.leader.node)`, gate.Pass},
		{probestest.Healthy(), `all(role("etcd"), .reachable)`, gate.Pass},
		{probestest.Healthy(), `etcd_member("netbox-node-3").leads`, gate.Pass},
		{probestest.Healthy(), `vips["db"].holder == patroni.leader.node`, gate.Pass},
		{probestest.Healthy(), `all(addresses(), .holder == patroni.leader.node)`, gate.Pass},
		{probestest.LeaderLost(), `any(addresses(), len(.holders) == 0)`, gate.Unknown},
		{probestest.Healthy(), `node("nobody").reachable`, gate.Unknown},
		{probestest.LeaderDead(), `patroni.leader == nil && !member(patroni.lock_holder).reachable`, gate.Pass},
		{probestest.LeaderDead(), `member(patroni.lock_holder).role == "replica"`, gate.Unknown},
		{probestest.LeaderDead(), `member(patroni.lock_holder).listed_role == "leader"`, gate.Pass},
		{probestest.LeaderLost(), `vips["db"].holder == "netbox-node-1"`, gate.Unknown},
		{probestest.LeaderLost(), `patroni.leader == nil && !member(patroni.lock_holder).reachable && !member(patroni.lock_holder).refused`, gate.Pass},
		{probestest.Diverged(), `patroni.leader != nil && any(patroni.members, .state == "start failed")`, gate.Pass},
		{probestest.QuorumLost(), `etcd.quorum`, gate.Fail},
		{probestest.QuorumLost(), `patroni.leader == nil && etcd.leader == nil && patroni.lock_holder == "netbox-node-3"`, gate.Pass},
		{&probes.State{}, `patroni.leader == nil`, gate.Unknown},
	} {
		e, err := gate.Compile(tc.expr, scope)
		if err != nil {
			t.Errorf("%s: %v", tc.expr, err)
			continue
		}
		if r := e.Eval(probes.Vars(tc.state)); r.Answer != tc.answer {
			t.Errorf("%s: %v, want %v; %s %+v", tc.expr, r.Answer, tc.answer, r.Unseen, r.Parts)
		}
	}
}

func TestFunctionsSayWhatTheyRead(t *testing.T) {
	for name, f := range probes.Scope(nil).Funcs {
		if f.Doc == "" || f.Path == "" || f.Type.NumOut() != 1 {
			t.Errorf("%s: %+v", name, f)
		}
		_, unseen := f.Call(probes.Vars(probestest.Healthy()), []any{"nobody"})
		if unseen == "" && f.Type.NumIn() > 0 {
			t.Errorf("%s finds nobody", name)
		}
	}
	if got := slices.Sorted(maps.Keys(probes.Scope(nil).Funcs)); !slices.Equal(got, []string{
		"addresses", "database", "etcd_member", "haproxy_member", "keepalived_member", "member", "netbox_member", "node", "others", "pgbouncer_member",
		"reach_of", "redis_member", "role", "sentinel_member", "web_member",
	}) {
		t.Errorf("functions %v", got)
	}
}

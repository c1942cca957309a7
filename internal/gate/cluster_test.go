package gate

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// The structs of the tests have the shape of the console's own State.

type State struct {
	At      time.Time        `json:"at"`
	Secret  string           `json:"secret" gate:"-"`
	Etcd    Etcd             `json:"etcd" about:"the store"`
	Patroni Patroni          `json:"patroni" about:"the agents"`
	Nodes   []Node           `json:"nodes" about:"the hosts"`
	VIPs    map[string]VIP   `json:"vips" about:"the floating addresses"`
	Holders map[string][]VIP `json:"holders"`
}

type Seen struct {
	Reachable bool   `json:"reachable" about:"it answered"`
	Error     string `json:"error"`
}

func (s Seen) Blind(field string) string {
	if field == "reachable" || field == "error" || s.Reachable {
		return ""
	}
	return s.Error
}

type Etcd struct {
	Quorum *bool    `json:"quorum" about:"a majority answers"`
	Term   *uint64  `json:"term"`
	Alarms []string `json:"alarms"`
}

// Blind has a pointer receiver on purpose: it must be asked as well.
func (e *Etcd) Blind(field string) string {
	if field == "quorum" && e.Quorum == nil {
		return "not enough endpoints answered"
	}
	return ""
}

type Patroni struct {
	Members    []Member  `json:"members" about:"all members"`
	Replicas   []*Member `json:"replicas"`
	Leader     *Member   `json:"leader" gate:"nil" about:"who leads, or nil"`
	LockHolder *string   `json:"lock_holder" gate:"nil"`
	Disputed   string    `json:"disputed"`
	Unseen     string    `json:"-"`
}

func (p Patroni) Blind(field string) string {
	if field == "leader" && p.Disputed != "" {
		return p.Disputed
	}
	if field == "leader" || field == "lock_holder" {
		return p.Unseen
	}
	return ""
}

type Member struct {
	Name string `json:"name" about:"its name"`
	Seen
	State     string            `json:"state" about:"streaming, running, ..."`
	Role      string            `json:"role"`
	Timeline  *int              `json:"timeline"`
	Lag       *int64            `json:"lag"`
	Tags      map[string]string `json:"tags"`
	Followers []Follower        `json:"followers"`
	Self      *Member           `json:"self"`
}

func (m Member) Blind(field string) string {
	if field == "name" {
		return ""
	}
	return m.Seen.Blind(field)
}

type Follower struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

type Node struct {
	Name  string            `json:"name"`
	Units map[string]string `json:"units"`
	Load  *float64          `json:"load"`
	Disks []Disk            `json:"disks"`
}

type Disk struct {
	Mount   string  `json:"mount"`
	Percent float64 `json:"percent"`
}

type VIP struct {
	Holder *string `json:"holder" gate:"nil"`
}

func ptr[T any](v T) *T { return &v }

// healthy is a cluster of three: netbox-node-2 leads, netbox-node-1 does not start, netbox-node-3 does not answer.
func cluster() *State {
	up := Seen{Reachable: true}
	members := []Member{
		{Name: "netbox-node-1", Seen: up, State: "start failed", Role: "replica", Timeline: ptr(6), Lag: ptr(int64(4096)), Tags: map[string]string{"nofailover": "true"}},
		{Name: "netbox-node-2", Seen: up, State: "running", Role: "leader", Timeline: ptr(7), Followers: []Follower{{"netbox-node-1", "catchup"}}},
		{Name: "netbox-node-3", Seen: Seen{Error: "connection timed out"}},
	}
	return &State{
		Secret:  "s3cret",
		Etcd:    Etcd{Quorum: ptr(true), Term: ptr(uint64(9)), Alarms: []string{}},
		Patroni: Patroni{Members: members, Leader: &members[1], LockHolder: ptr("netbox-node-2")},
		Nodes: []Node{
			{Name: "netbox-node-1", Units: map[string]string{"patroni": "active"}, Load: ptr(0.25), Disks: []Disk{{"/", 91}}},
			{Name: "netbox-node-2"},
		},
		VIPs: map[string]VIP{"db": {Holder: ptr("netbox-node-2")}, "web": {}},
	}
}

// scope has the sections as names, a function, and inputs that are only known at run time.
func scope() Scope {
	s := Scope{
		Vars: map[string]reflect.Type{"inputs": Record(map[string]reflect.Type{"member": reflect.TypeFor[string](), "most": reflect.TypeFor[int]()})},
		Funcs: map[string]Func{
			"member": {
				Type: reflect.TypeFor[func(string) Member](), Doc: "the member of that name", Path: "patroni.members",
				Call: func(vars map[string]any, args []any) (any, string) {
					p := vars["patroni"].(Patroni)
					for i := range p.Members {
						if p.Members[i].Name == args[0].(string) {
							return &p.Members[i], ""
						}
					}
					return nil, "there is no member " + args[0].(string)
				},
			},
			"others": {
				Type: reflect.TypeFor[func(any) []Member](),
				Call: func(vars map[string]any, args []any) (any, string) {
					var all []Member
					for _, m := range vars["patroni"].(Patroni).Members {
						if m.Name != args[0].(Member).Name {
							all = append(all, m)
						}
					}
					return all, ""
				},
			},
		},
	}
	vars := map[string]reflect.Type{}
	for _, f := range fieldsOf(reflect.TypeFor[State]()) {
		vars[f.name] = f.typ.t
	}
	return s.WithVars(vars)
}

func (s *State) vars() map[string]any {
	return map[string]any{
		"etcd": s.Etcd, "patroni": s.Patroni, "nodes": s.Nodes, "vips": s.VIPs,
		"inputs": map[string]any{"member": "netbox-node-1", "most": 3},
	}
}

func mustCompile(t testing.TB, src string, s Scope) *Expr {
	t.Helper()
	e, err := Compile(src, s)
	if err != nil {
		t.Fatalf("Compile(%q): %v", src, err)
	}
	return e
}

// answers checks expressions, one a line with the answer in front, on a state.
func answers(t *testing.T, vars map[string]any, table string) {
	t.Helper()
	for line := range strings.Lines(table) {
		want, src, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		r := mustCompile(t, strings.TrimSpace(src), scope()).Eval(vars)
		if r.Answer.String() != want {
			t.Errorf("%s is %s (%s), want %s", src, r.Answer, r.Unseen, want)
		}
		if (r.Value == nil) != (r.Unseen != "") || (r.Answer == Unknown) != (r.Value == nil) {
			t.Errorf("%s: Value %v, Unseen %q, Answer %s do not agree", src, r.Value, r.Unseen, r.Answer)
		}
	}
}

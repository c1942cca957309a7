package lab

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

type play struct {
	Name   string
	Hosts  string
	Serial int
	Roles  []string
	Tasks  []struct {
		Role struct {
			Name string
			From string `yaml:"tasks_from"`
		} `yaml:"ansible.builtin.import_role"`
	}
}

func site(t *testing.T) []play {
	t.Helper()
	data, err := os.ReadFile("../../runbooks/ansible/site.yml")
	if err != nil {
		t.Fatal(err)
	}
	var plays []play
	if err := yaml.Unmarshal(data, &plays); err != nil {
		t.Fatal(err)
	}
	return plays
}

// What a role asks for is there before it, and a VIP comes after what it leads to.
func TestOrderOfTheRoles(t *testing.T) {
	var order []string
	for _, p := range site(t) {
		group, _, _ := strings.Cut(p.Hosts, "[")
		if group != "all" && !slices.Contains(order, group) {
			order = append(order, group)
		}
	}
	want := []string{"etcd", "patroni", "redis", "sentinel", "pgbouncer", "haproxy", "web", "keepalived", "netbox"}
	if !slices.Equal(order, want) {
		t.Errorf("the order is %v, want %v", order, want)
	}
	for _, group := range want {
		if !strings.Contains(text("ansible/hosts.yml"), "\n"+group+":") {
			t.Errorf("the lab's inventory has no group %s", group)
		}
	}
}

// What restarts, reloads or starts something does so on one host after the other.
func TestNothingRestartsEverywhereAtOnce(t *testing.T) {
	seen := 0
	for _, p := range site(t) {
		for _, task := range p.Tasks {
			switch task.Role.From {
			case "restart", "start", "apply":
				seen++
				if p.Serial != 1 {
					t.Errorf("%q runs %s of %s with serial %d", p.Name, task.Role.From, task.Role.Name, p.Serial)
				}
			}
		}
	}
	if seen < 7 {
		t.Errorf("only %d plays restart, start or apply something", seen)
	}
	// Elsewhere only what forms something new may start it, and nothing may restart or reload.
	for _, role := range []string{"redis", "sentinel", "pgbouncer", "haproxy", "web", "keepalived", "netbox"} {
		data, err := os.ReadFile("../../runbooks/ansible/roles/" + role + "/tasks/main.yml")
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"state: restarted", "state: reloaded", "state: stopped", "handlers", "notify"} {
			if strings.Contains(string(data), word) {
				t.Errorf("%s/tasks/main.yml has %q: it runs on all hosts at once", role, word)
			}
		}
	}
}

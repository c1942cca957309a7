package lab

import (
	"fmt"
	"os"
	"testing"

	"github.com/goccy/go-yaml"
)

// The numbers of the role's defaults. A failed check takes its weight from the priority; the highest priority holds the
// VIP. keepalived keeps priorities between 1 and 254.
type vrrpWeights struct {
	Priority int `yaml:"keepalived_priority"`
	Step     int `yaml:"keepalived_step"`
	HAProxy  int `yaml:"keepalived_weight_haproxy"`
	Leader   int `yaml:"keepalived_weight_leader"`
	Web      int `yaml:"keepalived_weight_web"`
	NetBox   int `yaml:"keepalived_weight_netbox"`
}

func roleWeights(t *testing.T) vrrpWeights {
	t.Helper()
	data, err := os.ReadFile("../../runbooks/ansible/roles/keepalived/defaults/main.yml")
	if err != nil {
		t.Fatal(err)
	}
	var w vrrpWeights
	if err := yaml.Unmarshal(data, &w); err != nil {
		t.Fatal(err)
	}
	if w.Priority == 0 || w.Step == 0 || w.HAProxy == 0 || w.Leader == 0 || w.Web == 0 || w.NetBox == 0 {
		t.Fatalf("the defaults lack a number: %+v", w)
	}
	return w
}

// holder is the node that wins, and whether the priorities are different and in keepalived's range.
func (w vrrpWeights) holder(nodes int, penalty func(node int) int) (int, error) {
	best, at, seen := -1, -1, map[int]bool{}
	for i := range nodes {
		p := w.Priority - w.Step*i + penalty(i)
		if p < 1 || p > 254 {
			return 0, fmt.Errorf("node %d has the priority %d", i+1, p)
		}
		if seen[p] {
			return 0, fmt.Errorf("two nodes have the priority %d", p)
		}
		seen[p] = true
		if p > best {
			best, at = p, i
		}
	}
	return at, nil
}

// Every set of dead HAProxies (web proxies), for every place of the leader and every set of failing NetBoxes: single
// failures are among them. The VIP may stay where nothing answers only when nothing answers anywhere.
func TestNoVIPStaysWhereNothingAnswers(t *testing.T) {
	w := roleWeights(t)
	for _, nodes := range []int{2, 3, 5} {
		for dead := range 1 << nodes {
			for leader := -1; leader < nodes; leader++ {
				at, err := w.holder(nodes, func(i int) int {
					p := 0
					if dead>>i&1 == 1 {
						p += w.HAProxy
					}
					if i != leader {
						p += w.Leader
					}
					return p
				})
				if err != nil {
					t.Errorf("%d nodes, dead HAProxies %03b, leader %d: %v", nodes, dead, leader+1, err)
				}
				if dead>>at&1 == 1 && dead != 1<<nodes-1 {
					t.Errorf("%d nodes, dead HAProxies %03b, leader %d: the db VIP is on node %d", nodes, dead, leader+1, at+1)
				}
				if dead == 0 && leader >= 0 && at != leader {
					t.Errorf("%d nodes, leader %d: the db VIP is on node %d", nodes, leader+1, at+1)
				}
			}
			for failing := range 1 << nodes {
				at, err := w.holder(nodes, func(i int) int { return dead>>i&1*w.Web + failing>>i&1*w.NetBox })
				if err != nil {
					t.Errorf("%d nodes, dead proxies %03b, failing NetBoxes %03b: %v", nodes, dead, failing, err)
				}
				if dead>>at&1 == 1 && dead != 1<<nodes-1 {
					t.Errorf("%d nodes, dead proxies %03b, failing NetBoxes %03b: the web VIP is on node %d", nodes, dead, failing, at+1)
				}
				if dead == 0 && failing>>at&1 == 1 && failing != 1<<nodes-1 {
					t.Errorf("%d nodes, failing NetBoxes %03b: the web VIP is on node %d", nodes, failing, at+1)
				}
			}
		}
	}
}

// The reference deployment's numbers (200, 190, 180, every check -30) leave the VIP on a dead HAProxy: the test above would
// have seen it.
func TestTheWeightsTestSeesTheReferencesDefect(t *testing.T) {
	w := vrrpWeights{Priority: 200, Step: 10, HAProxy: -30, Leader: -30}
	at, err := w.holder(3, func(i int) int {
		if i == 0 {
			return w.HAProxy
		}
		return w.Leader
	})
	if err != nil || at != 0 {
		t.Errorf("node %d, %v; want node 1 with its dead HAProxy", at+1, err)
	}
}

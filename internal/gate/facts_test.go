package gate

import "testing"

func TestFactsOfACluster(t *testing.T) {
	answers(t, cluster().vars(), `
pass     patroni.leader != nil && any(patroni.members, .state == "start failed")
pass     patroni.leader.name != inputs.member
pass     etcd.quorum
pass     patroni.leader.timeline + 1 == 8
pass     patroni.leader == member("netbox-node-2")
fail     patroni.leader == member("netbox-node-1")
unknown  patroni.leader == member("netbox-node-9")
fail     all(patroni.members, .reachable)
unknown  all(patroni.members, .name != "x" && .lag != 1)
pass     any(patroni.members, .lag > 100)
unknown  member("netbox-node-3").state == "streaming"
pass     member("netbox-node-3").name == "netbox-node-3"
fail     member("netbox-node-3").reachable
pass     member("netbox-node-3").error contains "timed out"
pass     nodes[0].units["patroni"] == "active"
unknown  nodes[0].units["redis"] == "active"
fail     "redis" in nodes[0].units
unknown  nodes[1].units["patroni"] == "active"
unknown  "patroni" in nodes[1].units
pass     vips.db.holder == "netbox-node-2"
pass     vips["web"].holder == nil
fail     vips.web.holder == "netbox-node-2"
pass     vips.web.holder != "netbox-node-2"
unknown  vips.none.holder == nil
unknown  any(nodes, .load > 0.5)
pass     any(nodes, .load > 0.1)
pass     any(nodes, any(.disks, .percent > 90))
unknown  all(nodes, all(.disks, .percent > 90))
pass     len(etcd.alarms) == 0
unknown  all(etcd.alarms, # != "")
pass     count(patroni.members, .state == "running") == 1 || true
unknown  count(patroni.members, .state == "running") == 1
pass     count(patroni.members, .state == "running") >= 1
fail     count(patroni.members, .state == "running") > 2
pass     find(patroni.members, .state == "start failed").name == "netbox-node-1"
unknown  find(patroni.members, .state == "streaming").name == "netbox-node-1"
unknown  len(filter(patroni.members, .role != "leader")) == 2
pass     len(filter(patroni.members, .role != "leader")) >= 1
pass     any(others(patroni.leader), .name == "netbox-node-3")
pass     1 < patroni.leader.timeline <= 7
pass     patroni.members | filter(.reachable) | len() == 2
pass     "netbox-node-2" in map(patroni.members, .name)
pass     patroni.leader in patroni.members
unknown  any(patroni.replicas, .reachable)
pass     etcd.quorum ? patroni.leader.timeline == 7 : false
pass     first(patroni.members).name == "netbox-node-1"
pass     last(patroni.members).name == "netbox-node-3"
pass     patroni.members[-1].name == "netbox-node-3"
unknown  patroni.members[3].name == "netbox-node-3"
pass     none(patroni.members, .name == "x")
pass     one(patroni.members, .name == "netbox-node-1")
pass     patroni.leader.name matches "^netbox-node-[0-9]$"
pass     patroni.leader.name not in ["a", "b"]
pass     not (etcd.term == 10)
pass     inputs.most in 1..3
`)
}

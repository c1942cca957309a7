package runbooks

import (
	"time"

	"recon/probes"
	"recon/probes/probestest"
)

func verdict(s *probes.State, i int, word string) { s.Reach.Nodes[i].Verdict = word }

func sshGone(s *probes.State, i int) {
	n := &s.Nodes[i]
	*n = probes.Node{Name: n.Name, Address: n.Address, Seen: probestest.Silent(n.Seen, 20*time.Second)}
	s.Keepalived.Members[i] = probes.KeepalivedMember{Node: n.Name, Seen: n.Seen}
	for name, v := range s.VIPs {
		v.Holders, v.Holder, v.Unseen = []string{}, nil, n.Name+": did not answer"
		s.VIPs[name] = v
	}
}

// hostFailures are the failures of NetBox, the web proxies, the hosts and the network, one at a time.
func hostFailures() []recognised {
	return []recognised{
		{
			name: "NetBox died", book: "netbox-down", because: "NetBox is down on netbox-node-2; 2 of 3 answer", also: []string{"netbox-502"},
			broken: func(s *probes.State) {
				m := &s.NetBox.Members[1]
				*m = probes.NetBoxMember{Node: m.Node, Seen: probestest.RefusedBy(m.Seen, 20*time.Second)}
				s.NetBox.Answered, s.Nodes[1].Services["netbox"], s.Web.Members[1].Code = 2, "failed", 502
			},
		},
		{
			name: "NetBox answers 500", book: "netbox-502", because: "errors from proxy netbox-node-1, application netbox-node-1",
			broken: func(s *probes.State) { s.NetBox.Members[0].Code, s.Web.Members[0].Code = 500, 500 },
		},
		{
			name: "a proxy died", book: "web-down", because: "the web proxy is down on netbox-node-1; 2 of 3 answer",
			broken: func(s *probes.State) {
				m := &s.Web.Members[0]
				*m = probes.WebMember{Node: m.Node, Seen: probestest.RefusedBy(m.Seen, 20*time.Second)}
				s.Web.Answered, s.Nodes[0].Services["web"] = 2, "failed"
			},
		},
		{
			name: "the login fails", book: "users-path-fails", because: "login fails, reads work; all parts look well",
			broken: func(s *probes.State) { s.Service.Login.Seen = probestest.Silent(s.Service.Login.Seen, 20*time.Second) },
		},
		{
			name: "reads fail", book: "users-path-fails", because: "login works, reads fail; all parts look well",
			broken: func(s *probes.State) { s.Service.Reads.Seen = probestest.Silent(s.Service.Reads.Seen, 20*time.Second) },
		},
		{
			name: "workers are missing", book: "netbox-workers-missing", because: "workers registered: 2, nodes: 3",
			broken: func(s *probes.State) { s.NetBox.Workers = s.NetBox.Workers[:2] },
		},
		{
			name: "no worker at all", book: "netbox-workers-missing", because: "workers registered: 0, nodes: 3",
			broken: func(s *probes.State) { s.NetBox.Workers = []probes.Worker{} },
		},
		{
			name: "a worker's unit is down", book: "netbox-worker-down", because: "no worker runs on netbox-node-1",
			broken: func(s *probes.State) { s.Nodes[0].Services["worker"] = "inactive" },
		},
		{
			name: "a worker hangs", book: "netbox-worker-stale", because: "no heartbeat for 10 min from workers on netbox-node-2",
			broken: func(s *probes.State) { s.NetBox.Workers[1].Heartbeat = 900 },
		},
		{
			name: "jobs wait", book: "netbox-jobs-wait", because: "over 50 jobs wait in default; 3 workers",
			broken: func(s *probes.State) { s.NetBox.Queues[1].Waiting = 412 },
		},
		{
			name: "versions differ", book: "netbox-versions-differ",
			because: "NetBox: 4.4.1, 4.4.0, 4.4.1 on netbox-node-1, netbox-node-2, netbox-node-3",
			broken:  func(s *probes.State) { s.NetBox.Members[1].Version, s.NetBox.Version = "4.4.0", nil },
		},
		{
			name: "a certificate ends soon", book: "certificate-ends-soon", because: "under 30 days left for the certificate on netbox-node-1",
			broken: func(s *probes.State) { s.Web.Members[0].CertificateDays = 12 },
		},
		{
			name: "a certificate has ended", book: "certificate-ended", because: "the certificate has ended on netbox-node-1",
			broken: func(s *probes.State) { s.Web.Members[0].CertificateDays = -1.2 },
		},
		{
			name: "a certificate of another name", book: "certificate-wrong-name", because: "the certificate lacks the name in the url on netbox-node-1",
			broken: func(s *probes.State) { s.Web.Members[0].CertificateMatches = false },
		},
		{
			name: "different certificates", book: "certificate-differs", because: "the certificate differs from that of netbox-node-1 on netbox-node-3",
			broken: func(s *probes.State) { s.Web.Members[2].CertificatePrint = "77aa" },
		},
		{
			name: "a certificate that is not served", book: "certificate-not-served", because: "the certificate file is not the one that is served on netbox-node-2",
			broken: func(s *probes.State) { s.Web.Members[1].FileServed = false },
		},
		{
			name: "another key", book: "certificate-key-mismatch", because: "the key file does not belong to the certificate on netbox-node-2",
			broken: func(s *probes.State) {
				s.Web.Members[1].FileKeyMatches = false
			},
		},
		{
			name: "a full disk", book: "host-disk-full", because: "over 95 % used on netbox-node-2",
			broken: func(s *probes.State) { s.Nodes[1].Disks[0].Percent = 96.3 },
		},
		{
			name: "no inodes", book: "host-disk-full", because: "over 95 % used on netbox-node-2",
			broken: func(s *probes.State) { s.Nodes[1].Disks[1].InodesPercent = ptr(99.0) },
		},
		{
			name: "a disk fills", book: "host-disk-filling", because: "over 85 % used, or full within 4 h, on netbox-node-3",
			broken: func(s *probes.State) { s.Nodes[2].Disks[0].FullIn = ptr(3000.0) },
		},
		{
			name: "a read-only file system", book: "host-disk-read-only", because: "a file system with data is read-only on netbox-node-1",
			broken: func(s *probes.State) { s.Nodes[0].Disks[0].ReadOnly = ptr(true) },
		},
		{
			name: "no memory", book: "host-memory", because: "under 5 % of memory available on netbox-node-2",
			broken: func(s *probes.State) { s.Nodes[1].MemoryMB = ptr(300) },
		},
		{
			name: "a failed unit", book: "host-unit-failed", because: "failed: nightly-backup on netbox-node-2",
			broken: func(s *probes.State) { s.Nodes[1].FailedUnits = []string{"nightly-backup"} },
		},
		{
			name: "a reboot", book: "host-reboot-pending", because: "updates wait for a reboot on netbox-node-1, netbox-node-2",
			broken: func(s *probes.State) { s.Nodes[0].RebootPending, s.Nodes[1].RebootPending = ptr(true), ptr(true) },
		},
		{
			name: "clocks differ", book: "clock-spread", because: "clocks are 3.1 s apart",
			broken: func(s *probes.State) {
				s.Nodes[0].ClockOffset, s.Nodes[1].ClockOffset, s.Nodes[2].ClockOffset = ptr(0.0), ptr(3.1), ptr(0.0)
			},
		},
		{
			name: "a clock on its own", book: "clock-not-synced", because: "not synchronised: netbox-node-1",
			broken: func(s *probes.State) { s.Nodes[0].ClockSynced, s.Cluster.Environment = ptr(false), "production" },
		},
		{
			name: "not enabled", book: "service-not-enabled", because: "a service is not enabled at boot on netbox-node-3",
			broken: func(s *probes.State) { s.Nodes[2].ServiceFiles["patroni"] = "disabled" },
		},
		{
			name: "stopped everywhere", book: "service-stopped-everywhere", because: "stopped on every host, and not failed: keepalived ",
			also: []string{"keepalived-down", "vip-nowhere"},
			broken: func(s *probes.State) {
				for i := range s.Nodes {
					s.Nodes[i].Services["keepalived"], s.Keepalived.Members[i].Active = "inactive", false
				}
				held(s)
			},
		},
		{
			name: "most hosts are silent", book: "console-cannot-see", because: "1 of 3 hosts answer this console over ssh",
			broken: func(s *probes.State) { sshGone(s, 0); sshGone(s, 1) },
		},
		{
			name: "a host is dead", book: "host-dead", because: "nobody reaches netbox-node-2: neither this console nor the other nodes",
			also: []string{"patroni-leader-crash"}, // it led before the present leader, as the history says
			broken: func(s *probes.State) {
				sshGone(s, 1)
				verdict(s, 1, "dead")
				silence := func(x *probes.Seen) { *x = probestest.Silent(*x, 20*time.Second) }
				silence(&s.Etcd.Members[1].Seen)
				silence(&s.Patroni.Members[1].Seen)
				silence(&s.Postgres.Members[1].Seen)
				silence(&s.Redis.Members[1].Seen)
				silence(&s.Sentinel.Members[1].Seen)
				silence(&s.HAProxy.Members[1].Seen)
				silence(&s.PgBouncer.Members[1].Seen)
				silence(&s.Web.Members[1].Seen)
				silence(&s.NetBox.Members[1].Seen)
				s.Etcd.Answered, s.Patroni.Answered, s.Redis.Answered, s.Sentinel.Answered = 2, 2, 2, 2
				s.HAProxy.Answered, s.PgBouncer.Answered, s.Web.Answered, s.NetBox.Answered = 2, 2, 2, 2
			},
		},
		{
			name: "a node is alone", book: "node-alone", because: "netbox-node-2 answers this console and reaches no other node",
			broken: func(s *probes.State) { verdict(s, 1, "alone") },
		},
		{
			name: "a cut between two nodes", book: "network-cut", because: "nothing comes through: netbox-node-1 to netbox-node-2 etcd",
			broken: func(s *probes.State) {
				s.Reach.Broken = []probes.Link{{From: node1, To: node2, Service: "etcd", Port: 22380, Error: "did not answer"}}
			},
		},
		{
			name: "a node that others reach", book: "node-cut-off", because: "the other nodes reach netbox-node-2, this console does not",
			broken: func(s *probes.State) { sshGone(s, 1); verdict(s, 1, "cut off") },
		},
		{
			name: "no ssh", book: "ssh-down", because: "services answer and ssh does not on netbox-node-2",
			broken: func(s *probes.State) { sshGone(s, 1); verdict(s, 1, "ssh down") },
		},
		{
			name: "a layer without a trace", book: "nothing-deployed", because: "never ran on any of its hosts: sentinel",
			also: []string{"sentinel-down"},
			broken: func(s *probes.State) {
				for i := range s.Nodes {
					s.Nodes[i].Services["sentinel"], s.Nodes[i].ServiceFiles["sentinel"] = "not-found", "not-found"
					s.Nodes[i].NeverRan = []string{"sentinel"}
					s.Sentinel.Members[i].Reachable, s.Sentinel.Members[i].Refused = false, true
				}
			},
		},
		{
			name: "all hosts booted", book: "cold-start", because: "all 3 hosts booted within the last 10 min, and the database is not whole again",
			also: []string{"patroni-replica-behind"},
			broken: func(s *probes.State) {
				for i := range s.Nodes {
					s.Nodes[i].Uptime = ptr(42.0)
				}
				for i := range s.Patroni.Members {
					if !s.Patroni.Members[i].Primary {
						s.Patroni.Members[i].State = "starting"
					}
				}
			},
		},
	}
}

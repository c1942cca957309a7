//go:build lab

package e2e

import (
	"os"
	"testing"
	"time"
)

// TestAddNode deploys two bare hosts with ansible-playbook alone, names the third in the cluster file, and walks add-node: etcd's
// member, the replica, Redis, Sentinel, entry, NetBox, addresses. RECON_ADD_NODE asks for it; it takes a quarter of an hour.
func TestAddNode(t *testing.T) {
	if os.Getenv("RECON_ADD_NODE") == "" {
		t.Skip("RECON_ADD_NODE is not set")
	}
	labRun(t, "down")
	labRun(t, "up", "--bare")
	if os.Getenv("RECON_LAB_KEEP") == "" {
		defer labRun(t, "down")
	}
	began := time.Now()
	out, code := onConsole(t, "sh", "-ec", `sed '/netbox-node-3, address/d' answers.yml >two.yml
recon inventory init --answers two.yml
printf '#!/bin/sh\nexec recon inventory ansible\n' >inventory.sh
chmod +x inventory.sh
cd ansible
ansible-playbook -i ../inventory.sh site.yml -e @../vars.yml -e @../secrets.yml`)
	if code != 0 {
		t.Fatalf("the first two hosts: exit code %d\n%s", code, out)
	}
	t.Logf("two hosts, by ansible-playbook alone: %s", time.Since(began).Round(time.Second))

	if out, code := onConsole(t, "sed", "-i", `/netbox-node-2, address/a\  - {name: netbox-node-3, address: 172.16.113.203}`, "inventory.yaml"); code != 0 {
		t.Fatal(out)
	}
	began = time.Now()
	w := walkPlain(t, nil, "add-node", "--input", "node=netbox-node-3", "--input", "etcd=a member of etcd")
	w.completes()
	t.Logf("the third, by its book: %s with %d confirmations", time.Since(began).Round(time.Second), w.confirmations)
	if s := healthy(t); len(s.Etcd.Members) != 3 || len(s.Patroni.Replicas) != 2 || len(s.Keepalived.Members) != 3 {
		t.Errorf("etcd %d, replicas %d, keepalived %d", len(s.Etcd.Members), len(s.Patroni.Replicas), len(s.Keepalived.Members))
	}
}

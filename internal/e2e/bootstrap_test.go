//go:build lab

package e2e

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestBootstrap is the job of somebody who never built this stack: from three bare hosts to a healthy NetBox, every step
// confirmed, with what goes wrong on the way; then the roles once more, and a host that is lost and built again. RECON_BOOTSTRAP
// asks for it: `stops` ends when a host has died in the middle (a quarter of an hour), `healthy` when every role has run a
// second time (half an hour), `all` when the lost host is back (three quarters).
func TestBootstrap(t *testing.T) {
	last := map[string]string{"stops": "a host dies while the replicas copy", "healthy": "every role once more", "all": "a lost host is replaced"}[os.Getenv("RECON_BOOTSTRAP")]
	switch {
	case os.Getenv("RECON_BOOTSTRAP") == "":
		t.Skip("RECON_BOOTSTRAP is not set")
	case last == "":
		t.Fatalf("RECON_BOOTSTRAP is stops, healthy or all, and not %q", os.Getenv("RECON_BOOTSTRAP"))
	}
	// While a part is worked on: RECON_BOOTSTRAP_FROM begins with it, in the lab that RECON_LAB_KEEP left up.
	from := os.Getenv("RECON_BOOTSTRAP_FROM")
	if from == "" {
		labRun(t, "down")
		labRun(t, "up", "--bare")
	}
	if os.Getenv("RECON_LAB_KEEP") == "" {
		defer labRun(t, "down") // the other tests want the lab's own cluster
	}
	began := time.Now()
	for _, s := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"a cluster file", clusterFile},
		{"a disk is full", diskFull},
		{"an address is taken", addressTaken},
		{"a wrong password", wrongPassword},
		{"a host dies while the replicas copy", hostDies},
		{"to a healthy cluster", toHealthy},
		{"every role once more", onceMore},
		{"a lost host is replaced", replaced},
	} {
		if from != "" && from != s.name {
			continue
		}
		from = ""
		if !t.Run(s.name, s.run) {
			t.FailNow() // what follows rests on it
		}
		if s.name == last {
			break
		}
	}
	t.Logf("the whole way: %s", time.Since(began).Round(time.Second))
}

func clusterFile(t *testing.T) {
	onConsole(t, "sh", "-c", "umask 077 && echo a-word-for-the-vault > vault.pass")
	init := []string{"recon", "inventory", "init", "--answers", "answers.yml", "--vault", "--vault-password-file", "vault.pass"}
	if out, code := onConsole(t, init...); code != 0 || !strings.Contains(out, "recon walk bootstrap") {
		t.Fatalf("inventory init: exit code %d\n%s", code, out)
	}
	if out, code := onConsole(t, "sh", "-c", "stat -c %a secrets.yml && head -n 1 secrets.yml && recon inventory check"); code != 0 || !strings.HasPrefix(out, "600\n$ANSIBLE_VAULT") {
		t.Fatalf("what init wrote: exit code %d\n%s", code, out)
	}
	if _, code := onConsole(t, init...); code != 2 {
		t.Fatalf("init over existing files ends with %d", code)
	}
	s, _ := look(t)
	if len(s.Findings) == 0 {
		t.Errorf("bare hosts are no finding: %v", s.Reasons)
	}
	for _, f := range s.Findings {
		if f.Book != "nothing-deployed" {
			t.Errorf("hosts without a cluster are found to be %s: %s", f.Book, f.Because)
		}
	}
}

// onNode runs a command on a host of the lab, as root.
func onNode(t *testing.T, node string, args ...string) string {
	t.Helper()
	return labRun(t, append([]string{"exec", node, "--", "sudo", "-n"}, args...)...)
}

// bootstrap begins the walk.
func bootstrap(t *testing.T, more ...string) *walker {
	t.Helper()
	return walkPlain(t, map[string]string{"routers": "unused", "certificate": "2"}, append([]string{"bootstrap"}, more...)...)
}

// resumed goes on where the walk was left. What is worked on is not in a walk that began before: a walk keeps its books.
func resumed(t *testing.T) *walker {
	t.Helper()
	if anew {
		anew = false
		return bootstrap(t)
	}
	w := bootstrap(t, "--resume")
	w.retries = 1 // the step that the walk was left at is tried again
	return w
}

var anew = os.Getenv("RECON_BOOTSTRAP_FROM") != ""

// stopsSaying walks until a step does not go on and the words have been said, and leaves the walk there.
func (w *walker) stopsSaying(words ...string) {
	w.t.Helper()
	stopped := false
	w.before = func(line string) bool {
		if !stuck.MatchString(line) {
			return false
		}
		for _, word := range words {
			if !strings.Contains(w.history(), word) {
				return false
			}
		}
		stopped = true
		return true
	}
	w.walk()
	if !stopped {
		w.t.Fatalf("the walk did not stop saying %q:\n%s", words, w.history())
	}
	w.keys("C-c")
	w.dead(time.Minute)
}

func addressTaken(t *testing.T) {
	onNode(t, "netbox-node-3", "ip", "address", "add", "172.16.113.204/24", "dev", "eth0")
	resumed(t).stopsSaying("Nobody answers on the floating addresses", `captures.free[.name] == "free"`)
	onNode(t, "netbox-node-3", "ip", "address", "del", "172.16.113.204/24", "dev", "eth0")
}

func diskFull(t *testing.T) {
	onNode(t, "netbox-node-2", "sh", "-c", "mkdir -p /var/lib/postgresql && mount -t tmpfs -o size=64m full /var/lib/postgresql")
	bootstrap(t).stopsSaying("Room: disk, memory, open files", ".free >")
	onNode(t, "netbox-node-2", "umount", "/var/lib/postgresql")
}

// wrongPassword gives Ansible and recon a word that does not open the secrets.
func wrongPassword(t *testing.T) {
	onConsole(t, "sh", "-c", "cp -p vault.pass kept.pass && echo another-word > vault.pass")
	resumed(t).stopsSaying("Ansible reaches the hosts", "Decryption failed", "(/home/anna/secrets.yml)")
	onConsole(t, "sh", "-c", "mv kept.pass vault.pass")
}

// hostDies takes the power from a host in the middle of its copy of the database, and the cable with it: it boots again and stays
// away until somebody plugs it in.
func hostDies(t *testing.T) {
	const lost = "netbox-node-3"
	w := resumed(t)
	waiting := false
	w.before = func(line string) bool {
		if !waiting && strings.HasPrefix(line, "CHANGE on netbox-node-2, "+lost+":") {
			onNode(t, lost, "systemd-run", "--quiet", "--unit=dies", "sh", "-c",
				"until [ -e /var/lib/postgresql/17/patroni/PG_VERSION ]; do sleep 0.02; done; ip link set eth0 down; systemctl reboot --force --force")
			waiting = true
		}
		return waiting && stuck.MatchString(line)
	}
	w.walk()
	if !waiting {
		t.Fatalf("the replicas were never made:\n%s", w.history())
	}
	for _, words := range []string{lost, "Wait until it runs as leader or streams from it", "could not be reached"} {
		if !strings.Contains(w.history(), words) {
			t.Errorf("the walk does not say %q:\n%s", words, w.history())
		}
	}
	w.keys("C-c")
	w.dead(time.Minute)
	onNode(t, lost, "ip", "link", "set", "eth0", "up")
}

func toHealthy(t *testing.T) {
	began := time.Now()
	w := resumed(t)
	w.walk()
	if code := w.dead(10 * time.Second); code != "0" || !strings.Contains(w.history(), "The walk is completed") {
		t.Fatalf("the walk ended with %s:\n%s", code, w.history())
	}
	t.Logf("walked in %s with %d confirmations", time.Since(began).Round(time.Second), w.confirmations)
	healthy(t)
	calm(t)
}

func onceMore(t *testing.T) {
	began := time.Now()
	out, code := onConsole(t, "sh", "-c", "printf '#!/bin/sh\nexec recon inventory ansible\n' > inventory.sh && chmod +x inventory.sh && cd ansible && "+
		"ansible-playbook --vault-password-file ../vault.pass -i ../inventory.sh site.yml -e @../vars.yml -e @../secrets.yml")
	t.Logf("every role once more, by ansible-playbook alone: %s", time.Since(began).Round(time.Second))
	if code != 0 {
		t.Fatalf("%s", out)
	}
	recap := regexp.MustCompile(`(?m)^netbox-node-\d.*changed=(\d+).*failed=0`).FindAllStringSubmatch(out, -1)
	if len(recap) != 3 {
		t.Fatalf("the recap is not of three hosts:\n%s", out)
	}
	for _, r := range recap {
		if r[1] != "0" {
			t.Errorf("a second run changed %s things: %s", r[1], r[0])
		}
	}
}

func replaced(t *testing.T) {
	before := healthy(t)
	lost := before.Patroni.Replicas[0].Node
	labRun(t, "reset-host", lost)
	w := walkPlain(t, nil, "replace-node", "--input", "node="+lost)
	w.walk()
	if code := w.dead(10 * time.Second); code != "0" || !strings.Contains(w.history(), "The walk is completed") {
		t.Fatalf("the walk ended with %s:\n%s", code, w.history())
	}
	healthy(t)
	calm(t)
}

package lab

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFilesNameTheSameHostsAsThePlan(t *testing.T) {
	for _, path := range []string{"answers.yml", "ansible/hosts.yml"} {
		got := text(path)
		for _, h := range nodes() {
			if !strings.Contains(got, h.name) || !strings.Contains(got, h.address) {
				t.Errorf("%s lacks %s at %s", path, h.name, h.address)
			}
		}
	}
	made, err := clusterFiles(newSecrets().Secrets)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range made[:2] {
		for _, want := range []string{"scope: " + scope, dbVIP, webVIP, serverName, sentinelMaster} {
			if !strings.Contains(string(f.Data), want) {
				t.Errorf("%s lacks %s:\n%s", f.Name, want, f.Data)
			}
		}
	}
}

func TestSnapshotKeyFollowsTheRoles(t *testing.T) {
	tree := func(text string) fs.FS { return fstest.MapFS{"site.yml": {Data: []byte(text)}} }
	key := func(tree fs.FS) string {
		k, err := snapshotKey(tree)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	if first, again := key(tree("a")), key(tree("a")); first != again {
		t.Error("the same roles give two keys")
	}
	if key(tree("a")) == key(tree("b")) {
		t.Error("changed roles give the same key")
	}
	if key(tree("a")) == key(fstest.MapFS{"other.yml": {Data: []byte("a")}}) {
		t.Error("a renamed file gives the same key")
	}
}

// The library's own roles, as the lab gives them to Ansible: none may hold a secret or be without its defaults.
func TestRolesAreThere(t *testing.T) {
	roles := os.DirFS("../../runbooks/ansible")
	for _, path := range []string{
		"ansible.cfg", "site.yml", "README.md", "roles/common/tasks/main.yml", "roles/etcd/tasks/restart.yml", "roles/patroni/tasks/start.yml",
	} {
		if _, err := fs.Stat(roles, path); err != nil {
			t.Error(err)
		}
	}
	readme, err := fs.ReadFile(roles, "README.md")
	if err != nil {
		t.Fatal(err)
	}
	// What newSecrets gives is what the README calls required, or the roles would stop.
	for line := range strings.Lines(string(newSecrets().YAML())) {
		name, _, found := strings.Cut(line, ":")
		// This one is a value of patroni_roles, which vars.yml names.
		own := name == "recon_database_password"
		if found && !own && !strings.HasPrefix(line, "#") && !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("README.md does not explain %s", name)
		}
	}
}

func TestCheckFault(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string // part of the error; empty is fine
	}{
		{"kill-leader", nil, ""},
		{"stop-node", nil, ""},
		{"stop-node", []string{"netbox-node-2"}, ""},
		{"stop-node", []string{"console"}, "no node of the cluster"},
		{"stop-node", []string{"netbox-node-9"}, "the hosts are netbox-node-1"},
		{"stop-node", []string{"netbox-node-1", "netbox-node-2"}, "usage: recon lab break stop-node [NODE]"},
		{"kill-leader", []string{"x"}, "usage: recon lab break kill-leader"},
		{"kill", nil, "the faults are kill-leader"},
	} {
		err := checkFault(c.name, c.args)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s %v: %v", c.name, c.args, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s %v: %v, want %q", c.name, c.args, err, c.want)
		}
	}
}

func TestSecretsDiffer(t *testing.T) {
	s := newSecrets()
	seen := map[string]bool{s.root: true}
	for name, one := range s.Secrets {
		if len(one) < 20 && name != "keepalived_auth" || seen[one] {
			t.Errorf("secret %d characters long, or twice", len(one))
		}
		seen[one] = true
	}
}

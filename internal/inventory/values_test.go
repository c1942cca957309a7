package inventory

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestValues(t *testing.T) {
	t.Setenv("HOME", "/home/anna")
	c, err := Load(example)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, v := range c.Values() {
		if _, ok := got[v.Name]; ok {
			t.Errorf("%s is there twice", v.Name)
		}
		got[v.Name] = v.Value
	}
	for name, want := range map[string]string{
		"PATRONI_CONFIG": "/etc/patroni/patroni.yml", "PATRONI_SCOPE": "pgclusternetbox", "PATRONI_NAMESPACE": "/service/", "PATRONI_UNIT": "patroni",
		"ETCDCTL_API":       "3",
		"ETCDCTL_ENDPOINTS": "http://172.16.113.201:22379,http://172.16.113.202:22379,http://172.16.113.203:22379",
		"ETCD_DATA":         "/var/lib/etcd-patroni", "ETCD_UNIT": "etcd-patroni", "PGDATA": "/var/lib/postgresql/17/patroni",
		"PGBIN": "/usr/lib/postgresql/17/bin", "PGPORT": "5432", "SENTINEL_MASTER": "myredisetcd", "VIP_DB": "172.16.113.204",
		"VIP_DB_INTERFACE": "eth0", "VIP_WEB": "172.16.113.205", "WEB_UNIT": "angie", "NETBOX_WORKER_UNIT": "netbox-rq",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	for name, value := range got {
		if strings.Contains(name, "PASSWORD") || strings.Contains(value, "env:") {
			t.Errorf("%s=%s is a secret", name, value)
		}
	}
}

// TestAllValues: what a full cluster gives is what the vocabulary lists, and a cluster without services gives nothing.
func TestAllValues(t *testing.T) {
	full, _ := everything(t)
	names := func(list []Value) []string {
		var out []string
		for _, v := range list {
			if v.About == "" {
				t.Errorf("%s is not explained", v.Name)
			}
			if !strings.HasPrefix(v.Name, "VIP_") {
				out = append(out, v.Name)
			}
		}
		slices.Sort(out)
		return out
	}
	equal(t, "names", names(AllValues()), names(full.Values()))
	for _, v := range AllValues() {
		if v.Value != "" {
			t.Errorf("%s has the value %q", v.Name, v.Value)
		}
	}
	if got := parseAs(t, "f.yaml", small).Values(); len(got) > 0 {
		t.Errorf("a cluster without services gives %v", got)
	}
	c := parseAs(t, "f.yaml", "format: 1\ncluster: c\nnodes: [{name: n1, address: \"2001:db8::1\"}]\nservices: {etcd: {scheme: https}}\n")
	if got := c.Values()[1]; got.Value != "https://[2001:db8::1]:2379" {
		t.Errorf("endpoints of IPv6: %v", got)
	}
}

func TestLookups(t *testing.T) {
	c := parseAs(t, "f.yaml", `
format: 1
cluster: c
nodes: [{name: n1, address: 10.0.0.1}, {name: n2, address: 10.0.0.2}]
services:
  etcd: {nodes: [n2], password: env:A}
  patroni: {scope: s, unit: postgresql, password: env:B}
  postgres: {nodes: [n1], data_dir: /pg, bin_dir: /bin/pg, password: env:A}
  netbox: {nodes: [n2], unit: postgresql, token: prompt}
`)
	if n, ok := c.Node("n2"); !ok || n.Address != "10.0.0.2" {
		t.Errorf("n2 is %+v, %v", n, ok)
	}
	if n, ok := c.Node("n3"); ok || n.Name != "" {
		t.Errorf("n3 is %+v", n)
	}
	equal(t, "units of n1", c.Units("n1"), []string{"postgresql"})
	equal(t, "units of n2", c.Units("n2"), []string{"etcd", "postgresql", "netbox-rq"})
	equal(t, "units of nowhere", c.Units("n3"), []string(nil))
	equal(t, "roles", c.Roles(), []Role{
		{"etcd", []string{"n2"}, []string{"etcd"}},
		{"patroni", []string{"n1", "n2"}, []string{"postgresql"}},
		{"postgres", []string{"n1"}, nil},
		{"netbox", []string{"n2"}, []string{"postgresql", "netbox-rq"}},
	})
	equal(t, "secrets", c.Secrets(), []Secret{{ref: "env:A"}, {ref: "env:B"}, {ref: "prompt", what: "services.netbox.token"}})
}

func TestAnsible(t *testing.T) {
	t.Setenv("HOME", "/home/anna")
	c := parseAs(t, "/srv/c.yaml", `
format: 1
cluster: c
ssh: {user: deploy, keys: [~/.ssh/a, "/k/two words"], jump: [anna@bastion, inner], password: env:HUNTER2}
nodes:
  - {name: n1, address: 10.0.0.1}
  - {name: n2, address: 10.0.0.2, ssh: {port: 2222, jump: [], agent: false, config: none, keys: [], known_hosts: [known], become: {method: none}}}
  - {name: n3, address: 10.0.0.3, ssh: {config: my.conf, become: {method: su, user: ops, password: prompt}}}
services: {etcd: {}, patroni: {scope: s, nodes: [n3, n1]}, haproxy: {nodes: [n2]}}
`)
	var got bytes.Buffer
	if err := c.WriteAnsible(&got); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/ansible.json", got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/ansible.json")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the inventory", got.String(), string(want))
	if !json.Valid(got.Bytes()) || strings.Contains(got.String(), "HUNTER2") {
		t.Errorf("got %s", got.String())
	}
}

// TestAnsibleGroupsKeepNames: roles that name a cluster after the first group go on finding etcd there.
func TestAnsibleGroupsKeepNames(t *testing.T) {
	full, _ := everything(t)
	for group := range full.Ansible() {
		if group < "etcd" && group != "all" && group != "_meta" {
			t.Errorf("the group %s stands before etcd", group)
		}
	}
}

package setup

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func TestDefaults(t *testing.T) {
	a, warnings, err := three().Complete(anna())
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	if a.Cluster != "netbox" || a.Environment != "production" || a.SSHUser != "anna" || a.Become != "sudo" || a.Interface != "eth0" ||
		strings.Join(a.Networks, " ") != "10.0.0.0/24" || a.NetBoxSource != "release" || a.NetBoxVersion != "4.5.1" || len(a.SSHKeys) > 0 {
		t.Errorf("the defaults are %+v", a)
	}
	a, _, err = three().Complete(Machine{User: "root", Key: "~/.ssh/id_ed25519", Exists: func(string) bool { return true }})
	if err != nil || a.Become != "none" || len(a.SSHKeys) != 1 {
		t.Errorf("for root: %+v, %v", a, err)
	}
}

func TestMissingAnswersAreNamedAtOnce(t *testing.T) {
	_, _, err := Answers{}.Complete(anna())
	var wrong Wrong
	if !errors.As(err, &wrong) || len(wrong) != 1 || !strings.HasPrefix(wrong[0], "these answers are missing: nodes, db_vip, web_vip, server_name; ") {
		t.Errorf("got %v", err)
	}
	a := three()
	a.WebVIP, a.Interface, a.ServerName = "", "eth 0", "https://x"
	_, _, err = a.Complete(anna())
	if !errors.As(err, &wrong) || len(wrong) != 3 || !strings.Contains(wrong[0], "missing: web_vip;") {
		t.Errorf("got %v", err)
	}
}

func TestAnswersThatCannotBe(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Answers)
		fault  string
	}{
		{"cluster", func(a *Answers) { a.Cluster = "net box" }, "cluster: \"net box\" is not a name"},
		{"environment", func(a *Answers) { a.Environment = "prod" }, "environment: it cannot be \"prod\""},
		{"node IPv6", func(a *Answers) { a.Nodes[1].Address = "2001:db8::1" }, "nodes.2.address: 2001:db8::1 is not an IPv4 address"},
		{"node by name", func(a *Answers) { a.Nodes[1].Address = "n2.example.com" }, "is not an address, write an IP address"},
		{"node loopback", func(a *Answers) { a.Nodes[1].Address = "127.0.0.1" }, "every host's own"},
		{"node with prefix", func(a *Answers) { a.Nodes[1].Address = "10.0.0.12/24" }, "prefix length"},
		{"address twice", func(a *Answers) { a.Nodes[1].Address = "10.0.0.11" }, "host 2 has the address 10.0.0.11 already"},
		{"name twice", func(a *Answers) { a.Nodes[1].Name = "n1" }, "host 2 is called n1 already"},
		{"name of a group", func(a *Answers) { a.Nodes[1].Name = "etcd" }, "a group of Ansible's is"},
		{"name of the console", func(a *Answers) { a.Nodes[1].Name = "console" }, "cannot be called console"},
		{"bad name", func(a *Answers) { a.Nodes[1].Name = "n_$(reboot)" }, "nodes.2.name:"},
		{"user", func(a *Answers) { a.SSHUser = "an:na" }, "ssh_user: user is not a user name"},
		{"jump", func(a *Answers) { a.SSHJump = []string{"bastion:x"} }, "ssh_jump:"},
		{"become", func(a *Answers) { a.Become = "doas" }, "become: it cannot be \"doas\""},
		{"become none", func(a *Answers) { a.Become = "none" }, "become: anna is not root"},
		{"network", func(a *Answers) { a.Networks = []string{"10.0.0.5/24"} }, "did you mean 10.0.0.0/24?"},
		{"network IPv6", func(a *Answers) { a.Networks = []string{"2001:db8::/64"} }, "is not an IPv4 network"},
		{"network without the VIPs", func(a *Answers) { a.Networks = []string{"10.0.0.0/28"} }, "db_vip: it is not in the network of the host n1 (10.0.0.0/28)"},
		{"network of others", func(a *Answers) { a.Networks = []string{"10.1.0.0/24"} }, "networks: the host n1 (10.0.0.11) is in none of them"},
		{"network twice", func(a *Answers) { a.Networks = []string{"10.0.0.0/24", "10.0.0.0/24"} }, "stands there twice"},
		{"hosts in two networks", func(a *Answers) { a.Nodes[2].Address = "10.0.1.13" }, "missing: networks;"},
		{"interface", func(a *Answers) { a.Interface = "a/b" }, "interface:"},
		{"db VIP is a host", func(a *Answers) { a.DBVIP = "10.0.0.13" }, "db_vip: it is the address of the host n3"},
		{"db VIP elsewhere", func(a *Answers) { a.DBVIP = "10.0.9.21" }, "db_vip: it is not in the network of the host n1 (10.0.0.0/24)"},
		{"db VIP IPv6", func(a *Answers) { a.DBVIP = "fe80::1" }, "db_vip: fe80::1 is not an IPv4 address"},
		{"db VIP by name", func(a *Answers) { a.DBVIP = "db.example.com" }, "db_vip: "},
		{"broadcast", func(a *Answers) { a.DBVIP = "10.0.0.255" }, "the first or the last address"},
		{"one VIP", func(a *Answers) { a.WebVIP = "10.0.0.21" }, "web_vip: it is the other floating address"},
		{"one router id", func(a *Answers) { a.Networks, a.WebVIP = []string{"10.0.0.0/16"}, "10.0.1.21" }, "web_vip: it ends in 21 like the other"},
		{"router id 0", func(a *Answers) { a.Networks, a.WebVIP = []string{"10.0.0.0/16"}, "10.0.1.0" }, "web_vip: it ends in 0"},
		{"URL as a name", func(a *Answers) { a.ServerName = "https://netbox.example.com" }, "server_name: write the name alone"},
		{"address as a name", func(a *Answers) { a.ServerName = "10.0.0.22" }, "a certificate needs a name"},
		{"source", func(a *Answers) { a.NetBoxSource = "git" }, "netbox_source: it cannot be \"git\""},
		{"version", func(a *Answers) { a.NetBoxVersion = "v4.5.1" }, "netbox_version:"},
		{"old version", func(a *Answers) { a.NetBoxVersion = "4.4.9" }, "older than 4.5"},
		{"archive", func(a *Answers) { a.NetBoxArchive = "netbox.tar.gz" }, "netbox_archive: it is neither"},
		{"secret variable", func(a *Answers) { a.Vars = yaml.MapSlice{{Key: "redis_password", Value: "hunter2"}} }, "vars: redis_password is a secret"},
		{"variable", func(a *Answers) { a.Vars = yaml.MapSlice{{Key: "a b", Value: 1}} }, "vars: a b is not the name"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := three()
			tc.change(&a)
			if _, _, err := a.Complete(anna()); (err == nil) != (tc.fault == "") || err != nil && (!strings.Contains(err.Error(), tc.fault) || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("got %v, want %q", err, tc.fault)
			}
		})
	}
}

func TestFilesOfThisMachine(t *testing.T) {
	a := three()
	a.SSHKeys = []string{"~/.ssh/none"}
	a.NetBoxArchive = "/srv/none.tar.gz"
	_, _, err := a.Complete(Machine{User: "anna", Exists: func(string) bool { return false }})
	if err == nil || strings.Count(err.Error(), "there is no file") != 2 {
		t.Errorf("got %v", err)
	}
}

func TestWarnings(t *testing.T) {
	for n, want := range map[int]bool{1: true, 2: true, 3: false, 4: true, 5: false} {
		a := three()
		a.Nodes = append(a.Nodes, Node{"n4", "10.0.0.14"}, Node{"n5", "10.0.0.15"})[:n]
		_, warnings, err := a.Complete(anna())
		if err != nil || (len(warnings) == 1 && strings.Contains(warnings[0], "odd number")) != want {
			t.Errorf("%d hosts: %v, %v", n, warnings, err)
		}
	}
	a := three()
	a.Networks = []string{"0.0.0.0/0", "10.0.0.0/24"}
	if _, warnings, err := a.Complete(anna()); err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "0.0.0.0/0") {
		t.Errorf("everybody's network: %v, %v", warnings, err)
	}
}

func TestParseAnswers(t *testing.T) {
	a, err := ParseAnswers("a.yml", []byte("cluster: c\nnodes: [{name: n1, address: 10.0.0.1}]\nvars: {b: 1, a: {d: 2, c: 3}}\n"))
	if err != nil || a.Cluster != "c" || len(a.Nodes) != 1 || len(a.Vars) != 2 || a.Vars[0].Key != "b" {
		t.Errorf("got %+v, %v", a, err)
	}
	for text, want := range map[string]string{
		"cluster: c\nnode: []\n":     "a.yml:2:1: ",
		"nodes: 3\n":                 "a.yml:1:8: ",
		"cluster: [\n":               "a.yml:",
		strings.Repeat("#\n", 1<<20): "more than",
	} {
		if _, err := ParseAnswers("a.yml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// Flags win over the file, each for itself.
func TestOver(t *testing.T) {
	file := three()
	file.Cluster, file.Vars = "file", yaml.MapSlice{{Key: "a", Value: 1}}
	got := Answers{Cluster: "flag", Nodes: []Node{{"x", "10.0.0.9"}}}.Over(file)
	if got.Cluster != "flag" || len(got.Nodes) != 1 || got.DBVIP != file.DBVIP || len(got.Vars) != 1 {
		t.Errorf("got %+v", got)
	}
	if got = (Answers{}).Over(file); len(got.Nodes) != 3 {
		t.Errorf("got %+v", got)
	}
}

// The answers in docs/first-setup.md are answers.
func TestAnswersOfTheDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/first-setup.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(text), "```yaml\n")
	block, _, closed := strings.Cut(block, "```")
	if !found || !closed {
		t.Fatal("the document has no answers")
	}
	a, err := ParseAnswers("first-setup.md", []byte(block))
	if err != nil {
		t.Fatal(err)
	}
	a, warnings, err := a.Complete(anna())
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	if _, err := Make(a, NewSecrets(), Vault{}); err != nil {
		t.Error(err)
	}
}

package remote

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"recon/internal/inventory"
)

func TestConfigLines(t *testing.T) {
	for line, want := range map[string][]string{
		"":                                    nil,
		"  # Host x":                          nil,
		"Host a  b":                           {"host", "a", "b"},
		"\tUser=op":                           {"user", "op"},
		"User = op":                           {"user", "op"},
		"IdentityFile \"~/my key\" # mine":    {"identityfile", "~/my key"},
		"IdentityFile '/a b'":                 {"identityfile", "/a b"},
		"ProxyCommand ssh -W %h:%p x#y":       {"proxycommand", "ssh", "-W", "%h:%p", "x#y"},
		"Compression":                         {"compression"},
		"User \"\"":                           {"user", ""},
		"Match  originalhost a  exec \"x y\"": {"match", "originalhost", "a", "exec", "x y"},
	} {
		keyword, args, err := configLine(line)
		var got []string
		if keyword != "" {
			got = append([]string{keyword}, args...)
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, %v", line, got, err)
		}
	}
	if _, _, err := configLine(`User "op`); err == nil {
		t.Error("an open quotation mark was taken")
	}
}

func TestSSHConfig(t *testing.T) {
	for _, c := range []struct {
		name, text, keyword, want string
	}{
		{"first wins", "Host db1\n User a\nHost *\n User b\n", "user", "a"},
		{"other host", "Host db2\n User a\nHost *\n User b\n", "user", "b"},
		{"before any host", "User z\nHost db1\n User a\n", "user", "z"},
		{"negated", "Host * !db1\n User a\n", "user", ""},
		{"wildcard", "Host db?\n User a\n", "user", "a"},
		{"match all", "Match all\n User a\n", "user", "a"},
		{"match not all", "Match !all\n User a\n", "user", ""},
		{"match original", "Match originalhost db*,x\n User a\n", "user", "a"},
		{"match real name", "Host db1\n HostName real\nMatch host real\n User a\n", "user", "a"},
		{"match not real name", "Host db1\n HostName real\nMatch !host db1\n User a\n", "user", "a"},
		{"match local user", "Match localuser me\n User a\n", "user", "a"},
		{"match other local user", "Match localuser you\n User a\n", "user", ""},
		{"match user", "User op\nMatch user op\n Port 2\n", "port", "2"},
		{"match exec does not run", "Match exec \"touch RAN\"\n User a\n", "user", ""},
		{"match two, one is not known", "Match host db1 exec true\n User a\n", "user", ""},
		{"match final", "Match final host db1\n User a\n", "user", ""},
		{"match without a value", "Match host\n User a\n", "user", ""},
		{"unknown keywords", "Host db1\n FooBar yes\n User a\n", "user", "a"},
		{"include", "Include extra/*.conf\nUser b\n", "user", "included"},
		{"include in another host's section", "Host db2\n Include extra/*.conf\nHost *\n User b\n", "user", "b"},
		{"include of nothing", "Include none/*.conf\nUser b\n", "user", "b"},
		{"include of itself", "Include config\nUser b\n", "user", "!"},
		{"open quotation mark", "User \"b\n", "user", "!"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "extra"), 0o700); err != nil {
				t.Fatal(err)
			}
			files := map[string]string{"config": c.text, "extra/a.conf": "Host db2\n User wrong\nHost db1\n User included\n"}
			for name, text := range files {
				text = strings.ReplaceAll(text, "RAN", filepath.Join(dir, "RAN"))
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			conf, err := readSSHConfig(filepath.Join(dir, "config"), "db1", dir, "me")
			if (err != nil) != (c.want == "!") {
				t.Fatal(err)
			}
			if err == nil && conf.first(c.keyword) != c.want {
				t.Fatalf("%s is %q, want %q", c.keyword, conf.first(c.keyword), c.want)
			}
			if _, err := os.Stat(filepath.Join(dir, "RAN")); err == nil {
				t.Fatal("Match exec ran a program")
			}
		})
	}
}

func TestEndpoint(t *testing.T) {
	home := t.TempDir()
	me := local{user: "me", home: home, agent: "/run/agent"}
	usual := []string{filepath.Join(home, ".ssh", "known_hosts"), "/etc/ssh/ssh_known_hosts"}
	resolve := func(t *testing.T, config string, s inventory.SSH) (*endpoint, error) {
		s.Config = write(t, "config", config)
		return me.resolve(inventory.Node{Name: "db1", Address: "db1", SSH: s}, false)
	}
	t.Run("defaults", func(t *testing.T) {
		e, err := resolve(t, "", inventory.SSH{Agent: true, KnownHosts: usual})
		if err != nil {
			t.Fatal(err)
		}
		if e.user != "me" || e.addr() != "db1:22" || e.agent != "/run/agent" || !reflect.DeepEqual(e.knownHosts, usual) ||
			len(e.keys) != 3 || e.keys[0] != filepath.Join(home, ".ssh", "id_ed25519") {
			t.Fatalf("%+v", e)
		}
	})
	t.Run("ssh_config fills what the cluster file leaves open", func(t *testing.T) {
		e, err := resolve(t, "Host db1\n HostName 10.0.0.1\n User op\n Port 2222\n IdentityFile ~/k1\n IdentityFile /%r-%h\n"+
			" IdentitiesOnly yes\n IdentityAgent none\n ProxyJump a,b@c:2\n UserKnownHostsFile /k /dev/null\n HostKeyAlias alias\n",
			inventory.SSH{Agent: true, KnownHosts: usual})
		if err != nil {
			t.Fatal(err)
		}
		if e.user != "op" || e.addr() != "10.0.0.1:2222" || e.checked != "alias:22" || !e.onlyKeys || e.agent != "" ||
			!reflect.DeepEqual(e.keys, []string{home + "/k1", "/op-10.0.0.1"}) || !reflect.DeepEqual(e.jumps, []string{"a", "b@c:2"}) ||
			!reflect.DeepEqual(e.knownHosts, []string{"/k", "/etc/ssh/ssh_known_hosts"}) {
			t.Fatalf("%+v", e)
		}
	})
	t.Run("the cluster file wins", func(t *testing.T) {
		e, err := resolve(t, "HostName 10.0.0.1\nUser op\nPort 2222\nIdentityFile ~/k1\nProxyJump a\nUserKnownHostsFile /k\n",
			inventory.SSH{User: "deploy", Port: 22, Keys: []string{"/mine"}, Jump: []string{"j"}, KnownHosts: []string{"/known"}})
		if err != nil {
			t.Fatal(err)
		}
		if e.user != "deploy" || e.addr() != "10.0.0.1:22" || e.agent != "" || !reflect.DeepEqual(e.keys, []string{"/mine"}) ||
			!reflect.DeepEqual(e.jumps, []string{"j"}) || !reflect.DeepEqual(e.knownHosts, []string{"/known"}) {
			t.Fatalf("%+v", e)
		}
	})
	t.Run("what cannot be done is said", func(t *testing.T) {
		for config, says := range map[string]string{
			"ProxyCommand nc %h %p\n": "ProxyCommand", "Port x\n": "not a port", "Port 70000\n": "not a port",
		} {
			if _, err := resolve(t, config, inventory.SSH{}); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%q: %v", config, err)
			}
		}
		for _, config := range []string{"ProxyCommand none\n", "ProxyJump none\n"} {
			if e, err := resolve(t, config, inventory.SSH{}); err != nil || len(e.jumps) != 0 {
				t.Errorf("%q: %v", config, err)
			}
		}
	})
	t.Run("jump hosts", func(t *testing.T) {
		cluster := inventory.SSH{Keys: []string{"/k"}, Agent: true, KnownHosts: []string{"/known"}, Config: write(t, "config", "Host b*\n User bob\n IdentityFile /own\n")}
		n, err := jumpNode(cluster, []string{"first", "op@bastion:2200"})
		if err != nil {
			t.Fatal(err)
		}
		e, err := me.resolve(n, true)
		if err != nil {
			t.Fatal(err)
		}
		if e.user != "op" || e.addr() != "bastion:2200" || !reflect.DeepEqual(e.jumps, []string{"first"}) ||
			!reflect.DeepEqual(e.keys, []string{"/own", "/k"}) || !e.ssh.Password.IsZero() {
			t.Fatalf("%+v", e)
		}
		for _, spec := range []string{"", "op@", "h:x", "h:0"} {
			if _, err := jumpNode(cluster, []string{spec}); err == nil {
				t.Errorf("%q was taken", spec)
			}
		}
		if n, err := jumpNode(cluster, []string{"ssh://op@[fe80::1]:22"}); err != nil || n.Address != "fe80::1" || n.SSH.Port != 22 {
			t.Errorf("%+v, %v", n, err)
		}
	})
}

func FuzzSSHConfig(f *testing.F) {
	f.Add("Host a\n User=b\nMatch host x user y\nInclude z\nIdentityFile \"q\"\n")
	f.Add("Match !all\nHost !\nPort")
	f.Fuzz(func(t *testing.T, text string) {
		// Include could read the machine's own files.
		text = strings.ReplaceAll(strings.ToLower(text), "include", "x")
		conf, err := readSSHConfig(write(t, "config", text), "db1", "/nowhere", "me")
		if err != nil {
			return
		}
		for k, v := range conf.values {
			if k == "" || k == "host" || k == "match" || len(v) == 0 {
				t.Fatalf("%q has %q", k, v)
			}
		}
	})
}

package probes

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"recon/internal/inventory"
)

// run runs a script as a host does.
func run(t *testing.T, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "sh", "-c", "T=\n"+script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

func write(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// The configuration is that of a running Keepalived 2.3.3; the script is run by a real shell.
func TestKeepalivedOfARealHost(t *testing.T) {
	file, err := filepath.Abs("testdata/keepalived-2.3.3/keepalived.conf")
	if err != nil {
		t.Fatal(err)
	}
	out := run(t, keepalivedScript(file))
	if strings.Contains(out, "s3cr3tpw") {
		t.Fatalf("the password left the host:\n%s", out)
	}
	got := parseKeepalived(out)
	want := []VRRPInstance{
		{
			Name: "VI_DB", Interface: "eth0", RouterID: 204, Priority: 200, Addresses: []string{"172.16.113.204"},
			Tracks: []VRRPTrack{{"chk_haproxy", -100}, {"chk_leader", -30}},
		},
		{
			Name: "VI_WEB", Interface: "eth0", RouterID: 205, Priority: 200, Addresses: []string{"172.16.113.205"},
			Tracks: []VRRPTrack{{"chk_web", -100}, {"chk_netbox", -50}},
		},
	}
	if got.why != "" || !reflect.DeepEqual(got.instances, want) {
		t.Errorf("%q\n%+v", got.why, got.instances)
	}
}

func TestKeepalivedPasswordsStayOnTheHost(t *testing.T) {
	for name, text := range map[string]string{
		"own line":        "vrrp_instance A {\n authentication {\n auth_type PASS\n auth_pass s3cr3t\n }\n}",
		"one line":        "vrrp_instance A { priority 7\n authentication { auth_pass s3cr3t }\n}",
		"all in one":      "vrrp_instance A { authentication { auth_pass s3cr3t } }",
		"after a keyword": "vrrp_instance A {\n priority 7 auth_pass s3cr3t\n interface eth0 s3cr3t\n}",
		"variable":        "$PASS=s3cr3t\nvrrp_instance A {\n priority 7\n auth_pass $PASS\n}",
		"continued":       "vrrp_instance A {\n auth_pass \\\n s3cr3t\n priority 7\n}",
		"as priority":     "vrrp_instance A {\n priority s3cr3t\n}",
		"in a list":       "vrrp_instance A {\n virtual_ipaddress {\n 10.0.0.1 label s3cr3t\n }\n track_script {\n chk s3cr3t\n }\n}",
		"brace in it":     "vrrp_instance A {\n auth_pass a}{s3cr3t\n}",
		"included":        "include more.conf",
	} {
		folder := t.TempDir()
		write(t, folder, map[string]string{"k.conf": text + "\n", "more.conf": "vrrp_instance B {\n auth_pass s3cr3t\n}\n"})
		out := run(t, keepalivedScript(filepath.Join(folder, "k.conf")))
		if strings.Contains(out, "s3cr3t") || !strings.Contains(out, "vrrp_instance") {
			t.Errorf("%s:\n%s", name, out)
		}
	}
}

func TestKeepalivedIncludes(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, map[string]string{
		"k.conf":        "include conf.d/*.conf\ninclude " + folder + "/own.conf\n",
		"conf.d/a.conf": "vrrp_script chk_haproxy {\n weight -20\n}\n",
		"conf.d/b.conf": "vrrp_instance DB {\n virtual_router_id 51\n nopreempt\n virtual_ipaddress {\n 192.0.2.4/24 dev eth0\n }\n track_script {\n chk_haproxy\n }\n}\n",
		"own.conf":      "vrrp_instance WEB\n{\n priority 90\n track_script {\n chk_haproxy weight -7\n gone\n }\n}\n",
	})
	got := parseKeepalived(run(t, keepalivedScript(filepath.Join(folder, "k.conf"))))
	want := []VRRPInstance{
		{Name: "DB", RouterID: 51, Priority: 100, Addresses: []string{"192.0.2.4"}, NoPreempt: true, Tracks: []VRRPTrack{{"chk_haproxy", -20}}},
		{Name: "WEB", Priority: 90, Addresses: []string{}, Tracks: []VRRPTrack{{"chk_haproxy", -7}}},
	}
	if got.why != "" || !reflect.DeepEqual(got.instances, want) {
		t.Errorf("%q\n%+v", got.why, got.instances)
	}
	if err := os.Remove(filepath.Join(folder, "own.conf")); err != nil {
		t.Fatal(err)
	}
	if got := parseKeepalived(run(t, keepalivedScript(filepath.Join(folder, "k.conf")))); got.instances != nil || !strings.Contains(got.why, "own.conf") {
		t.Errorf("a file that is not read: %+v", got)
	}
	if got := parseKeepalived(run(t, keepalivedScript(folder+"/none.conf"))); got.instances != nil || !strings.Contains(got.why, "no such configuration") {
		t.Errorf("no file: %+v", got)
	}
}

func TestKeepalivedHalfUnderstoodIsNotTold(t *testing.T) {
	for body, want := range map[string]string{
		"":                                "whole configuration",
		"vrrp_instance A\n{\n}":           "whole configuration",
		"closed":                          "may not be read",
		"}\n" + complete:                  "braces",
		"vrrp_instance A\n{\n" + complete: "braces",
		"vrrp_instance A\n{\npriority ?\n}\n" + complete:          "priority",
		"vrrp_instance A\n{\npriority 256\n}\n" + complete:        "priority",
		"vrrp_instance A\n{\nvirtual_router_id 0\n}\n" + complete: "virtual_router_id",
		"vrrp_script A\n{\nweight 254\n}\n" + complete:            "weight",
		"vrrp_instance A\n{\nconditional\n}\n" + complete:         "conditions",
		strings.Repeat("{\n", 60) + complete:                      "braces",
	} {
		if got := parseKeepalived(body); got.instances != nil || !strings.Contains(got.why, want) {
			t.Errorf("%q: %+v", body, got)
		}
	}
}

func FuzzKeepalived(f *testing.F) {
	f.Add("vrrp_script c\n{\nweight -5\n}\nvrrp_instance A\n{\npriority 7\nvirtual_ipaddress\n{\n10.0.0.1/24\n}\ntrack_script\n{\nc weight 3 reverse\n}\n}\n" + complete)
	f.Add("}\n{\n" + complete)
	f.Fuzz(func(t *testing.T, body string) {
		got := parseKeepalived(body)
		if (got.instances == nil) != (got.why != "") {
			t.Errorf("%+v: either instances or a reason", got)
		}
		safe(t, got.why)
		for _, i := range got.instances {
			safe(t, append(i.Addresses, i.Name, i.Interface)...)
			for _, x := range i.Tracks {
				safe(t, x.Script)
			}
		}
	})
}

func TestKeepalivedSection(t *testing.T) {
	c := &inventory.Cluster{
		Nodes:      []inventory.Node{{Name: "a", Address: "192.0.2.1"}, {Name: "b", Address: "192.0.2.2"}, {Name: "c", Address: "192.0.2.3"}},
		VIPs:       []inventory.VIP{{Name: "db", Address: "192.0.2.4"}, {Name: "web", Address: "192.0.2.5"}},
		Keepalived: &inventory.Service{On: inventory.On{Nodes: []string{"a", "b", "c"}}, Unit: "keepalived"},
	}
	now := time.Unix(1000, 0)
	r := newRaw()
	told := func(state string, config *keepalivedConfig, addresses ...string) answer[hostFacts] {
		return answer[hostFacts]{began: now, ended: now, fact: hostFacts{
			units: map[string]string{"keepalived": state}, addresses: addresses, keepalived: config,
		}}
	}
	r.hosts["a"] = told("active", &keepalivedConfig{instances: []VRRPInstance{{Name: "DB", RouterID: 7, Priority: 9, Addresses: []string{"192.0.2.4"}}}}, "192.0.2.1", "192.0.2.4", "192.0.2.5")
	r.hosts["b"] = told("failed", &keepalivedConfig{why: "closed to us"}, "192.0.2.2")
	r.hosts["c"] = answer[hostFacts]{began: now, ended: now, err: "did not answer within 4 s"}
	s := assemble(c, r, moment{now: now}, newMemory(c))
	k := s.Keepalived
	if k.Unseen != "" || len(k.Members) != 3 || k.Stuck != nil {
		t.Fatalf("%+v", k)
	}
	if a := k.Members[0]; !a.Active || !reflect.DeepEqual(a.Holds, []string{"db", "web"}) || a.Blind("instances") != "" || a.Instances[0].Priority != 9 {
		t.Errorf("a: %+v", a)
	}
	if b := k.Members[1]; b.Active || len(b.Holds) != 0 || b.Blind("instances") != "closed to us" || b.Blind("active") != "" {
		t.Errorf("b: %+v", b)
	}
	if c := k.Members[2]; c.Blind("active") != "did not answer within 4 s" || c.Blind("holds") == "" || c.Blind("instances") == "" {
		t.Errorf("c: %+v", c)
	}
}

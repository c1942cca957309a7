package probes

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"recon/internal/twin/shell"
)

// The script runs on a simulated host as it does on a real one, and the parser understands what that answers.
func TestHostScriptOnASimulatedHost(t *testing.T) {
	clock := time.Date(2025, 11, 3, 12, 0, 0, 250e6, time.UTC)
	h := &shell.Host{
		Name: "pg1", FS: shell.NewFS(func() time.Time { return clock }), Now: func() time.Time { return clock },
		Users: []shell.User{{Name: "deploy", UID: 1000, GID: 1000}},
	}
	h.Commands = map[string]shell.Command{
		"ip": func(_ context.Context, c *shell.Call) int {
			fmt.Fprintln(c.Stdout, "2: eth0    inet 10.0.0.11/24 brd 10.0.0.255 scope global eth0\\       valid_lft forever preferred_lft forever")
			return 0
		},
		"systemctl": func(_ context.Context, c *shell.Call) int {
			if slices.Contains(c.Args, "show") {
				fmt.Fprint(c.Stdout, "Id=patroni.service\nNRestarts=2\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n")
			}
			return 0
		},
		"timedatectl": func(_ context.Context, c *shell.Call) int { fmt.Fprintln(c.Stdout, "NTPSynchronized=yes"); return 0 },
		"dpkg":        func(context.Context, *shell.Call) int { return 0 },
		"openssl": func(_ context.Context, c *shell.Call) int {
			fmt.Fprint(c.Stdout, "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n")
			return 0
		},
	}
	h.FS.Mount(shell.Mount{Point: "/var/lib/postgresql", Source: "/dev/vdb", Type: "ext4", Options: "ro,relatime", Bytes: 1 << 30, Inodes: 1000, Base: 1 << 29})
	for name, text := range map[string]string{
		"/etc/patroni/config.yml":         "scope: pgclusteretcd\nnamespace: /service/\n",
		"/etc/keepalived/keepalived.conf": "include /etc/keepalived/extra.conf\nvrrp_instance db {\n  interface eth0\n  priority 101 # x\n  virtual_ipaddress {\n    10.0.0.100/24\n  }\n}\n",
		"/etc/keepalived/extra.conf":      "vrrp_script chk {\n  script \"/usr/bin/check secret\"\n  weight -5\n}\n",
		"/etc/ssl/netbox.crt":             "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
		"/etc/ssl/netbox.key":             "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n",
	} {
		dir := name[:strings.LastIndex(name, "/")]
		if err := h.FS.MkdirAll(dir, 0o755, "root:root"); err != nil {
			t.Fatal(err)
		}
		if err := h.FS.WriteFile(name, []byte(text), 0o644, "root:root"); err != nil {
			t.Fatal(err)
		}
	}
	shell.StandardProc(h, shell.Facts{})
	script := hostScript(hostQuestions{
		units: []string{"patroni"}, paths: []string{"/", "/var/lib/postgresql/17/main"}, patroniConfig: "/etc/patroni/config.yml",
		keepalived: "/etc/keepalived/keepalived.conf", certificate: "/etc/ssl/netbox.crt",
	})
	var out, stderr bytes.Buffer
	status := h.Run(t.Context(), shell.Spec{Line: "exec /bin/sh -c " + quote(script), User: "deploy", Stdout: &out, Stderr: &stderr})
	if status != 0 || stderr.Len() > 0 {
		t.Fatalf("status %d\n%s", status, &stderr)
	}
	f, err := parseHost(out.Bytes(), []string{"patroni"})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%s units=%v restarts=%v load=%s cpus=%s memory=%s/%s synced=%s uptime=%s nonlocal=%s reboot=%s failed=%v scope=%s namespace=%s addresses=%v start=%v",
		f.hostname, f.units, f.restarts, value(f.load1), value(f.cpus), value(f.memoryMB), value(f.memoryAll), value(f.synced), value(f.uptime), value(f.nonlocal),
		value(f.reboot), f.failed, value(f.scope), value(f.namespace), f.addresses, f.start.Sub(clock))
	want := "pg1 units=map[patroni:active] restarts=map[patroni:2] load=0.08 cpus=2 memory=2588/3918 synced=true uptime=86400 nonlocal=false " +
		"reboot=false failed=[] scope=pgclusteretcd namespace=/service/ addresses=[10.0.0.11] start=0s"
	if got != want {
		t.Errorf("\n got %s\nwant %s\n%s", got, want, &out)
	}
	if len(f.disks) != 2 || f.disks[0].Path != "/var/lib/postgresql/17/main" || value(f.disks[0].ReadOnly) != "true" || value(f.disks[1].ReadOnly) != "false" {
		t.Errorf("disks %+v\n%s", f.disks, &out)
	} else if p := f.disks[0].Percent; int(p) != 50 {
		t.Errorf("percent %v", p)
	}
	if f.keepalived == nil || f.certificate == nil {
		t.Errorf("keepalived %+v, certificate %+v\n%s", f.keepalived, f.certificate, &out)
	}
	if strings.Contains(out.String(), "secret") || strings.Contains(out.String(), "PRIVATE") {
		t.Errorf("a secret left the host:\n%s", &out)
	}
}

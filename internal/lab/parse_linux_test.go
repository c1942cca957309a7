package lab

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestParseMounts(t *testing.T) {
	const info = `21 1 254:0 / / rw - ext4 /dev/vda rw
60 21 0:43 / /var/lib/recon-lab/run/hosts/a/root rw - overlay overlay rw
61 21 0:4 net:[1] /var/lib/recon-lab/run/net/a rw - nsfs nsfs rw
62 21 0:44 / /var/lib/recon-lab-2/root rw - overlay overlay rw
`
	got := parseMounts(info, "/var/lib/recon-lab")
	want := []string{"/var/lib/recon-lab/run/net/a", "/var/lib/recon-lab/run/hosts/a/root"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSaysReady(t *testing.T) {
	// As systemd-nspawn 252 sends it.
	if saysReady("STATUS=Container running.\nX_NSPAWN_LEADER_PID=4711") {
		t.Error("ready before it said so")
	}
	if !saysReady("READY=1\n") {
		t.Error("not ready although it said so")
	}
}

func TestParseUnits(t *testing.T) {
	// As systemctl show of systemd 257 answers for several units.
	got := parseUnits("Id=ssh.service\nLoadState=loaded\nActiveState=active\n\nId=patroni.service\nLoadState=masked\nActiveState=inactive\n\n" +
		"Id=x.service\nLoadState=masked\nActiveState=failed\n")
	if want := map[string]string{"ssh": "active", "patroni": "masked", "x": "failed"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestStarted(t *testing.T) {
	if started(os.Getpid()) == "gone" {
		t.Error("this process is gone")
	}
	if got := started(0); got != "gone" {
		t.Errorf("process 0 started at %s", got)
	}
}

func TestHealthy(t *testing.T) {
	const good = `{"members":[
		{"name":"a","role":"leader","state":"running","timeline":3},
		{"name":"b","role":"sync_standby","state":"streaming","timeline":3,"lag":0},
		{"name":"c","role":"replica","state":"streaming","timeline":3,"lag":"unknown"}]}`
	for _, c := range []struct{ name, from, to, want string }{
		{"healthy", "", "", ""},
		{"two leaders", "sync_standby\",\"state\":\"streaming", "leader\",\"state\":\"running", "2 leaders"},
		{"no synchronous standby", "sync_standby", "replica", "0 synchronous"},
		{"still starting", `"state":"streaming","timeline":3,"lag":0`, `"state":"starting"`, "b (sync_standby) is starting"},
		{"old timeline", `"timeline":3,"lag":0`, `"timeline":2,"lag":0`, "different timelines"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var v view
			if err := json.Unmarshal([]byte(strings.Replace(good, c.from, c.to, 1)), &v); err != nil {
				t.Fatal(err)
			}
			err := v.healthy(3)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err := v.healthy(4); err == nil {
				t.Error("a missing member is healthy")
			}
		})
	}
}

func TestRootPassword(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(root+"/etc", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(root+"/etc/shadow", []byte("daemon:*:1::::::\nroot:$y$hash:2::::::\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := rootPassword(root); err != nil || got != "$y$hash" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := rootPassword(t.TempDir()); err == nil {
		t.Errorf("got %q without a file", got)
	}
}

// A guest's first process is number one of a namespace of its own; ours is not.
func TestFirstInside(t *testing.T) {
	if firstInside(os.Getpid()) {
		t.Error("the test itself is taken for a guest's first process")
	}
	if firstInside(1 << 30) {
		t.Error("a process that is not there is taken for one")
	}
}

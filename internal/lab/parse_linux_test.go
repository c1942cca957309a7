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

func TestParseNotify(t *testing.T) {
	// As systemd-nspawn 252 sends it.
	if pid, ready := parseNotify("STATUS=Container running.\nX_NSPAWN_LEADER_PID=4711"); pid != 4711 || ready {
		t.Errorf("got %d %v", pid, ready)
	}
	if pid, ready := parseNotify("READY=1\n"); pid != 0 || !ready {
		t.Errorf("got %d %v", pid, ready)
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

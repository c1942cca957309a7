package probes

import (
	"context"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"recon/internal/inventory"
)

func hush() *log.Logger { return log.New(io.Discard, "", 0) }

func netboxAt(bind, url string) *inventory.Cluster {
	return &inventory.Cluster{
		Nodes:  []inventory.Node{{Name: "a", Address: "192.0.2.1"}},
		NetBox: &inventory.NetBox{Service: inventory.Service{On: inventory.On{Nodes: []string{"a"}}, Port: 8001}, Bind: bind, URL: url},
	}
}

// lookAtNetBox probes one NetBox once and puts the section together.
func lookAtNetBox(t *testing.T, c *inventory.Cluster, hosts Hosts, token string) NetBox {
	t.Helper()
	w := &Watch{cluster: c, now: time.Now, raw: newRaw(), memory: newMemory(c), changed: make(chan struct{}), subs: map[chan struct{}]bool{}}
	opt := Options{Secret: func(context.Context, inventory.Secret) (string, error) { return token, nil }}
	if token != "" {
		var err error
		if c.NetBox.Token, err = inventory.NewSecret("env:T", "token"); err != nil {
			t.Fatal(err)
		}
	}
	targets, err := aimNetBox(aiming{w, hosts, opt})
	if err != nil || len(targets) != 1 {
		t.Fatal(targets, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	targets[0].probe(ctx)
	targets[0].close()
	return assemble(c, w.raw, moment{now: time.Now()}, w.memory).NetBox
}

// netboxPages answers the status only to who shows the token, and as a NetBox does that does not know other hosts.
func netboxPages(t *testing.T, authorization string, status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host != "netbox.example.com" || r.Header.Get("X-Forwarded-Proto") != "https":
			w.WriteHeader(http.StatusBadRequest)
		case r.URL.Path == "/login/":
			if r.Header.Get("Authorization") != "" {
				t.Error("the login page was shown a token")
			}
		case r.URL.Path != "/api/status/":
			w.WriteHeader(http.StatusNotFound)
		case r.Header.Get("Authorization") != authorization:
			w.WriteHeader(http.StatusForbidden)
		default:
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
}

func TestNetBoxAnswers(t *testing.T) {
	body, err := os.ReadFile("testdata/netbox-stand-in-4.5.1/status.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		shown, token string
		status       int
		body         string
		why          string // of the version
		statusCode   int
	}{
		"without token":  {"", "", 200, string(body), "", 200},
		"with token":     {"Token abc", "abc", 200, string(body), "", 200},
		"token of 4.5":   {"Bearer nbt_k.abc", "nbt_k.abc", 200, string(body), "", 200},
		"token wanted":   {"Token abc", "", 200, string(body), "give services.netbox.token", 403},
		"token refused":  {"Token abc", "xyz", 200, string(body), "refuses the token", 403},
		"Redis is gone":  {"", "", 500, "<h1>Server Error</h1>", "answered 500", 500},
		"HTML":           {"", "", 200, "<html>hello</html>", "HTML instead of JSON", 200},
		"something else": {"", "", 200, `{"a": 1}`, "no netbox-version", 200},
	} {
		s := serve(t, nil, netboxPages(t, tc.shown, tc.status, tc.body))
		n := lookAtNetBox(t, netboxAt("127.0.0.1", "https://netbox.example.com"), &onePort{to: s.Listener.Addr().String()}, tc.token)
		m := n.Members[0]
		if m.Blind("code") != "" || m.Code != 200 || m.StatusCode != tc.statusCode {
			t.Errorf("%s: %+v", name, m)
		}
		why := m.Blind("version")
		if (why == "") != (tc.why == "") || !strings.Contains(why, tc.why) || strings.Contains(why, "xyz") {
			t.Errorf("%s: %q", name, why)
		}
		if (n.Version == nil) == (tc.why == "") || (n.Blind("version") == "") != (tc.why == "") {
			t.Errorf("%s: version %v, %q", name, value(n.Version), n.Blind("version"))
		}
		if tc.why == "" && (m.Version != "4.5.1" || m.Hostname != "netbox-node-3" || m.Workers != 3 || m.Plugins == nil) {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func TestNetBoxHangsHalf(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, nil, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/status/" {
			<-release
		}
	})
	m := lookAtNetBox(t, netboxAt("127.0.0.1", "https://netbox.example.com"), &onePort{to: s.Listener.Addr().String()}, "").Members[0]
	close(release)
	if m.Blind("code") != "" || m.Code != 200 || m.Blind("status_code") != "did not answer within 2 s" || m.Blind("workers") == "" {
		t.Errorf("%+v", m)
	}
}

// A loopback address is the node's own: asking for it from here would ask this machine.
func TestNetBoxOnLoopbackIsAskedFromItsNode(t *testing.T) {
	s := serve(t, nil, func(http.ResponseWriter, *http.Request) {})
	for bind, want := range map[string]string{
		"127.0.0.1": "own 127.0.0.1:8001", "::1": "own [::1]:8001", "127.0.0.53": "own 127.0.0.53:8001", "localhost": "own localhost:8001",
		"0.0.0.0": "dial 192.0.2.1:8001", "::": "dial 192.0.2.1:8001", "": "dial 192.0.2.1:8001", "192.0.2.9": "dial 192.0.2.9:8001",
	} {
		c := netboxAt(bind, "https://netbox.example.com/netbox/")
		hosts := &onePort{to: s.Listener.Addr().String()}
		d := aiming{&Watch{cluster: c}, hosts, Options{}}.reachBound(c.Nodes[0], bind, 8001)
		conn, err := d.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close() // only who made it matters
		got := "dial " + d.address
		if hosts.own.Load() == 1 && hosts.dial.Load() == 0 {
			got = "own " + d.address
		}
		if got != want {
			t.Errorf("%s: %s, want %s", bind, got, want)
		}
	}
}

func TestNetBoxThatIsNotThere(t *testing.T) {
	c := netboxAt("127.0.0.1", "https://netbox.example.com")
	m := lookAtNetBox(t, c, &onePort{fail: &RefusedError{Address: "127.0.0.1:8001", Err: os.ErrClosed}}, "").Members[0]
	if m.Reachable || !m.Refused || m.Error != "nothing listens on 127.0.0.1:8001" {
		t.Errorf("%+v", m.Seen)
	}
	m = lookAtNetBox(t, c, &onePort{fail: &BlindError{Node: "a", Why: "a is not reached over ssh"}}, "").Members[0]
	if m.Reachable || m.Refused || m.Error != "a is not reached over ssh" {
		t.Errorf("%+v", m.Seen)
	}
}

func TestNetBoxBelowAPath(t *testing.T) {
	seen := make(chan string, 2)
	s := serve(t, nil, func(_ http.ResponseWriter, r *http.Request) { seen <- r.URL.Path })
	lookAtNetBox(t, netboxAt("127.0.0.1", "https://netbox.example.com/netbox/"), &onePort{to: s.Listener.Addr().String()}, "")
	for range 2 {
		if p := <-seen; p != "/netbox/login/" && p != "/netbox/api/status/" {
			t.Errorf("asked for %s", p)
		}
	}
}

func FuzzNetBoxStatus(f *testing.F) {
	f.Add([]byte(`{"netbox-version": "4.5.1", "hostname": "h", "plugins": {"a": "1"}, "rq-workers-running": 3}`))
	f.Add([]byte(`{"netbox-version": 4, "rq-workers-running": -1e300}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parseNetBoxStatus(b)
		if err != nil {
			safe(t, words(err, deadline))
			return
		}
		safe(t, got.Version, got.Hostname)
		for k, v := range got.Plugins {
			safe(t, k, v)
		}
	})
}

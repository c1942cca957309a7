package probes

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"recon/internal/inventory"
)

// The entry is asked with a token only over a certificate that is trusted; what NetBox tells everybody is read anyway.
func TestTheEntryOfNetBox(t *testing.T) {
	for name, tc := range map[string]struct {
		trusted   bool
		required  bool
		wantToken bool
		status    int
		version   string
	}{
		"trusted":                        {trusted: true, required: true, wantToken: true, status: 200, version: "4.4.1"},
		"not trusted":                    {required: true, status: 403},
		"not trusted, no login required": {status: 200, version: "4.4.1"},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var shown, hosts []string
			srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				hosts = append(hosts, r.Host)
				if r.URL.Path == "/login/" {
					return
				}
				if tok := r.Header.Get("Authorization"); tok != "" {
					shown = append(shown, tok)
				} else if tc.required {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				_, _ = w.Write([]byte(`{"netbox-version": "4.4.1", "hostname": "a", "rq-workers-running": 3, "plugins": {}}`)) // the client reads it all
			}))
			srv.Config.ErrorLog = hush()
			defer srv.Close()
			u := &url.URL{Scheme: "https", Host: "example.com"}
			w := &way{Hosts: oneAddress{srv.Listener.Addr().String()}, vip: "web", address: "192.0.2.9:443", direct: true, state: func() *State { return &State{} }}
			p := &entryProbe{url: u, token: func(context.Context) (string, error) { return "abc", nil }}
			l := newLogin(u, w, time.Now)
			if tc.trusted {
				l.roots = srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
			}
			p.rest = newREST("https", &dialer{hosts: w, address: w.address}, l.tls(&p.distrust))
			defer p.close()
			f, err := p.ask(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if f.code != 200 || f.statusCode != tc.status || f.status.Version != tc.version {
				t.Errorf("facts %+v", f)
			}
			if (len(shown) > 0) != tc.wantToken {
				t.Errorf("tokens shown: %v", shown)
			}
			if slices.ContainsFunc(hosts, func(h string) bool { return h != "example.com" }) {
				t.Errorf("asked as %v", hosts)
			}
			if !tc.trusted && tc.required && !strings.Contains(f.unread["version"], "no token is sent") {
				t.Errorf("unread %v", f.unread)
			}
		})
	}
}

func TestTheEntryOfNetBoxIsAMember(t *testing.T) {
	c := netboxAt("127.0.0.1", "https://netbox.example.com")
	if e := assembleEntry(c, newRaw(), moment{}); e.Blind("code") == "" {
		t.Errorf("without an address there is no entry: %+v", e)
	}
	c.VIPs = []inventory.VIP{{Name: "web", Address: "192.0.2.9"}}
	now := time.Now()
	r := newRaw()
	r.netbox[entryNode] = answer[netboxFacts]{began: now, ended: now, since: now, fact: netboxFacts{code: 200, status: netboxStatus{Hostname: "a"}}}
	if e := assembleEntry(c, r, moment{now: now}); e.Node != "a" || e.Code != 200 || e.Blind("code") != "" {
		t.Errorf("the entry is %+v", e)
	}
	r.netbox[entryNode] = answer[netboxFacts]{began: now, ended: now, since: now, err: "did not answer"}
	if e := assembleEntry(c, r, moment{now: now}); e.Reachable || e.Blind("code") == "" {
		t.Errorf("a silent entry is %+v", e)
	}
}

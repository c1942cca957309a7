package probes

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// pretendedNetBox is NetBox's login as Django does it: a token in a cookie and in the form, a session for who has a password.
type pretendedNetBox struct {
	mu               sync.Mutex
	status           int // of the login page; 0 is 200
	logoutTakes      string
	logins, sessions int
	hosts            map[string]bool // Host headers that came
}

func (n *pretendedNetBox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[r.Host] = true
	const token = "t0kenT0ken"
	session, _ := r.Cookie("sessionid")
	cookie, _ := r.Cookie("csrftoken")
	switch {
	case r.URL.Path == "/login/" && r.Method == http.MethodGet:
		http.SetCookie(w, &http.Cookie{Name: "csrftoken", Value: "c00kie", Path: "/", Secure: true})
		if n.status != 0 {
			w.Header().Set("Location", map[int]string{302: "https://sso.example.com/"}[n.status])
			w.WriteHeader(n.status)
			return
		}
		_, _ = fmt.Fprintf(w, `<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="%s"><input name="username"></form>`, token)
	case r.URL.Path == "/login/":
		n.logins++
		switch {
		case cookie == nil || cookie.Value != "c00kie" || r.PostFormValue("csrfmiddlewaretoken") != token || !strings.HasPrefix(r.Referer(), "https://netbox.example.com"):
			w.WriteHeader(http.StatusForbidden)
		case r.PostFormValue("username") != "probe" || r.PostFormValue("password") != "right":
			_, _ = w.Write([]byte("Please enter a correct username and password."))
		default:
			n.sessions++
			http.SetCookie(w, &http.Cookie{Name: "sessionid", Value: "s1", Path: "/"})
			http.SetCookie(w, &http.Cookie{Name: "csrftoken", Value: "afterwards", Path: "/"})
			w.Header().Set("Location", "/")
			w.WriteHeader(http.StatusFound)
		}
	case r.URL.Path == "/logout/" && r.Method != n.logoutTakes:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case r.URL.Path == "/logout/" && session != nil && (r.Method == http.MethodGet || r.PostFormValue("csrfmiddlewaretoken") == "afterwards"):
		n.sessions--
		w.Header().Set("Location", "/")
		w.WriteHeader(http.StatusFound)
	default:
		w.WriteHeader(http.StatusForbidden)
	}
}

// visit is a probe of a pretended NetBox, whose certificate it trusts.
func visit(t *testing.T, n *pretendedNetBox) *loginProbe {
	t.Helper()
	n.hosts = map[string]bool{}
	n.logoutTakes = either(n.logoutTakes, http.MethodGet)
	srv := httptest.NewTLSServer(n)
	t.Cleanup(srv.Close)
	u, err := url.Parse("https://netbox.example.com")
	if err != nil {
		t.Fatal(err)
	}
	w := &way{Hosts: oneAddress{srv.Listener.Addr().String()}, address: "172.16.113.205:443", direct: true, state: func() *State { return &State{} }}
	p := newLogin(u, w, time.Now)
	p.roots = x509.NewCertPool()
	p.roots.AddCert(srv.Certificate()) // it is for example.com and its names
	return p
}

func as(p *loginProbe, password string) *loginProbe {
	p.user, p.password = "probe", func(context.Context) (string, error) { return password, nil }
	return p
}

func TestLoginPage(t *testing.T) {
	for status, want := range map[int]string{
		0: "", 502: "GET https://netbox.example.com/login/ answered 502 Bad Gateway", 302: "answered 302, to https://sso.example.com/",
		503: "answered 503 Service Unavailable",
	} {
		n := &pretendedNetBox{status: status}
		f, err := visit(t, n).ask(t.Context())
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) || f.note != "" {
			t.Errorf("%d: %+v, %v", status, f, err)
		}
		if !n.hosts["netbox.example.com"] || len(n.hosts) != 1 || n.logins > 0 {
			t.Errorf("%d: Host was %v, %d logins", status, n.hosts, n.logins)
		}
	}
}

// A certificate that is not trusted is said and hides nothing, but no password goes there.
func TestLoginDistrust(t *testing.T) {
	n := &pretendedNetBox{}
	p := as(visit(t, n), "right")
	p.roots = x509.NewCertPool()
	f, err := p.ask(t.Context())
	if err != nil || !strings.Contains(f.note, "the certificate is not trusted: certificate signed by unknown authority") || !strings.Contains(f.note, "no password is sent") || n.logins > 0 {
		t.Errorf("%+v, %v, %d logins", f, err, n.logins)
	}
	n.status = 502
	if _, err := p.ask(t.Context()); err == nil || !strings.Contains(err.Error(), "502") {
		t.Errorf("the certificate hides the status: %v", err)
	}
	late := visit(t, &pretendedNetBox{})
	late.now = func() time.Time { return time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC) }
	if f, err := late.ask(t.Context()); err != nil || !strings.Contains(f.note, "expired") {
		t.Errorf("%+v, %v", f, err)
	}
	other := visit(t, &pretendedNetBox{})
	other.base.Host = "netbox.example.org"
	if f, err := other.ask(t.Context()); err != nil || !strings.Contains(f.note, "not netbox.example.org") {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestLoginWithAUser(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		n := &pretendedNetBox{logoutTakes: method}
		p := as(visit(t, n), "right")
		now := time.Now()
		p.now = func() time.Time { return now }
		for range 12 { // a try every 5 s
			if f, err := p.ask(t.Context()); err != nil || f.note != "" {
				t.Fatalf("%+v, %v", f, err)
			}
			now = now.Add(5 * time.Second)
		}
		if n.logins != 1 || n.sessions != 0 {
			t.Errorf("logout by %s: %d logins in a minute, %d sessions are left", method, n.logins, n.sessions)
		}
		if _, err := p.ask(t.Context()); err != nil || n.logins != 2 || n.sessions != 0 {
			t.Errorf("logout by %s: after a minute %d logins, %d sessions, %v", method, n.logins, n.sessions, err)
		}
	}
}

func TestLoginRefused(t *testing.T) {
	n := &pretendedNetBox{}
	p := as(visit(t, n), "wrong")
	now := time.Now()
	p.now = func() time.Time { return now }
	for range 120 { // ten minutes
		_, err := p.ask(t.Context())
		if err == nil || !strings.Contains(err.Error(), "NetBox does not let the user in: probe") || strings.Contains(err.Error(), "wrong") {
			t.Fatalf("%v", err)
		}
		now = now.Add(5 * time.Second)
	}
	if n.logins != 1 {
		t.Errorf("%d refused logins in ten minutes", n.logins)
	}
	p.password = func(context.Context) (string, error) { return "right", nil }
	if _, err := p.ask(t.Context()); err != nil || n.logins != 2 || n.sessions != 0 {
		t.Errorf("%v, %d logins", err, n.logins)
	}
	// A page without a form, and a logout that does not work.
	n.logoutTakes = http.MethodPut
	now = now.Add(loginEvery)
	if _, err := p.ask(t.Context()); err == nil || !strings.Contains(err.Error(), "the logout of probe answered 405") {
		t.Errorf("%v", err)
	}
}

func FuzzFormToken(f *testing.F) {
	for _, s := range []string{
		`<input type="hidden" name="csrfmiddlewaretoken" value="abc123">`, `<input value='abc' name='csrfmiddlewaretoken'>`, "<input", "<input name=csrfmiddlewaretoken value=>", "",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, page []byte) {
		for _, c := range formToken(page) {
			if !strings.ContainsRune("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", c) {
				t.Fatalf("%q", formToken(page))
			}
		}
	})
}

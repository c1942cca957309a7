package probes

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"recon/internal/inventory"
)

// onePort leads every connection to one listener, and remembers whether it was made from the node.
type onePort struct {
	to        string
	dial, own atomic.Int32
	fail      error
}

func (o *onePort) Dial(ctx context.Context, _, _, _ string) (net.Conn, error) {
	o.dial.Add(1)
	return o.connect(ctx)
}

func (o *onePort) From(ctx context.Context, _, _, _ string) (net.Conn, error) {
	o.own.Add(1)
	return o.connect(ctx)
}

func (o *onePort) connect(ctx context.Context) (net.Conn, error) {
	if o.fail != nil {
		return nil, o.fail
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", o.to)
}

func (o *onePort) Output(context.Context, string, string) ([]byte, error) {
	return nil, errors.New("no scripts here")
}

// certificate makes one, signed by itself unless a signer is given, and its key.
func certificate(t *testing.T, ends time.Time, signer *tls.Certificate, names ...string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: names[0]}, NotBefore: ends.Add(-100 * 24 * time.Hour), NotAfter: ends, DNSNames: names,
	}
	by, with := of, any(key)
	if signer != nil {
		if by, err = x509.ParseCertificate(signer.Certificate[0]); err != nil {
			t.Fatal(err)
		}
		with = signer.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, of, by, &key.PublicKey, with)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func serve(t *testing.T, with *tls.Certificate, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = hush()
	if with == nil {
		s.Start()
	} else {
		s.TLS = &tls.Config{Certificates: []tls.Certificate{*with}}
		s.StartTLS()
	}
	t.Cleanup(s.Close)
	return s
}

// lookAtWeb probes one proxy once and puts the section together.
func lookAtWeb(t *testing.T, to net.Addr, https bool, change func(r raw, c *inventory.Cluster)) WebMember {
	t.Helper()
	c := &inventory.Cluster{
		Nodes:  []inventory.Node{{Name: "a", Address: "192.0.2.1"}},
		Web:    &inventory.Web{Service: inventory.Service{On: inventory.On{Nodes: []string{"a"}}, Port: 443}, HTTPS: https, Certificate: "/etc/ssl/n.pem"},
		NetBox: &inventory.NetBox{URL: "https://netbox.example.com"},
	}
	w := &Watch{cluster: c, now: time.Now, raw: newRaw(), memory: newMemory(c), changed: make(chan struct{}), subs: map[chan struct{}]bool{}}
	targets, err := aimWeb(aiming{w, &onePort{to: to.String()}, Options{}})
	if err != nil || len(targets) != 1 {
		t.Fatal(targets, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	targets[0].probe(ctx)
	targets[0].close()
	if change != nil {
		change(w.raw, c)
	}
	s := assemble(c, w.raw, moment{now: time.Now()}, w.memory)
	return s.Web.Members[0]
}

func TestWebCertificates(t *testing.T) {
	ca := certificate(t, time.Now().Add(time.Hour), nil, "Example CA")
	day := 24 * time.Hour
	for name, tc := range map[string]struct {
		cert          tls.Certificate
		days          float64
		matches, self bool
	}{
		"good":       {certificate(t, time.Now().Add(30*day), &ca, "netbox.example.com"), 30, true, false},
		"wildcard":   {certificate(t, time.Now().Add(30*day), &ca, "*.example.com"), 30, true, false},
		"two levels": {certificate(t, time.Now().Add(30*day), &ca, "*.com"), 30, false, false},
		"other name": {certificate(t, time.Now().Add(30*day), &ca, "other.example.com"), 30, false, false},
		"expired":    {certificate(t, time.Now().Add(-2*day), nil, "netbox.example.com"), -2, true, true},
	} {
		asked := ""
		s := serve(t, &tc.cert, func(w http.ResponseWriter, r *http.Request) {
			asked = r.Method + " " + r.Host + r.URL.Path + " " + r.TLS.ServerName + " " + r.Header.Get("Authorization") + r.Header.Get("Cookie")
			w.Header().Set("Server", "nginx/1.26.3")
			w.WriteHeader(http.StatusOK)
		})
		m := lookAtWeb(t, s.Listener.Addr(), true, nil)
		if m.Blind("code") != "" || m.Code != 200 || m.Server != "nginx/1.26.3" || asked != "GET netbox.example.com/login/ netbox.example.com " {
			t.Errorf("%s: %+v, asked %q", name, m, asked)
		}
		if math.Abs(m.CertificateDays-tc.days) > 0.01 || m.CertificateMatches != tc.matches || m.CertificateSelf != tc.self || len(m.CertificatePrint) != 64 {
			t.Errorf("%s: %+v", name, m)
		}
		if want := "Example CA"; !tc.self && m.CertificateIssuer != want {
			t.Errorf("%s: issuer %q", name, m.CertificateIssuer)
		}
		if m.Blind("file_days") == "" || m.Blind("certificate_days") != "" {
			t.Errorf("%s: the file was not read, and is told", name)
		}
	}
}

func TestWebAnswers(t *testing.T) {
	cert := certificate(t, time.Now().Add(time.Hour), nil, "netbox.example.com")
	elsewhere := serve(t, nil, func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") })
	release := make(chan struct{})
	for name, tc := range map[string]struct {
		cert  *tls.Certificate
		https bool
		h     http.HandlerFunc
		code  int
		why   string // of the code
		err   string // of the whole
	}{
		"backend silent": {&cert, true, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, 502, "", ""},
		"redirect":       {&cert, true, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) }, 302, "", ""},
		"plain":          {nil, false, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }, 200, "", ""},
		"hangs behind":   {&cert, true, func(_ http.ResponseWriter, r *http.Request) { <-release }, 0, "did not answer within 2 s", ""},
		"breaks off":     {&cert, true, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "EOF", ""},
		"too large":      {&cert, true, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, bodyLimit+1)) }, 0, "larger than 8 MiB", ""},
		"TLS on plain":   {nil, true, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }, 0, "", "speaks no TLS"},
		"plain on TLS":   {&cert, false, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }, 0, "", "https: false"},
		"nginx says so": {nil, false, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			_, _ = fmt.Fprint(w, "<center>The plain HTTP request was sent to HTTPS port</center>")
		}, 0, "", "https: false"},
	} {
		s := serve(t, tc.cert, tc.h)
		m := lookAtWeb(t, s.Listener.Addr(), tc.https, nil)
		if name == "hangs behind" {
			close(release)
		}
		if tc.err != "" {
			if m.Reachable || !strings.Contains(m.Error, tc.err) {
				t.Errorf("%s: %+v", name, m.Seen)
			}
			continue
		}
		why := m.Blind("code")
		if !m.Reachable || m.Code != tc.code || (why == "") != (tc.why == "") || !strings.Contains(why, tc.why) {
			t.Errorf("%s: %q %+v", name, why, m)
		}
		if blind := m.Blind("certificate_days"); (blind == "") != (tc.cert != nil) {
			t.Errorf("%s: certificate: %q", name, blind)
		}
	}
}

// The file is read by the script with a real shell and openssl.
func TestWebCertificateFile(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("openssl is needed, as on the hosts:", err)
	}
	served, other := certificate(t, time.Now().Add(time.Hour), nil, "netbox.example.com"), certificate(t, time.Now().Add(48*time.Hour), nil, "netbox.example.com")
	public := func(c tls.Certificate) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}))
	}
	key := func(c tls.Certificate) string {
		der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	s := serve(t, &served, func(http.ResponseWriter, *http.Request) {})
	for name, tc := range map[string]struct {
		files       map[string]string
		why, whyKey string
		days        float64
		same, fits  bool
	}{
		"the one served":   {map[string]string{"n.pem": public(served), "n.key": key(served)}, "", "", 1.0 / 24, true, true},
		"key within":       {map[string]string{"n.pem": key(served) + public(served)}, "", "", 1.0 / 24, true, true},
		"renewed":          {map[string]string{"n.pem": public(other) + public(served), "n.key": key(other)}, "", "", 2, false, true},
		"key of another":   {map[string]string{"n.pem": public(other), "n.key": key(served)}, "", "", 2, false, false},
		"no key":           {map[string]string{"n.pem": public(served)}, "", "no key file", 1.0 / 24, true, false},
		"no file":          {nil, "no such certificate file", "no such certificate file", 0, false, false},
		"no certificate":   {map[string]string{"n.pem": "nothing"}, "holds no certificate", "holds no certificate", 0, false, false},
		"garbage in block": {map[string]string{"n.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}, "not readable", "not readable", 0, false, false},
	} {
		folder := t.TempDir()
		write(t, folder, tc.files)
		out := run(t, certificateScript(filepath.Join(folder, "n.pem")))
		if strings.Contains(out, "PRIVATE") {
			t.Fatalf("%s: a key left the host", name)
		}
		m := lookAtWeb(t, s.Listener.Addr(), true, func(r raw, _ *inventory.Cluster) {
			r.hosts["a"] = answer[hostFacts]{began: time.Now(), ended: time.Now(), fact: hostFacts{certificate: parseCertificateFile(out)}}
		})
		for field, want := range map[string]string{"file_days": tc.why, "file_served": tc.why, "file_key_matches": tc.whyKey} {
			if got := m.Blind(field); (got == "") != (want == "") || !strings.Contains(got, want) {
				t.Errorf("%s: %s: %q, want %q", name, field, got, want)
			}
		}
		if math.Abs(m.FileDays-tc.days) > 0.01 || m.FileServed != tc.same || m.FileKeyMatches != tc.fits {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func FuzzCertificateFile(f *testing.F) {
	f.Add("closed")
	f.Add("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")
	f.Fuzz(func(t *testing.T, body string) {
		got := parseCertificateFile(body)
		if (got.certificate == nil) != (got.why != "") || (got.key == nil) != (got.whyKey != "") {
			t.Errorf("%+v", got)
		}
		safe(t, got.whyKey)
		if c := got.certificate; c != nil {
			safe(t, append(certificateNames(c), issuer(c), fingerprint(c))...)
			_ = selfSigned(c)
		}
	})
}

package probes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"recon/internal/inventory"
)

// webFacts is what one web proxy answered.
type webFacts struct {
	code   int
	server string
	// served is the certificate that it showed; nil in plain text.
	served *x509.Certificate
	// unread says of fields of WebMember why they were not told.
	unread map[string]string
}

func aimWeb(a aiming) ([]*target, error) {
	s := a.cluster.Web
	if s == nil {
		return nil, nil
	}
	u := &url.URL{}
	if a.cluster.NetBox != nil {
		var err error
		if u, err = netboxURL(a.cluster.NetBox); err != nil {
			return nil, err
		}
	}
	scheme := "http"
	if s.HTTPS {
		scheme = "https"
	}
	var out []*target
	for _, n := range running(a.cluster, s.On) {
		d := a.reach(n, s.Port)
		t := aimed(a.Watch, a.raw.web, "web", n.Name, scheme+"://"+d.address, deadline, newWebProbe(scheme, d, u))
		t.pause = func() time.Duration { return max(a.cluster.Interval, unhurried) }
		out = append(out, t)
	}
	return out, nil
}

// webProbe asks one proxy for NetBox's login page, as a browser would that was led to this proxy. It makes a connection for
// each look, because a kept one would go on showing a certificate that was replaced since.
type webProbe struct {
	rest *rest
	url  *url.URL
	// shown is the certificate of the last handshake, which may end after its look was given up.
	shown atomic.Pointer[x509.Certificate]
}

func newWebProbe(scheme string, d *dialer, u *url.URL) *webProbe {
	p := &webProbe{url: u}
	var conf *tls.Config
	if scheme == "https" {
		conf = &tls.Config{
			MinVersion: tls.VersionTLS12, ServerName: u.Hostname(),
			// Nothing secret is sent. A certificate that is wrong is to be told, not to be hidden behind an error; its name is
			// compared when the answer is put together.
			InsecureSkipVerify: true,
			VerifyConnection: func(s tls.ConnectionState) error {
				if len(s.PeerCertificates) > 0 {
					p.shown.Store(s.PeerCertificates[0])
				}
				return nil
			},
		}
		if conf.ServerName == "" {
			conf.ServerName = hostOf(d.address)
		}
	}
	p.rest = newREST(scheme, d, conf)
	return p
}

func (p *webProbe) close() { p.rest.close() }

func (p *webProbe) ask(ctx context.Context) (webFacts, error) {
	p.rest.dialer.reset()
	p.shown.Store(nil)
	f := webFacts{unread: map[string]string{}}
	// What hangs behind the proxy must not hide the proxy.
	soon, cancel := within(ctx, patience)
	defer cancel()
	page, err := p.rest.get(soon, pathUnder(p.url, "/login/"), browsed(p.url))
	f.served = p.shown.Load()
	switch {
	case err != nil && f.served != nil && ctx.Err() == nil:
		f.unread["code"], f.unread["server"] = words(err, patience), words(err, patience)
	case err != nil:
		return f, muddled(p.rest.dialer.cause(err))
	case wantsTLS(page):
		return f, errors.New("the port speaks TLS, and services.web says https: false")
	default:
		f.code, f.server = page.status, line(page.header.Get("Server"))
		if f.server == "" {
			f.unread["server"] = "it does not tell its name"
		}
	}
	return f, nil
}

// muddled says in words that one side spoke TLS and the other did not.
func muddled(err error) error {
	var plain tls.RecordHeaderError
	switch text := err.Error(); {
	case errors.As(err, &plain), strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return errors.New("the port speaks no TLS, and services.web says https: true")
	case strings.Contains(text, `malformed HTTP response "\x15\x03`):
		return errors.New("the port speaks TLS, and services.web says https: false")
	}
	return err
}

// wantsTLS knows the pages with which nginx and its kin, Apache and Go answer plain text on a port with TLS.
func wantsTLS(r reply) bool {
	if r.status != http.StatusBadRequest {
		return false
	}
	for _, said := range []string{"plain HTTP request was sent to HTTPS port", "speaking plain HTTP to an SSL-enabled", "HTTP request to an HTTPS server"} {
		if strings.Contains(string(r.body), said) {
			return true
		}
	}
	return false
}

// aimedAt is the host name that users type, or "".
func aimedAt(c *inventory.Cluster) string {
	if c.NetBox == nil {
		return ""
	}
	u, err := url.Parse(c.NetBox.URL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

package probes

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// loginProbe asks for NetBox's login page as users do: by the url's name, at the address that the name stands for. With a
// user of the cluster file it also logs in, once a minute at most, and out again.
type loginProbe struct {
	base    *url.URL
	address string
	way     *way
	dialer  *dialer
	now     func() time.Time

	// user is empty when only the page is asked for.
	user     string
	password func(ctx context.Context) (string, error)
	// next is when a login is tried again; failed is how the last one failed, nil when it worked.
	next   time.Time
	failed error

	// roots are the authorities that are trusted; nil stands for the system's.
	roots *x509.CertPool
}

const (
	loginEvery = time.Minute
	// A login that was refused is not repeated soon: directories lock accounts that fail often.
	loginRefused = 10 * time.Minute
)

func newLogin(u *url.URL, w *way, now func() time.Time) *loginProbe {
	return &loginProbe{base: u, address: w.address, way: w, dialer: &dialer{hosts: w, address: w.address}, now: now}
}

// visitor is the client of one try: every try takes the whole way.
func (p *loginProbe) visitor(distrust *string) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	return &http.Client{
		Jar: jar,
		Transport: &http.Transport{
			DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return p.dialer.dial(ctx) },
			DisableKeepAlives: true,
			TLSClientConfig:   p.tls(distrust),
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, err
}

// tls takes any certificate, so that an expired one does not hide whether NetBox works, and notes what is wrong with it. No
// password is sent when something is.
func (p *loginProbe) tls(distrust *string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: p.base.Hostname(), InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			*distrust = ""
			if len(s.PeerCertificates) == 0 {
				*distrust = "the server shows no certificate"
				return nil
			}
			between := x509.NewCertPool()
			for _, c := range s.PeerCertificates[1:] {
				between.AddCert(c)
			}
			if _, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{DNSName: p.base.Hostname(), Roots: p.roots, Intermediates: between, CurrentTime: p.now()}); err != nil {
				*distrust = "the certificate is not trusted: " + line(strings.TrimPrefix(err.Error(), "x509: "))
			}
			return nil
		},
	}
}

func (p *loginProbe) close() {}

// page is the url of one of NetBox's pages.
func (p *loginProbe) page(name string) string { return p.base.JoinPath(name).String() + "/" }

func (p *loginProbe) ask(ctx context.Context) (tryFacts, error) {
	p.dialer.reset()
	var distrust string
	client, err := p.visitor(&distrust)
	if err != nil {
		return tryFacts{}, err
	}
	page, err := p.fetch(ctx, client, http.MethodGet, "login", nil)
	if err != nil {
		return tryFacts{}, p.dialer.cause(err)
	}
	if page.status != http.StatusOK {
		return tryFacts{}, page.unexpected("GET " + p.page("login"))
	}
	f := tryFacts{from: p.way.last(), note: distrust}
	switch {
	case p.user == "":
	case p.base.Scheme == "https" && distrust != "":
		f.note += "; no password is sent"
	default:
		if now := p.now(); !now.Before(p.next) {
			p.next = now.Add(loginEvery)
			p.failed = p.login(ctx, client, page)
			if errors.Is(p.failed, errNotLetIn) {
				p.next = now.Add(loginRefused)
			}
		}
		if p.failed != nil {
			return tryFacts{}, p.failed
		}
	}
	return f, nil
}

// webPage is one answer.
type webPage struct {
	status   int
	location string
	body     []byte
	cookies  int
}

func (w webPage) unexpected(what string) error {
	if w.location != "" {
		return fmt.Errorf("%s answered %d, to %s", what, w.status, line(w.location))
	}
	return fmt.Errorf("%s answered %d %s", what, w.status, http.StatusText(w.status))
}

// pageLimit is how much of a page is read, in bytes.
const pageLimit = 1 << 20

func (p *loginProbe) fetch(ctx context.Context, client *http.Client, method, name string, form url.Values) (webPage, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.page(name), strings.NewReader(form.Encode()))
	if err != nil {
		return webPage{}, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Referer", p.page(name)) // Django wants it over https
	}
	resp, err := client.Do(req)
	if err != nil {
		return webPage{}, fmt.Errorf("%s %s: %w", method, p.page(name), bare(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, pageLimit))
	if err != nil {
		return webPage{}, fmt.Errorf("%s %s: the answer broke off: %w", method, p.page(name), err)
	}
	return webPage{resp.StatusCode, resp.Header.Get("Location"), body, len(resp.Cookies())}, nil
}

var (
	errNotLetIn = errors.New("NetBox does not let the user in")
	inputTag    = regexp.MustCompile(`<input[^>]*>`)
	valueOf     = regexp.MustCompile(`\bvalue=["']?([0-9A-Za-z]+)`)
)

// formToken is the token that Django puts into its forms; "" when there is none.
func formToken(page []byte) string {
	for _, tag := range inputTag.FindAll(page, -1) {
		if !bytes.Contains(tag, []byte("csrfmiddlewaretoken")) {
			continue
		}
		if m := valueOf.FindSubmatch(tag); m != nil {
			return string(m[1])
		}
	}
	return ""
}

// login fills the form in, and ends the session that it got.
func (p *loginProbe) login(ctx context.Context, client *http.Client, page webPage) error {
	token := formToken(page.body)
	if token == "" {
		return errors.New("the login page has no form to fill in")
	}
	password, err := p.password(ctx)
	if err != nil {
		return fmt.Errorf("the password of NetBox's user: %w", err)
	}
	in, err := p.fetch(ctx, client, http.MethodPost, "login", url.Values{
		"csrfmiddlewaretoken": {token}, "username": {p.user}, "password": {password}, "next": {"/"},
	})
	switch {
	case err != nil:
		return fmt.Errorf("log in: %w", p.dialer.cause(err))
	case in.status == http.StatusOK:
		return fmt.Errorf("%w: %s; the next login is tried in 10 minutes", errNotLetIn, p.user)
	case in.status != http.StatusFound || in.cookies == 0:
		return in.unexpected("the login of " + p.user)
	}
	out, err := p.fetch(ctx, client, http.MethodGet, "logout", nil)
	if err == nil && out.status == http.StatusMethodNotAllowed {
		out, err = p.fetch(ctx, client, http.MethodPost, "logout", url.Values{"csrfmiddlewaretoken": {cookieToken(client.Jar, p.base)}})
	}
	switch {
	case err != nil:
		return fmt.Errorf("log out: %w", p.dialer.cause(err))
	case out.status != http.StatusOK && out.status != http.StatusFound:
		return out.unexpected("the logout of " + p.user)
	}
	return nil
}

// cookieToken is Django's token in the cookies, which a login changes.
func cookieToken(jar http.CookieJar, u *url.URL) string {
	for _, c := range jar.Cookies(u) {
		if strings.Contains(c.Name, "csrf") {
			return c.Value
		}
	}
	return ""
}

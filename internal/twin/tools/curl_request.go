package tools

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// transfer makes the request and prints what it asked for.
func (t *curlCall) transfer(ctx context.Context) int {
	scheme, _, ok := strings.Cut(t.url, "://")
	switch {
	case !ok:
		t.url = "http://" + t.url
	case scheme != "http" && scheme != "https":
		return t.fail(curlProtocol, fmt.Sprintf("Protocol %q not supported", scheme))
	}
	u, err := url.Parse(t.url)
	if err != nil || u.Host == "" && !t.given.has("unix-socket") {
		return t.fail(curlMalformed, "URL rejected: Malformed input to a URL function")
	}
	if u.Path == "" {
		u.Path = "/"
		t.url = u.String()
	}
	ctx, cancel := within(ctx, t.call, curlSeconds(t.given.value("m")))
	defer cancel()
	req, err := t.request(ctx, u)
	if err != nil {
		return t.fail(curlMalformed, "URL rejected: Malformed input to a URL function")
	}
	t.began = time.Now()
	client := t.client()
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return t.broken(ctx, u, err)
	}
	defer resp.Body.Close()
	t.response, t.redirects = resp, redirectsOf(resp)
	if t.given.has("v") {
		t.trace(resp)
	}
	if t.redirects > 0 {
		t.url = resp.Request.URL.String()
	}
	if t.given.has("f") && resp.StatusCode >= 400 {
		return t.fail(curlHTTP, fmt.Sprintf("The requested URL returned error: %d", resp.StatusCode))
	}
	return t.deliver(ctx, u, resp)
}

func redirectsOf(r *http.Response) int {
	n := 0
	for req := r.Request; req.Response != nil; req = req.Response.Request {
		n++
	}
	return n
}

// request builds what is sent.
func (t *curlCall) request(ctx context.Context, u *url.URL) (*http.Request, error) {
	t.method = http.MethodGet
	var body io.Reader
	data := t.given.values("d")
	if j := t.given.values("json"); len(j) > 0 {
		data = j
	}
	if len(data) > 0 {
		t.method = http.MethodPost
		for i, d := range data {
			if name, ok := strings.CutPrefix(d, "@"); ok {
				b, err := t.call.ReadFile(name)
				if name == "-" {
					b, err = io.ReadAll(t.call.Stdin)
				}
				if err != nil {
					return nil, err
				}
				data[i] = strings.ReplaceAll(string(b), "\n", "")
			}
		}
		body = strings.NewReader(strings.Join(data, "&"))
	}
	if t.given.has("I") {
		t.method = http.MethodHead
	}
	if m := t.given.value("X"); m != "" {
		t.method = m
	}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) { t.remote, t.local = i.Conn.RemoteAddr(), i.Conn.LocalAddr() },
		TLSHandshakeDone: func(tls.ConnectionState, error) {
			t.secured = time.Since(t.began)
		},
		GotFirstResponseByte: func() { t.first = time.Since(t.began) },
	})
	req, err := http.NewRequestWithContext(ctx, t.method, u.String(), body)
	if err != nil {
		return nil, err
	}
	agent := "curl/8.14.1"
	if t.given.has("A") {
		agent = t.given.value("A")
	}
	req.Header.Set("User-Agent", agent)
	req.Header.Set("Accept", "*/*")
	switch {
	case len(t.given.values("json")) > 0:
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json")
	case body != nil:
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, h := range t.given.values("H") {
		name, value, _ := strings.Cut(h, ":")
		if strings.EqualFold(name, "Host") {
			req.Host = strings.TrimSpace(value)
			continue
		}
		req.Header.Set(name, strings.TrimSpace(value))
	}
	if t.given.has("u") {
		user, password, _ := strings.Cut(t.given.value("u"), ":")
		req.SetBasicAuth(user, password)
	} else if u.User != nil {
		password, _ := u.User.Password()
		req.SetBasicAuth(u.User.Username(), password)
	}
	return req, nil
}

func (t *curlCall) client() *http.Client {
	most := 50
	if n, err := strconv.Atoi(t.given.value("max-redirs")); err == nil {
		most = n
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:       t.dial,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: t.given.has("k"), RootCAs: t.trusted(), Time: func() time.Time { return now(t.call) }},
			DisableKeepAlives: true, DisableCompression: true,
		},
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if !t.given.has("L") {
				return http.ErrUseLastResponse
			}
			if len(via) > most {
				return errRedirects
			}
			return nil
		},
	}
}

// trusted are the certificates of --cacert; the hosts trust nobody else.
func (t *curlCall) trusted() *x509.CertPool {
	pool := x509.NewCertPool()
	if b, err := t.call.ReadFile(t.given.value("cacert")); t.given.has("cacert") && err == nil {
		pool.AppendCertsFromPEM(b)
	}
	return pool
}

var errRedirects = errors.New("too many redirects")

func (t *curlCall) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	if s := t.given.value("unix-socket"); s != "" {
		addr = t.call.Path(s)
	} else {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		ip := t.kit.resolve(t.call, host)
		if ip == "" {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		addr = net.JoinHostPort(ip, port)
	}
	limit := t.given.value("connect-timeout")
	dialing, done := within(ctx, t.call, curlSeconds(limit))
	defer done()
	conn, err := t.kit.dial(dialing, t.call, addr)
	if err == nil {
		t.connected = time.Since(t.began)
		t.remote, t.local = conn.RemoteAddr(), conn.LocalAddr()
	}
	return conn, err
}

package tools

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"recon/internal/twin/shell"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// after prints what -w asks for.
func (t *curlCall) after(status int) {
	format := t.given.value("w")
	if name, ok := strings.CutPrefix(format, "@"); ok {
		b, err := t.call.ReadFile(name)
		if err != nil {
			return
		}
		format = string(b)
	}
	if format == "" {
		return
	}
	code := 0
	kind, version := "", "0"
	if t.response != nil {
		code, kind = t.response.StatusCode, t.response.Header.Get("Content-Type")
		version = fmt.Sprintf("%d.%d", t.response.ProtoMajor, t.response.ProtoMinor)
	}
	if version == "1.0" {
		version = "1"
	}
	total := time.Duration(0)
	if !t.began.IsZero() {
		total = time.Since(t.began)
	}
	verified := "0"
	if t.secured > 0 && t.given.has("k") {
		verified = "18"
	}
	scheme := ""
	if u, err := url.Parse(t.url); err == nil {
		scheme = u.Scheme
	}
	values := map[string]string{
		"http_code": fmt.Sprintf("%03d", code), "response_code": fmt.Sprintf("%03d", code), "content_type": kind, "http_version": version, "scheme": scheme, "method": t.method,
		"time_total": clockText(total), "time_connect": clockText(t.connected), "time_appconnect": clockText(t.secured), "time_starttransfer": clockText(t.first),
		"time_namelookup": clockText(0), "time_pretransfer": clockText(max(t.connected, t.secured)), "time_redirect": clockText(0),
		"remote_ip": ipOf(t.remote), "remote_port": portOf(t.remote), "local_ip": ipOf(t.local), "local_port": portOf(t.local),
		"size_download": fmt.Sprint(t.size), "num_redirects": fmt.Sprint(t.redirects), "url_effective": t.url, "url": t.url, "exitcode": fmt.Sprint(status), "errormsg": t.failure,
		"ssl_verify_result": verified,
	}
	fmt.Fprint(t.call.Stdout, t.expand(format, values))
}

// expand fills the format in, as curl does.
func (t *curlCall) expand(format string, values map[string]string) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		switch rest := format[i:]; {
		case strings.HasPrefix(rest, "%%"):
			b.WriteByte('%')
			i++
		case strings.HasPrefix(rest, "%{"):
			end := strings.IndexByte(rest, '}')
			if end < 0 {
				b.WriteByte('%')
				continue
			}
			v, ok := values[rest[2:end]]
			if !ok {
				fmt.Fprintf(t.call.Stderr, "curl: unknown --write-out variable: '%s'\n", rest[2:end])
			}
			b.WriteString(v)
			i += end
		case rest[0] == '\\' && len(rest) > 1:
			i++
			switch rest[1] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case 'r':
				b.WriteByte('\r')
			default:
				b.WriteString(rest[:2])
			}
		default:
			b.WriteByte(rest[0])
		}
	}
	return b.String()
}

// trace is what -v adds.
func (t *curlCall) trace(resp *http.Response) {
	out := t.call.Stderr
	req := resp.Request
	ip, port := ipOf(t.remote), portOf(t.remote)
	fmt.Fprintf(out, "*   Trying %s:%s...\n", ip, port)
	if resp.TLS != nil {
		cert := resp.TLS.PeerCertificates[0]
		fmt.Fprintf(out, "* SSL connection using TLSv1.3 / %s\n* Server certificate:\n*  subject: %s\n*  start date: %s\n*  expire date: %s\n*  issuer: %s\n",
			tls.CipherSuiteName(resp.TLS.CipherSuite), nameOf(cert.Subject), cert.NotBefore.UTC().Format(opensslTime), cert.NotAfter.UTC().Format(opensslTime), nameOf(cert.Issuer))
	}
	fmt.Fprintf(out, "* Connected to %s (%s) port %s\n* using HTTP/1.x\n> %s %s HTTP/1.1\n> Host: %s\n", req.URL.Hostname(), ip, port, req.Method, req.URL.RequestURI(), either(req.Host, req.URL.Host))
	for _, name := range sortedKeys(req.Header) {
		fmt.Fprintf(out, "> %s: %s\n", name, strings.Join(req.Header[name], ", "))
	}
	fmt.Fprintf(out, "> \n* Request completely sent off\n< HTTP/%d.%d %s\n", resp.ProtoMajor, resp.ProtoMinor, resp.Status)
	for _, name := range headerOrder(resp.Header) {
		fmt.Fprintf(out, "< %s: %s\n", name, strings.Join(resp.Header[name], ", "))
	}
	fmt.Fprint(out, "< \n")
}

func clockText(d time.Duration) string {
	return fmt.Sprintf("%d.%06d", int(d.Seconds()), d.Microseconds()%1e6)
}

func ipOf(a net.Addr) string {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.IP.String()
	}
	return ""
}

func portOf(a net.Addr) string {
	if t, ok := a.(*net.TCPAddr); ok {
		return fmt.Sprint(t.Port)
	}
	return "0"
}

// resolve is the address of a name: one itself, a host of the cluster, or what /etc/hosts says. Empty is nobody.
func (k *kit) resolve(c *shell.Call, name string) string {
	if net.ParseIP(name) != nil {
		return name
	}
	if name == "localhost" {
		return "127.0.0.1"
	}
	if b, err := c.Host.FS.ReadFile("/etc/hosts"); err == nil {
		for line := range strings.Lines(string(b)) {
			line, _, _ = strings.Cut(line, "#")
			if f := strings.Fields(line); len(f) > 1 && slices.Contains(f[1:], name) {
				return f[0]
			}
		}
	}
	ip := ""
	k.world.Look(func() {
		if h := k.world.Host(name); h != nil {
			ip = h.IP
		}
	})
	return ip
}

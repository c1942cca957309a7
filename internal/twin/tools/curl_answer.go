package tools

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
	"net/url"
	"strings"
	"syscall"
	"time"

	"recon/internal/twin/shell"
)

// broken says what went wrong.
func (t *curlCall) broken(ctx context.Context, u *url.URL, err error) int {
	port := either(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	ms := time.Since(t.began).Milliseconds()
	var dns *net.DNSError
	var bad *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &dns):
		return t.fail(curlResolve, "Could not resolve host: "+u.Hostname())
	case errors.Is(err, errRedirects):
		return t.fail(curlRedirects, "Maximum ("+either(t.given.value("max-redirs"), "50")+") redirects followed")
	case ctx.Err() != nil && t.connected == 0:
		return t.fail(curlTimeout, fmt.Sprintf("Connection timed out after %d milliseconds", ms))
	case ctx.Err() != nil:
		return t.fail(curlTimeout, fmt.Sprintf("Operation timed out after %d milliseconds with 0 bytes received", ms))
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return t.fail(curlTimeout, fmt.Sprintf("Connection timed out after %d milliseconds", ms))
	case t.connected == 0:
		return t.fail(curlConnect, fmt.Sprintf("Failed to connect to %s port %s after %d ms: Could not connect to server", u.Hostname(), port, ms))
	case errors.As(err, &bad):
		return t.fail(curlCertificate, certificateWords(bad.Err, u.Hostname())+curlCertificateHint)
	case errors.As(err, &record), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return t.fail(curlTLS, "TLS connect error: error:0A00010B:SSL routines::wrong version number")
	case u.Scheme == "https" && t.secured == 0:
		return t.fail(curlTLS, "TLS connect error: error:00000000:lib(0)::reason(0)")
	case errors.Is(err, syscall.ECONNRESET):
		return t.fail(curlReceive, "Recv failure: Connection reset by peer")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return t.fail(curlEmpty, "Empty reply from server")
	}
	return t.fail(curlProtocol, "Received HTTP/0.9 when not allowed")
}

const curlCertificateHint = "\nMore details here: https://curl.se/docs/sslcerts.html\n\ncurl failed to verify the legitimacy of the server and therefore could not\nestablish a secure connection to it. To learn more about this situation and\nhow to fix it, please visit the webpage mentioned above."

func certificateWords(err error, host string) string {
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		return fmt.Sprintf("SSL: no alternative certificate subject name matches target host name '%s'", host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "SSL certificate problem: certificate has expired"
	}
	return "SSL certificate problem: self-signed certificate"
}

// deliver writes the answer where it belongs.
func (t *curlCall) deliver(ctx context.Context, u *url.URL, resp *http.Response) int {
	out := t.call.Stdout
	var file *bytes.Buffer
	name := t.given.value("o")
	if name != "" && name != "-" {
		file = &bytes.Buffer{}
		out = file
	}
	if t.given.has("i") || t.given.has("I") {
		fmt.Fprintf(out, "HTTP/%d.%d %s\r\n", resp.ProtoMajor, resp.ProtoMinor, resp.Status)
		for _, key := range headerOrder(resp.Header) {
			for _, v := range resp.Header[key] {
				fmt.Fprintf(out, "%s: %s\r\n", key, v)
			}
		}
		fmt.Fprint(out, "\r\n")
	}
	n, err := io.Copy(out, resp.Body)
	t.size = n
	if file != nil && name != "/dev/null" {
		if werr := t.call.WriteFile(name, file.Bytes(), 0o644); werr != nil {
			return t.fail(curlWrite, "client returned ERROR on write, "+shell.Reason(werr))
		}
	}
	if err != nil {
		return t.broken(ctx, u, err)
	}
	t.after(0)
	return 0
}

// headerOrder puts the headers as servers write them.
func headerOrder(h http.Header) []string {
	var out []string
	for _, name := range []string{"Server", "Date", "Content-Type", "Content-Length"} {
		if _, ok := h[name]; ok {
			out = append(out, name)
		}
	}
	for _, name := range sortedKeys(h) {
		if !strings.Contains(" Server Date Content-Type Content-Length ", " "+name+" ") {
			out = append(out, name)
		}
	}
	return out
}

// fail says the error where curl would and returns the status.
func (t *curlCall) fail(status int, text string) int {
	t.failure, _, _ = strings.Cut(text, "\n")
	if t.given.has("f") && status == curlHTTP {
		t.size = 0
	}
	if !t.given.has("s") || t.given.has("S") {
		fmt.Fprintf(t.call.Stderr, "curl: (%d) %s\n", status, text)
	}
	t.after(status)
	return status
}

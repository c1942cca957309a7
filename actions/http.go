package actions

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"recon/internal/inventory"
	"recon/internal/remote"
)

// maxAnswer is how much of an http answer is read.
const maxAnswer = 8 << 20

// httpShot turns a block in the .http form (request line, headers, empty line, body) into one request to the Patroni
// REST API of the node. A JSON string in the body that is exactly "$NAME" is replaced by that value, so that values are
// typed JSON and never pasted text.
func (h *Hands) httpShot(cmd Command, node inventory.Node) (Shot, error) {
	p := h.cluster.Patroni
	if p == nil {
		return Shot{}, errors.New("the cluster file has no patroni service")
	}
	head, body, _ := strings.Cut(strings.TrimLeft(cmd.Script, "\n"), "\n\n")
	if body = strings.TrimSpace(body); body != "" {
		var err error
		if body, err = fill(body, cmd.Values); err != nil {
			return Shot{}, err
		}
	}
	host := net.JoinHostPort(node.Address, strconv.Itoa(p.RESTPort))
	lines := strings.Split(strings.TrimRight(head, "\n"), "\n")
	method, path, ok := strings.Cut(strings.TrimSpace(lines[0]), " ")
	if path = strings.TrimSuffix(strings.TrimSpace(path), " HTTP/1.1"); !ok || !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \t") {
		return Shot{}, fmt.Errorf("%q is not a request line like `POST /switchover`", lines[0])
	}
	wire := method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n"
	for _, l := range lines[1:] {
		wire += strings.TrimSpace(l) + "\r\n"
	}
	who := "no credentials"
	if p.User != "" && method != http.MethodGet {
		// The password's reference stands where its value goes at the last moment.
		wire += "Authorization: Basic " + p.User + ":‹" + p.Password.Name() + "›\r\n"
		who = p.User + " (REST)"
	}
	if body != "" {
		wire += "Content-Length: " + strconv.Itoa(len(body)) + "\r\n"
	} else if method != http.MethodGet {
		wire += "Content-Length: 0\r\n"
	}
	wire += "\r\n" + body
	if _, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire))); err != nil {
		return Shot{}, fmt.Errorf("the request does not parse: %w", err)
	}
	return Shot{Target: node.Name, Address: host, Who: who, wire: wire}, nil
}

func fill(body string, values []Value) (string, error) {
	var tree any
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&tree); err != nil {
		return "", fmt.Errorf("the body is not JSON: %w", err)
	}
	byName := map[string]string{}
	for _, v := range values {
		byName[v.Name] = v.Value
	}
	var walk func(any) (any, error)
	walk = func(x any) (any, error) {
		var err error
		switch t := x.(type) {
		case map[string]any:
			for k := range t {
				if t[k], err = walk(t[k]); err != nil {
					return nil, err
				}
			}
		case []any:
			for i := range t {
				if t[i], err = walk(t[i]); err != nil {
					return nil, err
				}
			}
		case string:
			if n, ok := strings.CutPrefix(t, "$"); ok && name(n) {
				v, known := byName[n]
				if !known {
					return nil, fmt.Errorf("the body asks for $%s, which has no value", n)
				}
				return v, nil
			}
		}
		return x, nil
	}
	tree, err := walk(tree)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(tree); err != nil {
		return "", err
	}
	return strings.TrimRight(b.String(), "\n"), nil
}

func (h *Hands) sendHTTP(ctx context.Context, cmd Command, s Shot, w io.Writer) (o Outcome) {
	o = Outcome{Kind: remote.NotStarted, Began: time.Now()}
	defer func() { o.Duration = time.Since(o.Began) }()
	ctx, cancel := context.WithTimeout(ctx, cmd.Timeout)
	defer cancel()
	p := h.cluster.Patroni
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(s.wire)))
	if err != nil {
		o.Reason = err.Error()
		return o
	}
	if req.Header.Get("Authorization") != "" {
		password, err := h.secret(ctx, p.Password)
		if err != nil {
			o.Reason = "the REST password: " + err.Error()
			return o
		}
		req.SetBasicAuth(p.User, password)
	}
	conf, err := tlsConfig(p.TLS)
	if err != nil {
		o.Reason = err.Error()
		return o
	}
	client := &http.Client{
		// A redirect could carry the credentials to another host: it is shown, never followed.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DisableKeepAlives: true, TLSClientConfig: conf,
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				c, err := h.net.Dial(ctx, s.Target, network, addr)
				if err == nil {
					// From here on bytes may have reached the target, whatever happens next.
					o.Kind = remote.Unknown
				}
				return c, err
			},
		},
	}
	req.RequestURI, req.URL.Scheme, req.URL.Host = "", either(p.Scheme, "http"), req.Host
	res, err := client.Do(req.WithContext(ctx))
	if err != nil {
		o.Reason = err.Error()
		return o
	}
	defer res.Body.Close()
	o.Code = res.StatusCode
	fmt.Fprintf(w, "HTTP %s\n", res.Status)
	_, err = io.Copy(w, io.LimitReader(res.Body, maxAnswer))
	fmt.Fprintln(w)
	switch {
	case cmd.Expect != 0 && res.StatusCode == cmd.Expect, cmd.Expect == 0 && res.StatusCode/100 == 2:
		o.Kind = remote.OK
	case res.StatusCode == http.StatusServiceUnavailable || res.StatusCode == http.StatusGatewayTimeout:
		// Patroni answers 503 "status unknown ... operation may still be in progress" too: not a verdict.
		o.Kind, o.Reason = remote.Unknown, "HTTP "+res.Status+" is not a verdict: the operation may still be in progress"
	default:
		o.Kind, o.Reason = remote.Failed, "HTTP "+res.Status
	}
	if err != nil && o.Kind == remote.OK {
		o.Reason = "the answer was cut: " + err.Error()
	}
	return o
}

func tlsConfig(t inventory.TLS) (*tls.Config, error) {
	conf := &tls.Config{ServerName: t.ServerName, MinVersion: tls.VersionTLS12}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", t.CA)
		}
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, err
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return conf, nil
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

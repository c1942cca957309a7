package probes

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// bodyLimit is the largest answer that is read, in bytes.
const bodyLimit = 8 << 20

// rest asks one HTTP service. It follows no redirect, uses no proxy and sends no credentials.
type rest struct {
	base   string
	client *http.Client
	dialer *dialer
}

func newREST(scheme string, d *dialer, conf *tls.Config) *rest {
	transport := &http.Transport{
		DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return d.dial(ctx) },
		TLSClientConfig:     conf,
		MaxIdleConnsPerHost: 5,
		IdleConnTimeout:     30 * time.Second,
	}
	return &rest{base: scheme + "://" + d.address, dialer: d, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (r *rest) close() { r.client.CloseIdleConnections() }

// reply is what a GET brought.
type reply struct {
	status int
	// date is the service's own clock, zero when it did not say.
	date   time.Time
	header http.Header
	body   []byte
}

// get asks for a path. Each of with may change the request before it is sent.
func (r *rest) get(ctx context.Context, path string, with ...func(*http.Request)) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+path, nil)
	if err != nil {
		return reply{}, err
	}
	for _, change := range with {
		change(req)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return reply{}, fmt.Errorf("GET %s: %w", path, bare(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, bodyLimit+1))
	switch {
	case err != nil:
		return reply{}, fmt.Errorf("GET %s: the answer broke off: %w", path, err)
	case len(body) > bodyLimit:
		return reply{}, fmt.Errorf("GET %s: the answer is larger than %d MiB", path, bodyLimit>>20)
	}
	date, _ := http.ParseTime(resp.Header.Get("Date")) // the zero time says that there is none
	return reply{resp.StatusCode, date, resp.Header, body}, nil
}

// bare is an error of http.Client without the method and address that the caller says better.
func bare(err error) error {
	for {
		inner := errors.Unwrap(err)
		if _, ok := err.(interface{ Temporary() bool }); !ok || inner == nil || errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		err = inner
	}
}

// decode reads an answer that must be JSON of the kind that want begins with: '{' or '['.
func decode(path string, body []byte, want byte, into any) error {
	trimmed := bytes.TrimSpace(body)
	switch {
	case len(trimmed) == 0:
		return fmt.Errorf("GET %s: the answer is empty", path)
	case trimmed[0] == '<':
		return fmt.Errorf("GET %s: answered HTML instead of JSON (%s)", path, firstWords(trimmed))
	case trimmed[0] != want:
		return fmt.Errorf("GET %s: answered something else than expected (%s)", path, firstWords(trimmed))
	}
	if err := json.Unmarshal(trimmed, into); err != nil {
		return fmt.Errorf("GET %s: the JSON does not hold what it should: %w", path, err)
	}
	return nil
}

// firstWords is the beginning of a text, without tags, for an error.
func firstWords(body []byte) string {
	body = body[:min(len(body), 4096)]
	var text strings.Builder
	tag := false
	for _, c := range string(body) {
		switch {
		case c == '<':
			tag = true
			text.WriteByte(' ')
		case c == '>' && tag:
			tag = false
		case !tag:
			text.WriteRune(c)
		}
	}
	words := strings.Fields(text.String())
	if len(words) == 0 {
		return "no text"
	}
	const most = 8
	if len(words) > most {
		words = append(words[:most:most], "…")
	}
	return line(strings.Join(words, " "))
}

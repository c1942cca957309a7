package probes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"recon/internal/inventory"
)

// haproxyFacts is what one HAProxy told.
type haproxyFacts struct {
	backends []HAProxyBackend
	version  string // empty when it was not told
}

func aimHAProxy(a aiming) ([]*target, error) {
	h := a.cluster.HAProxy
	if h == nil {
		return nil, nil
	}
	var out []*target
	for _, n := range running(a.cluster, h.On) {
		d := a.reach(n, h.Port)
		p := &haproxyProbe{
			rest: newREST("http", d, nil), user: h.User,
			password: func(ctx context.Context) (string, error) { return a.secret(ctx, h.Password) },
		}
		if a.cluster.Dial == inventory.DialSSH {
			p.hosts, p.node, p.socket = a.hosts, n.Name, h.Socket
		}
		out = append(out, aimed(a.Watch, a.raw.haproxy, "haproxy", n.Name, "http://"+d.address, deadline, p))
	}
	return out, nil
}

// haproxyProbe reads the statistics page as CSV, and the admin socket where there is no such page. Nothing but `show` is
// ever sent to the socket.
type haproxyProbe struct {
	rest     *rest
	user     string
	password func(ctx context.Context) (string, error)
	// hosts reaches the socket through the node's ssh connection; nil when the cluster file says dial: direct.
	hosts        Hosts
	node, socket string

	path    string // where the page was found
	version string
}

func (p *haproxyProbe) close() { p.rest.close() }

// pages are where statistics pages usually are; `stats uri` decides.
func pages() []string {
	return []string{"/", "/stats", "/haproxy?stats", "/haproxy/stats", "/haproxy_stats"}
}

func (p *haproxyProbe) ask(ctx context.Context) (haproxyFacts, error) {
	p.rest.dialer.reset()
	f, err := p.page(ctx)
	if err == nil {
		return f, nil
	}
	p.version = ""
	err = p.rest.dialer.cause(err)
	if p.hosts == nil || p.socket == "" || ctx.Err() != nil {
		return f, err
	}
	body, socketErr := p.say(ctx, "show stat")
	if socketErr != nil {
		return f, err // the page is what the cluster file names first
	}
	if f.backends, socketErr = parseStat(body); socketErr != nil {
		return f, fmt.Errorf("the admin socket: %w", socketErr)
	}
	if info, err := p.say(ctx, "show info"); err == nil {
		f.version = line(infoFields(string(info))["Version"])
	}
	return f, nil
}

// page reads the statistics page at the path that worked last, else at the usual ones.
func (p *haproxyProbe) page(ctx context.Context) (haproxyFacts, error) {
	paths := pages()
	if p.path != "" {
		paths = append([]string{p.path}, paths...)
	}
	var first error
	for _, path := range paths {
		r, err := p.get(ctx, path+";csv")
		if err != nil {
			return haproxyFacts{}, err
		}
		backends, err := parseStat(r.body)
		switch {
		case r.status == http.StatusUnauthorized:
			return haproxyFacts{}, p.unauthorized()
		case r.status != http.StatusOK:
			err = fmt.Errorf("GET %s;csv: answered %d", path, r.status)
		case err != nil:
			err = fmt.Errorf("GET %s;csv: %w", path, err)
		}
		if err == nil {
			if p.path != path {
				p.path, p.version = path, ""
			}
			if p.version == "" {
				p.version = p.askVersion(ctx)
			}
			return haproxyFacts{backends: backends, version: p.version}, nil
		}
		if first == nil {
			first = err
		}
	}
	p.path = ""
	return haproxyFacts{}, first
}

func (p *haproxyProbe) unauthorized() error {
	if p.user == "" {
		return errors.New("the statistics page wants a user; give services.haproxy.user and password in the cluster file")
	}
	return errors.New("the statistics page refuses the user and password of services.haproxy")
}

func (p *haproxyProbe) get(ctx context.Context, path string) (reply, error) {
	word, err := p.password(ctx)
	if err != nil {
		return reply{}, fmt.Errorf("the password of the statistics page: %w", err)
	}
	return p.rest.get(ctx, path, func(r *http.Request) {
		if p.user != "" {
			r.SetBasicAuth(p.user, word)
		}
	})
}

// askVersion looks into the page for people once; it is long, and a version does not change while a process runs.
func (p *haproxyProbe) askVersion(ctx context.Context) string {
	r, err := p.get(ctx, p.path)
	if err != nil || r.status != http.StatusOK {
		return "" // some pages hide it; then it is not told
	}
	return pageVersion(r.body)
}

// say sends one line to the admin socket and reads the answer to its end.
func (p *haproxyProbe) say(ctx context.Context, command string) ([]byte, error) {
	conn, err := p.hosts.Dial(ctx, p.node, "unix", p.socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if at, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(at); err != nil {
			return nil, err
		}
	}
	if _, err := io.WriteString(conn, command+"\n"); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(conn, bodyLimit+1))
	if len(body) > bodyLimit {
		return nil, fmt.Errorf("the answer is larger than %d MiB", bodyLimit>>20)
	}
	return bytes.TrimSpace(body), err
}

package probes

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"recon/internal/inventory"
)

// unhurried is the least pause between two looks at NetBox and at the proxy in front of it. A page of NetBox costs a query
// and a worker of its server, unlike what the other services are asked.
const unhurried = 5 * time.Second

// netboxFacts is what one NetBox answered.
type netboxFacts struct {
	code, statusCode int
	status           netboxStatus
	// unread says of fields of NetBoxMember why they were not told.
	unread map[string]string
}

func aimNetBox(a aiming) ([]*target, error) {
	s := a.cluster.NetBox
	if s == nil {
		return nil, nil
	}
	u, err := netboxURL(s)
	if err != nil {
		return nil, err
	}
	out := aimEntry(a)
	for _, n := range running(a.cluster, s.On) {
		d := a.reachBound(n, s.Bind, s.Port)
		source := "http://" + d.address
		if _, own := d.hosts.(fromNode); own {
			source += " on " + n.Name
		}
		t := aimed(a.Watch, a.raw.netbox, "netbox", n.Name, source, deadline, &netboxProbe{
			rest: newREST("http", d, nil), url: u,
			token: func(ctx context.Context) (string, error) { return a.secret(ctx, s.Token) },
		})
		t.pause = func() time.Duration { return max(a.cluster.Interval, unhurried) }
		out = append(out, t)
	}
	return out, nil
}

// netboxURL is NetBox's url as users type it; its host is empty where the cluster file gives none.
func netboxURL(s *inventory.NetBox) (*url.URL, error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return nil, fmt.Errorf("read the url of services.netbox: %w", err)
	}
	return u, nil
}

// fromNode dials as the node does, whatever the cluster file says: only the node has its loopback addresses.
type fromNode struct{ Hosts }

func (f fromNode) Dial(ctx context.Context, node, network, address string) (net.Conn, error) {
	return f.From(ctx, node, network, address)
}

// reachBound is the way to a service that listens on an address of its node. What listens on every address is asked at the
// node's own.
func (a aiming) reachBound(n inventory.Node, bind string, port int) *dialer {
	d := a.reach(n, port)
	address, err := netip.ParseAddr(bind)
	switch {
	case bind == "localhost", err == nil && address.IsLoopback():
		d.hosts, d.address = fromNode{a.hosts}, net.JoinHostPort(bind, strconv.Itoa(port))
	case bind != "" && (err != nil || !address.IsUnspecified()):
		d.address = net.JoinHostPort(bind, strconv.Itoa(port))
	}
	return d
}

// netboxProbe asks one NetBox for its login page and for its status. It speaks as the proxy in front of it would, because
// NetBox answers only to the host names that it knows.
type netboxProbe struct {
	rest  *rest
	url   *url.URL
	token func(ctx context.Context) (string, error)
}

func (p *netboxProbe) close() { p.rest.close() }

func (p *netboxProbe) ask(ctx context.Context) (netboxFacts, error) {
	p.rest.dialer.reset()
	f := netboxFacts{unread: map[string]string{}}
	token, tokenErr := p.token(ctx)
	// The status asks Redis; the login page must not wait for that.
	soon, cancel := within(ctx, patience)
	defer cancel()
	var login, status reply
	var loginErr, statusErr error
	var both sync.WaitGroup
	both.Go(func() { login, loginErr = p.rest.get(ctx, pathUnder(p.url, "/login/"), forwarded(p.url)) })
	both.Go(func() {
		status, statusErr = p.rest.get(soon, pathUnder(p.url, "/api/status/"), forwarded(p.url), authorized(token))
	})
	both.Wait()
	if loginErr != nil {
		return f, p.rest.dialer.cause(loginErr)
	}
	f.code = login.status
	if statusErr != nil {
		f.blind(words(statusErr, patience), "status_code")
		return f, nil
	}
	f.statusCode = status.status
	f.read(status, token != "", tokenErr)
	return f, nil
}

// read takes what the status page says, or why it says nothing.
func (f *netboxFacts) read(r reply, token bool, tokenErr error) {
	denied := r.status == http.StatusForbidden || r.status == http.StatusUnauthorized
	switch {
	case denied && tokenErr != nil:
		f.blind("the token of services.netbox was not read: "+line(tokenErr.Error()), "")
	case denied && token:
		f.blind(fmt.Sprintf("NetBox refuses the token of services.netbox: /api/status/ answered %d", r.status), "")
	case denied:
		f.blind(fmt.Sprintf("/api/status/ wants a login (it answered %d); give services.netbox.token in the cluster file", r.status), "")
	case r.status != http.StatusOK:
		f.blind(fmt.Sprintf("/api/status/ answered %d", r.status), "")
	default:
		var err error
		if f.status, err = parseNetBoxStatus(r.body); err != nil {
			f.blind(words(err, patience), "")
			return
		}
		for field, missing := range map[string]bool{
			"version": f.status.Version == "", "hostname": f.status.Hostname == "", "workers": f.status.Workers == nil,
			"plugins": f.status.Plugins == nil,
		} {
			if missing {
				f.unread[field] = "/api/status/ of this version does not tell it"
			}
		}
	}
}

// blind notes why nothing is known that the status page tells, and also of one more field, unless that is empty.
func (f *netboxFacts) blind(why, also string) {
	for _, field := range []string{"version", "hostname", "workers", "plugins", also} {
		if field != "" {
			f.unread[field] = why
		}
	}
}

// pathUnder is a path of NetBox, which may live below a path of its host.
func pathUnder(u *url.URL, path string) string { return strings.TrimRight(u.EscapedPath(), "/") + path }

// forwarded makes a request look as the proxy sends it on.
func forwarded(u *url.URL) func(*http.Request) {
	return func(r *http.Request) {
		if u.Host == "" {
			return
		}
		r.Host = u.Host
		r.Header.Set("X-Forwarded-Host", u.Host)
		r.Header.Set("X-Forwarded-Proto", u.Scheme)
	}
}

// authorized shows a token. Those that NetBox makes since 4.5 begin with nbt_ and are shown in another way.
func authorized(token string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Accept", "application/json")
		switch {
		case strings.HasPrefix(token, "nbt_"):
			r.Header.Set("Authorization", "Bearer "+token)
		case token != "":
			r.Header.Set("Authorization", "Token "+token)
		}
	}
}

package probes

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"time"

	"recon/internal/inventory"
)

// entryNode is where the answer of NetBox's entry lies among those of the nodes, which all have names.
const entryNode = ""

// aimEntry is NetBox as its users reach it, asked for what each node is asked for.
func aimEntry(a aiming) []*target {
	u, address, ok := webEntry(a.cluster)
	if !ok {
		return nil
	}
	p := &entryProbe{url: u, token: func(ctx context.Context) (string, error) { return a.secret(ctx, a.cluster.NetBox.Token) }}
	w := a.way("web", address)
	d := &dialer{hosts: w, address: address}
	var conf *tls.Config
	if u.Scheme == "https" {
		conf = newLogin(u, w, a.now).tls(&p.distrust)
	}
	p.rest = newREST(u.Scheme, d, conf)
	t := aimed(a.Watch, a.raw.netbox, "netbox", entryNode, u.String()+" at "+address, tryDeadline, p)
	t.pause = func() time.Duration { return max(a.cluster.Interval, tryEvery) }
	return []*target{t}
}

// entryProbe asks through the floating address. A connection is made for each look: a kept one would still lead to the node
// that had the address when it was made.
type entryProbe struct {
	rest *rest
	url  *url.URL
	// distrust is what is wrong with the certificate of the last handshake, or empty. Then no token is sent.
	distrust string
	token    func(ctx context.Context) (string, error)
}

func (p *entryProbe) close() { p.rest.close() }

func (p *entryProbe) ask(ctx context.Context) (netboxFacts, error) {
	p.rest.dialer.reset()
	defer p.rest.close()
	f := netboxFacts{unread: map[string]string{}}
	host := func(r *http.Request) { r.Host = p.url.Host }
	login, err := p.rest.get(ctx, pathUnder(p.url, "/login/"), host)
	if err != nil {
		return f, p.rest.dialer.cause(err)
	}
	f.code = login.status
	if p.url.Scheme != "https" || p.distrust != "" {
		f.blind("no token is sent: "+either(p.distrust, "the url is not https"), "")
		status, err := p.rest.get(ctx, pathUnder(p.url, "/api/status/"), host)
		if err != nil {
			f.unread["status_code"] = words(err, tryDeadline)
			return f, nil
		}
		f.statusCode = status.status
		if status.status == http.StatusOK {
			clear(f.unread) // a NetBox without LOGIN_REQUIRED tells it to everybody
			f.read(status, false, nil)
		}
		return f, nil
	}
	token, tokenErr := p.token(ctx)
	status, err := p.rest.get(ctx, pathUnder(p.url, "/api/status/"), host, authorized(token))
	if err != nil {
		f.blind(words(err, tryDeadline), "status_code")
		return f, nil
	}
	f.statusCode = status.status
	f.read(status, token != "", tokenErr)
	return f, nil
}

// assembleEntry is the entry's answer. The host that answered is a node where it calls itself so.
func assembleEntry(c *inventory.Cluster, r raw, m moment) NetBoxMember {
	if _, _, ok := webEntry(c); !ok {
		return NetBoxMember{}
	}
	a := r.netbox[entryNode]
	out := netboxMember("", a.seen(m), a.fact)
	if n := nodeNamed(c, out.Hostname); n != nil {
		out.Node = *n
	}
	return out
}

package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// secret reads one of the operator's secrets from the console.
func (l *Lab) secret(ctx context.Context, name string) (string, error) {
	console, err := l.guest(consoleName)
	if err != nil {
		return "", err
	}
	out, err := console.run(ctx, "cat", "/home/"+User+"/.secrets/"+name)
	return strings.TrimSpace(out), err
}

// stackHealthy is nil when everything around the database works as well: each node's own view, and the way of a client
// through the entry.
func (l *Lab) stackHealthy(ctx context.Context, leader string) error {
	redis, err := l.secret(ctx, "redis")
	if err != nil {
		return err
	}
	sentinel, err := l.secret(ctx, "sentinel")
	if err != nil {
		return err
	}
	views := make([]nodeView, len(nodes()))
	err = l.each(nodes(), func(g guest) error {
		out, err := g.feed(ctx, redis+"\n"+sentinel+"\n", "bash", "-c", stackScript, "bash", g.address, sentinelMaster)
		views[slices.IndexFunc(nodes(), func(h host) bool { return h.name == g.name })] = parseNodeView(g.host, out)
		return err
	})
	if err != nil {
		return err
	}
	if err := stackHealthy(views, leader); err != nil {
		return err
	}
	return l.entryHealthy(ctx, redis)
}

// entryHealthy goes the way of the clients, from the console: a query through PgBouncer, a page of NetBox, and the
// workers that Redis knows.
func (l *Lab) entryHealthy(ctx context.Context, redis string) error {
	console, err := l.guest(consoleName)
	if err != nil {
		return err
	}
	password, err := l.secret(ctx, "postgres")
	if err != nil {
		return err
	}
	if _, err := console.feed(ctx, password+"\n", "sh", "-c",
		`read -r PGPASSWORD; export PGPASSWORD PGCONNECT_TIMEOUT=3; exec timeout 5 psql -XAt -h "$1" -p 6432 -U recon -d netbox -c 'SELECT 1'`,
		"sh", dbVIP); err != nil {
		return fmt.Errorf("a query through the entry: %w", err)
	}
	code, err := console.run(ctx, "curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "5", "https://"+serverName+"/login/")
	if err != nil {
		return fmt.Errorf("NetBox's login page: %w", err)
	}
	if code != "200" {
		return fmt.Errorf("NetBox's login page is %s", code)
	}
	lost, err := l.withoutWorker(ctx, redis)
	if err == nil && len(lost) > 0 {
		err = fmt.Errorf("no worker on %s", lost[0].name)
	}
	return err
}

// withoutWorker are the nodes whose worker Redis does not know, whatever its unit says.
func (l *Lab) withoutWorker(ctx context.Context, redis string) ([]host, error) {
	console, err := l.guest(consoleName)
	if err != nil {
		return nil, err
	}
	out, err := console.feed(ctx, redis+"\n", "bash", "-c", workersScript, "bash", dbVIP)
	if err != nil {
		return nil, fmt.Errorf("the workers: %w", err)
	}
	at := strings.Fields(out)
	return slices.DeleteFunc(nodes(), func(h host) bool { return slices.Contains(at, h.name) }), nil
}

package lab

import (
	"context"
	"fmt"
	"strings"
	"time"

	"recon/internal/fault"
)

func haproxyRecipes() map[string]recipe {
	return map[string]recipe{
		fault.HAProxyDead:       {killHAProxy, starts("haproxy")},
		fault.HAProxyMaint:      {leaveMaintenance, endMaintenance},
		fault.HAProxyNoBind:     {forbidBind, allowBind},
		fault.HAProxyWrongCheck: {wrongCheck, rightCheck},
	}
}

// haproxy runs a command on the guest's HAProxy, over its socket.
func (g guest) haproxy(ctx context.Context, command string) (string, error) {
	out, err := g.feed(ctx, command+"\n", "timeout", "5", "socat", "-t", "5", "-", "UNIX-CONNECT:/run/haproxy/admin.sock")
	return strings.TrimSpace(out), err
}

// backend waits until the guest's HAProxy says that the server (or BACKEND) is in that state.
func (g guest) backend(ctx context.Context, backend, server, state string) error {
	what := fmt.Sprintf("%s/%s to be %s on %s", backend, server, state, g.name)
	return g.lab.await(ctx, 30*time.Second, what, func(ctx context.Context) error {
		out, err := g.haproxy(ctx, "show stat")
		if err != nil {
			return err
		}
		for line := range strings.Lines(out) {
			if f := strings.Split(line, ","); len(f) > 17 && f[0] == backend && f[1] == server {
				if f[17] == state {
					return nil
				}
				return fmt.Errorf("it is %s", f[17])
			}
		}
		return fmt.Errorf("HAProxy on %s has no %s/%s", g.name, backend, server)
	})
}

// holders are the nodes that have the VIP.
func (l *Lab) holders(ctx context.Context, vip string) ([]string, error) {
	var found []string
	for _, h := range nodes() {
		g := guest{l, h}
		if _, _, up := g.pids(); !up {
			continue
		}
		out, err := g.run(ctx, "ip", "-4", "-o", "addr", "show", "to", vip)
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(out) != "" {
			found = append(found, h.name)
		}
	}
	return found, nil
}

// holder is the one node that has the db VIP.
func (l *Lab) holder(ctx context.Context) (string, error) {
	found, err := l.holders(ctx, dbVIP)
	if err == nil && len(found) != 1 {
		err = &Error{What: fmt.Sprintf("%d nodes hold the db VIP", len(found)), Hint: "`recon lab mend`, or name the host"}
	}
	if err != nil {
		return "", err
	}
	return found[0], nil
}

// backup is the last node that holds no VIP.
func (l *Lab) backup(ctx context.Context) (string, error) {
	db, err := l.holders(ctx, dbVIP)
	if err != nil {
		return "", err
	}
	web, err := l.holders(ctx, webVIP)
	if err != nil {
		return "", err
	}
	return oneOf(append(db, web...)...)
}

func killHAProxy(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.holder)
	if err != nil {
		return err
	}
	if err := g.kill(ctx, "haproxy"); err != nil {
		return err
	}
	s.say("killed HAProxy on %s; its unit stays stopped", g.name)
	return g.refuses(ctx, 7000)
}

func leaveMaintenance(ctx context.Context, s *scene) error {
	leader, err := s.leader(ctx)
	if err != nil {
		return err
	}
	g, err := s.choose(ctx, s.holder)
	if err != nil {
		return err
	}
	if out, err := g.haproxy(ctx, "set server pg_bkwrite/"+leader+" state maint"); err != nil || out != "" {
		return &Error{What: "HAProxy on " + g.name + ": " + out, Err: err}
	}
	s.say("left the leader %s in maintenance in the write backend of HAProxy on %s", leader, g.name)
	return g.backend(ctx, "pg_bkwrite", leader, "MAINT")
}

func endMaintenance(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		if g.unitStates(ctx)["haproxy"] != "active" {
			return nil // a new process knows no maintenance
		}
		out, err := g.haproxy(ctx, "show stat")
		if err != nil {
			return err
		}
		for line := range strings.Lines(out) {
			if f := strings.Split(line, ","); len(f) > 17 && strings.HasPrefix(f[17], "MAINT") {
				if out, err := g.haproxy(ctx, "set server "+f[0]+"/"+f[1]+" state ready"); err != nil || out != "" {
					return &Error{What: "HAProxy on " + g.name + ": " + out, Err: err}
				}
			}
		}
		return nil
	})
}

func forbidBind(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.backup)
	if err != nil {
		return err
	}
	if _, err := g.sh(ctx, `sysctl --quiet --write net.ipv4.ip_nonlocal_bind=0; systemctl restart --no-block haproxy`); err != nil {
		return err
	}
	s.say("set ip_nonlocal_bind to 0 on %s and restarted HAProxy", g.name)
	return s.await(ctx, 30*time.Second, "HAProxy to give up", func(ctx context.Context) error {
		if state := g.unitStates(ctx)["haproxy"]; state != "failed" {
			return fmt.Errorf("it is %s", state)
		}
		return nil
	})
}

func allowBind(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		if _, err := g.run(ctx, "sysctl", "--quiet", "--write", "net.ipv4.ip_nonlocal_bind=1"); err != nil {
			return err
		}
		return g.start(ctx, "haproxy")
	})
}

func wrongCheck(ctx context.Context, s *scene) error {
	if err := s.mark(hostNames(nodes())...); err != nil {
		return err
	}
	err := s.each(nodes(), func(g guest) error {
		_, err := g.sh(ctx, `
sed -i 's|^\( *option httpchk OPTIONS\) /primary$|\1 /writable # fault was /primary|' /etc/haproxy/haproxy.cfg
grep -q '# fault was' /etc/haproxy/haproxy.cfg
systemctl reload haproxy`)
		return err
	})
	if err != nil {
		return err
	}
	s.say("HAProxy's write backend asks for /writable, which Patroni does not know, on every node")
	return s.each(nodes(), func(g guest) error { return g.backend(ctx, "pg_bkwrite", "BACKEND", "DOWN") })
}

func rightCheck(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		_, err := g.sh(ctx, `
grep -q '# fault was' /etc/haproxy/haproxy.cfg || exit 0
sed -i 's|/writable # fault was /primary$|/primary|' /etc/haproxy/haproxy.cfg
! systemctl is-active --quiet haproxy || systemctl reload haproxy`)
		return err
	})
}

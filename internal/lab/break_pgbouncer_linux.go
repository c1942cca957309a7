package lab

import (
	"context"
	"fmt"
	"strings"
	"time"

	"recon/internal/fault"
)

func pgbouncerRecipes() map[string]recipe {
	return map[string]recipe{
		fault.PgBouncerPaused:   {pausePool, resumePool},
		fault.PgBouncerPass:     {wrongUserlist, rightUserlist},
		fault.PgBouncerDatabase: {dropDatabase, bringDatabase},
		fault.PoolExhausted:     {exhaustPool, freePool},
	}
}

// pgbouncer runs a command on the guest's PgBouncer. Over the socket its own system user may do everything.
func (g guest) pgbouncer(ctx context.Context, command string) (string, error) {
	out, err := g.feed(ctx, command, "runuser", "-u", "postgres", "--", "timeout", "4", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1",
		"-h", "/var/run/postgresql", "-p", "6432", "-U", "pgbouncer", "-f", "-", "pgbouncer")
	return strings.TrimSpace(out), err
}

// runningPools does something on every PgBouncer where the fault is and that runs.
func (s *scene) runningPools(ctx context.Context, do func(guest) error) error {
	return s.each(s.where(), func(g guest) error {
		if g.unitStates(ctx)["pgbouncer"] != "active" {
			return nil // it knows no pause, and reads its files when it starts
		}
		return do(g)
	})
}

func pausePool(ctx context.Context, s *scene) error {
	chosen, err := s.every()
	if err != nil {
		return err
	}
	err = s.each(chosen, func(g guest) error {
		// PAUSE waits for every transaction, for ever if need be; KILL pauses without waiting.
		if _, err := g.pgbouncer(ctx, "PAUSE netbox;"); err == nil {
			return nil
		}
		_, err := g.pgbouncer(ctx, "KILL netbox;")
		return err
	})
	s.say("left netbox paused in PgBouncer on %s", strings.Join(s.hosts, ", "))
	return err
}

// paused says whether the database netbox is paused.
func (g guest) paused(ctx context.Context) (bool, error) {
	out, err := g.run(ctx, "runuser", "-u", "postgres", "--", "timeout", "8", "psql", "-XAq", "-h", "/var/run/postgresql", "-p", "6432",
		"-U", "pgbouncer", "-c", "SHOW DATABASES", "pgbouncer")
	if err != nil {
		return false, err
	}
	column := -1
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSpace(line), "|")
		for i, name := range f {
			if name == "paused" {
				column = i
			}
		}
		if f[0] == "netbox" && column >= 0 && column < len(f) {
			return f[column] == "1", nil
		}
	}
	return false, nil
}

func resumePool(ctx context.Context, s *scene) error {
	return s.runningPools(ctx, func(g guest) error {
		if paused, err := g.paused(ctx); err != nil || !paused {
			return err
		}
		_, err := g.pgbouncer(ctx, "RESUME netbox;")
		return err
	})
}

// editPools changes a file on the hosts and lets PgBouncer read it again.
func (s *scene) editPools(ctx context.Context, hosts []host, script string) error {
	return s.each(hosts, func(g guest) error {
		if _, err := g.sh(ctx, script); err != nil {
			return err
		}
		if g.unitStates(ctx)["pgbouncer"] != "active" {
			return nil
		}
		_, err := g.pgbouncer(ctx, "RELOAD;")
		return err
	})
}

func wrongUserlist(ctx context.Context, s *scene) error {
	chosen, err := s.every()
	if err != nil {
		return err
	}
	// What follows the second word of a line is not read.
	err = s.editPools(ctx, chosen, `
grep -q '^"netbox" "not-the-password"' /etc/pgbouncer/userlist.txt ||
  sed -i 's/^"\(netbox\|recon\)" \(".*"\)$/"\1" "not-the-password" \2/' /etc/pgbouncer/userlist.txt
grep -q '^"netbox" "not-the-password"' /etc/pgbouncer/userlist.txt`)
	s.say("wrote wrong passwords of netbox and recon into PgBouncer's user list on %s", strings.Join(s.hosts, ", "))
	return err
}

func rightUserlist(ctx context.Context, s *scene) error {
	return s.editPools(ctx, s.where(), `sed -i 's/^"\(netbox\|recon\)" "not-the-password" \(".*"\)$/"\1" \2/' /etc/pgbouncer/userlist.txt`)
}

func dropDatabase(ctx context.Context, s *scene) error {
	chosen, err := s.every()
	if err != nil {
		return err
	}
	err = s.editPools(ctx, chosen, `
sed -i 's/^netbox = /;fault; netbox = /' /etc/pgbouncer/pgbouncer.ini
grep -q '^;fault; netbox = ' /etc/pgbouncer/pgbouncer.ini`)
	s.say("took the database netbox out of PgBouncer's configuration on %s", strings.Join(s.hosts, ", "))
	return err
}

func bringDatabase(ctx context.Context, s *scene) error {
	return s.editPools(ctx, s.where(), `sed -i 's/^;fault; netbox = /netbox = /' /etc/pgbouncer/pgbouncer.ini`)
}

// hoard is a client that never ends its transactions, as an application with a leak: it connects where NetBox does, with
// what NetBox has, and comes again when it is turned away.
const hoard = `
import runpy, sys, threading, time
import psycopg2
d = runpy.run_path("/opt/netbox/netbox/netbox/configuration.py")["DATABASES"]["default"]
def hold():
    while True:
        try:
            c = psycopg2.connect(host=d["HOST"], port=d["PORT"], dbname=d["NAME"], user=d["USER"], password=d["PASSWORD"],
                                 application_name="leak", connect_timeout=90)
            c.cursor().execute("SELECT 1")
            time.sleep(1 << 20)
        except psycopg2.Error:
            time.sleep(1)
for _ in range(int(sys.argv[1])):
    threading.Thread(target=hold, daemon=True).start()
time.sleep(1 << 20)
`

func exhaustPool(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, lastNode)
	if err != nil {
		return err
	}
	// Three pools of 25, and some who wait at each.
	if _, err := g.run(ctx, "systemd-run", "--quiet", "--collect", "--unit=lab-leak", "--", "python3", "-c", hoard, "96"); err != nil {
		return err
	}
	s.say("a client on %s holds a transaction open in every connection of the pools", g.name)
	return s.await(ctx, 40*time.Second, "clients that wait at every pool", func(ctx context.Context) error {
		return s.each(nodes(), func(g guest) error {
			out, err := g.pgbouncer(ctx, "SHOW POOLS;")
			if err != nil {
				return err
			}
			for line := range strings.Lines(out) {
				// database, user, cl_active, cl_waiting
				if f := strings.Split(line, "|"); len(f) > 3 && f[0] == "netbox" && f[1] == "netbox" && f[3] != "0" {
					return nil
				}
			}
			return fmt.Errorf("nobody waits at %s", g.name)
		})
	})
}

func freePool(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		_, err := g.sh(ctx, `systemctl stop lab-leak 2>/dev/null || :`)
		return err
	})
}

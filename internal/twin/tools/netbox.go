package tools

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"strings"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

func (k *kit) application() map[string]shell.Command {
	return map[string]shell.Command{
		"python3": k.python, "/opt/netbox/venv/bin/python3": k.python, "ssh-add": sshAdd, "pgbouncer": pgBouncer, "gunicorn": gunicorn,
	}
}

// migrations are the newest of NetBox's applications, as Django lists them.
var migrations = []struct {
	app   string
	names []string
}{
	{"account", []string{"0001_initial"}},
	{"auth", []string{"0001_initial", "0012_alter_user_first_name_max_length"}},
	{"circuits", []string{"0001_squashed", "0052_extend_circuit_abs_distance_upper_limit"}},
	{"core", []string{"0001_squashed_0005", "0019_configrevision_active"}},
	{"dcim", []string{"0001_squashed", "0215_rackreservation_status"}},
	{"extras", []string{"0001_squashed", "0134_owner"}},
	{"ipam", []string{"0001_squashed", "0084_owner"}},
	{"tenancy", []string{"0001_squashed_0012", "0022_add_comments_to_organizationalmodel"}},
	{"users", []string{"0001_squashed_0011", "0012_drop_django_admin_log_table"}},
	{"virtualization", []string{"0001_squashed_0022", "0050_virtualmachine_owner"}},
	{"vpn", []string{"0001_initial", "0011_owner"}},
	{"wireless", []string{"0001_squashed_0008", "0016_owner"}},
}

// python is NetBox's manage.py, and --version.
func (k *kit) python(ctx context.Context, c *shell.Call) int {
	args := c.Args[1:]
	switch {
	case len(args) == 1 && (args[0] == "--version" || args[0] == "-V"):
		fmt.Fprintln(c.Stdout, "Python 3.13.5")
		return 0
	case len(args) == 0 || path.Base(args[0]) != "manage.py":
		return c.Fail(2, "only manage.py showmigrations is simulated")
	}
	if _, err := c.ReadFile(args[0]); err != nil {
		fmt.Fprintf(c.Stderr, "%s: can't open file '%s': [Errno 2] %s\n", c.Args[0], c.Path(args[0]), shell.Reason(err))
		return 2
	}
	if len(args) < 2 {
		fmt.Fprintln(c.Stderr, "manage.py: the help of Django is not simulated")
		return 1
	}
	switch args[1] {
	case "showmigrations":
		return k.showMigrations(ctx, c, path.Dir(args[0]), args[2:])
	case "version", "--version":
		fmt.Fprintln(c.Stdout, "5.2.8")
		return 0
	}
	fmt.Fprintf(c.Stderr, "manage.py: %q is not simulated; showmigrations is\n", args[1])
	return 1
}

// showMigrations asks the database of the configuration which migrations it has; a healthy one has them all.
func (k *kit) showMigrations(ctx context.Context, c *shell.Call, home string, args []string) int {
	for _, a := range args {
		if a != "--list" && a != "-l" {
			fmt.Fprintf(c.Stderr, "manage.py showmigrations: error: %q is not simulated; --list is\n", a)
			return 2
		}
	}
	host, port := "172.16.113.204", "6432"
	k.look(c, func(*world.Host) { host = either(k.world.Plan.DBVIP, host) })
	for _, file := range []string{home + "/netbox/configuration.py", home + "/configuration.py"} {
		b, err := c.ReadFile(file)
		if err != nil {
			continue
		}
		// Redis has a HOST too; the database's comes first.
		if m := regexp.MustCompile(`"HOST": "([^"]+)"`).FindSubmatch(b); m != nil {
			host = string(m[1])
		}
		if m := regexp.MustCompile(`"PORT": [^\n]*"([0-9]+)"\)?,`).FindSubmatch(b); m != nil {
			port = string(m[1])
		}
		break
	}
	port = either(c.Env("NETBOX_DB_PORT"), port)
	limited, done := within(ctx, c, 5*4*world.Step)
	defer done()
	if conn, err := k.dial(limited, c, either(k.resolve(c, host), host)+":"+port); err != nil {
		why := "Connection refused"
		if !strings.Contains(err.Error(), "refused") {
			why = "timeout expired"
		}
		fmt.Fprintf(c.Stderr, "Traceback (most recent call last):\n  File \"%s/manage.py\", line 10, in <module>\n    execute_from_command_line(sys.argv)\n"+
			"django.db.utils.OperationalError: connection failed: connection to server at \"%s\", port %s failed: %s\n", home, host, port, why)
		return 1
	} else {
		_ = conn.Close()
	}
	for _, m := range migrations {
		fmt.Fprintln(c.Stdout, m.app)
		for _, n := range m.names {
			fmt.Fprintf(c.Stdout, " [X] %s\n", n)
		}
	}
	return 0
}

// sshAdd finds no agent: the hosts have none.
func sshAdd(_ context.Context, c *shell.Call) int {
	if len(c.Args) != 2 || c.Args[1] != "-l" {
		return c.Fail(1, "only -l is simulated")
	}
	fmt.Fprintln(c.Stderr, "Could not open a connection to your authentication agent.")
	return 2
}

func pgBouncer(_ context.Context, c *shell.Call) int {
	if len(c.Args) == 2 && (c.Args[1] == "--version" || c.Args[1] == "-V") {
		fmt.Fprint(c.Stdout, "PgBouncer 1.24.1\nlibevent 2.1.12-stable\nadns: c-ares 1.34.5\ntls: OpenSSL 3.5.9 29 Sep 2026\nsystemd: yes\n")
		return 0
	}
	return c.Fail(1, "running it by hand is not simulated; systemctl start pgbouncer runs it")
}

func gunicorn(_ context.Context, c *shell.Call) int {
	if len(c.Args) == 2 && (c.Args[1] == "--version" || c.Args[1] == "-v") {
		fmt.Fprintln(c.Stdout, "gunicorn (version 23.0.0)")
		return 0
	}
	return c.Fail(1, "running it by hand is not simulated; systemctl start netbox runs it")
}

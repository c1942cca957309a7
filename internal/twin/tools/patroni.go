package tools

import (
	"context"
	"fmt"
	"strings"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

// patroniProgram is patroni --version and --validate-config; a unit runs it otherwise.
func (k *kit) patroniProgram(_ context.Context, c *shell.Call) int {
	given, rest, err := grammar{long: []string{"version", "validate-config", "ignore-listen-port=i"}, short: "i"}.parse(c.Args[1:])
	switch {
	case err != nil:
		fmt.Fprintf(c.Stderr, "usage: patroni [-h] [--version] [--validate-config] [configfile]\npatroni: error: unrecognized arguments: %s\n", strings.Join(c.Args[1:], " "))
		return 2
	case given.has("version"):
		fmt.Fprintf(c.Stdout, "patroni %s\n", patroniVersion)
		return 0
	case !given.has("validate-config") || len(rest) != 1:
		return c.Fail(1, "running an agent by hand is not simulated; systemctl start patroni runs it")
	}
	text, err := c.ReadFile(rest[0])
	if err != nil {
		fmt.Fprintf(c.Stdout, "Can not open configuration file %s: %s\n", rest[0], shell.Reason(err))
		return 1
	}
	f, err := readPatroniFile(text)
	if err != nil {
		line, _, _ := strings.Cut(err.Error(), "\n")
		fmt.Fprintf(c.Stdout, "while parsing %s: %s\n", rest[0], line)
		return 1
	}
	status := 0
	for _, need := range []struct {
		name string
		ok   bool
	}{{"name", f.Name != ""}, {"scope", f.Scope != ""}, {"etcd3", len(f.hosts()) > 0}} {
		if !need.ok {
			fmt.Fprintf(c.Stdout, "%s  is not defined.\n", need.name)
			status = 1
		}
	}
	// As the real one it tries to listen where the running ones do.
	k.look(c, func(h *world.Host) {
		for _, l := range []struct {
			key, listen string
			used        bool
		}{{"restapi", f.REST.Listen, h.Patroni != nil && h.Patroni.Running}, {"postgresql", f.Postgres.Listen, h.Postgres != nil && h.Postgres.Running}} {
			if _, port, ok := strings.Cut(l.listen, ":"); ok && l.used {
				fmt.Fprintf(c.Stdout, "%s.listen %s didn't pass validation: Port %s is already in use.\n", l.key, l.listen, port)
				status = 1
			}
		}
	})
	return status
}

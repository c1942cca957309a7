package world

import (
	"fmt"
	"regexp"
	"strings"

	"recon/internal/fault"
)

// before is a file as it was before a fault, and the unit that reads it.
type before struct{ text, unit string }

// spoil edits a file of a host and keeps what it was, so that Mend puts it back. Nothing reads it yet. The error says that the
// edit found nothing to change.
func (h *Host) spoil(unit, path string, edit func(string) string) error {
	if h.Files == nil {
		return fmt.Errorf("%s has no files", h.Name)
	}
	old := h.text(path)
	fresh := edit(old)
	if fresh == old {
		return fmt.Errorf("%s on %s has nothing that this fault could change", path, h.Name)
	}
	if err := h.Files.WriteFile(path, []byte(fresh), 0, ""); err != nil {
		return err
	}
	if _, known := h.spoilt[path]; !known {
		if h.spoilt == nil {
			h.spoilt = map[string]before{}
		}
		h.spoilt[path] = before{old, unit}
	}
	return nil
}

// restore puts back every file that a fault spoilt, and lets the programs that run read them.
func (h *Host) restore() {
	for path, was := range h.spoilt {
		_ = h.Files.WriteFile(path, []byte(was.text), 0, "") // it was there a moment ago
	}
	for _, was := range h.spoilt {
		if h.Running(was.unit) {
			_ = h.Reload(was.unit) // its files were good before
		}
	}
	h.spoilt = nil
}

// swap is an edit that replaces a text everywhere.
func swap(old, fresh string) func(string) string {
	return func(text string) string { return strings.ReplaceAll(text, old, fresh) }
}

// add is an edit that adds a line at the end.
func add(line string) func(string) string {
	return func(text string) string { return strings.TrimRight(text, "\n") + "\n" + line + "\n" }
}

// once is an edit that replaces the first occurrence of a text.
func once(old, fresh string) func(string) string {
	return func(text string) string { return strings.Replace(text, old, fresh, 1) }
}

// then is what a program does after its file was spoilt.
type then func(h *Host, unit string) error

func reloads(h *Host, unit string) error { return h.Reload(unit) }
func waits(*Host, string) error          { return nil }

// restarts is a restart, whatever comes of it: most such files keep a program from starting, which is the fault.
func restarts(h *Host, unit string) error {
	_ = h.Restart(unit) // its journal says why not
	return nil
}

// on chooses hosts by a fault's arguments.
type on func(args []string) ([]*Host, error)

func (w *World) all(args []string) ([]*Host, error) { return w.named(args), nil }

// one is the host that is named, or the usual one.
func (w *World) one(usual func() *Host) on {
	return func(args []string) ([]*Host, error) {
		h, err := w.chosen(args, usual())
		return []*Host{h}, err
	}
}

// spoils is a fault that edits a file; said ends with the hosts.
func (w *World) spoils(where on, unit, path string, edit func(string) string, next then, said string) breaker {
	return func(args []string) (string, error) {
		hosts, err := where(args)
		if err != nil {
			return "", err
		}
		for _, h := range hosts {
			if err := h.spoil(unit, path, edit); err != nil {
				return "", err
			}
			if err := next(h, unit); err != nil {
				return "", err
			}
		}
		return said + " on " + strings.Join(names(hosts), ", "), nil
	}
}

// spoiltFaults are those that somebody makes who edits a file.
func (w *World) spoiltFaults() map[string]breaker {
	id := "virtual_router_id " + w.Plan.DBVIP[strings.LastIndexByte(w.Plan.DBVIP, '.')+1:]
	other := func(text string) string {
		return regexp.MustCompile(`(?m)^requirepass .*$`).ReplaceAllString(text, "requirepass not-the-password")
	}
	return map[string]breaker{
		fault.PatroniBadConfig: w.spoils(w.one(w.asyncReplica), PatroniUnit, PatroniFile, add("a line that is no setting"), restarts,
			"left a line in patroni.yml that is no YAML, and restarted Patroni"),
		fault.PatroniOtherScope: w.spoils(w.one(w.lastNode), PatroniUnit, PatroniFile, once("scope: "+Scope, "scope: "+Scope+"2"), waits, "wrote another scope into patroni.yml"),
		fault.NoWatchdog: w.spoils(w.one(w.asyncReplica), PatroniUnit, PatroniFile, add("watchdog: {mode: required, device: /dev/watchdog}"), reloads,
			"required a watchdog that is not there"),
		fault.PgBouncerBadConfig: w.spoils(w.one(w.lastNode), BouncerUnit, BouncerFile, once("[databases]\n", "[databases]\nnetbox and its friends\n"), restarts,
			"left a line in pgbouncer.ini that says nothing, and restarted PgBouncer"),
		fault.PgBouncerUnprepared: w.spoils(w.all, BouncerUnit, BouncerFile, once("max_prepared_statements = 200", "max_prepared_statements = 0"), reloads,
			"set max_prepared_statements to 0"),
		fault.PgBouncerWrongPort: w.spoils(w.all, BouncerUnit, BouncerFile, swap("port=5432", "port=5434"), reloads, "sent PgBouncer to port 5434, where nothing listens,"),
		fault.HAProxyWrongWriter: w.spoils(w.all, HAProxyUnit, HAProxyFile, once("OPTIONS /primary", "OPTIONS /replica"), reloads, "the write backend asks Patroni for /replica"),
		fault.HAProxyWrongRedis: w.spoils(w.all, HAProxyUnit, HAProxyFile, once("expect string role:master", "expect string role:slave"), reloads,
			"the Redis backend looks for a replica"),
		fault.RedisOtherPass: w.spoils(w.one(w.redisReplica), RedisUnit, RedisFile, other, restarts, "gave another password to the clients of Redis, and restarted it,"),
		fault.VRRPOtherID:    w.spoils(w.one(w.backup), KeepalivedUnit, KeepalivedFile, once(id+"\n", "virtual_router_id 51\n"), reloads, "gave the db address another virtual router id"),
	}
}

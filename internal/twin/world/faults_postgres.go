package world

import (
	"fmt"
	"strings"
	"time"

	"recon/internal/fault"
)

// Subscription is a logical subscription of an instance that no worker serves.
type Subscription struct {
	Name    string
	Enabled bool
}

// postgresFaults are those of a leader that runs.
func (w *World) postgresFaults() map[string]breaker {
	leads := func(f func(h *Host) string) breaker {
		return func([]string) (string, error) {
			h := w.Leader()
			if h == nil {
				return "", errNoHost
			}
			return f(h), nil
		}
	}
	return map[string]breaker{
		fault.LeaderMoves: w.moveLeader,
		fault.PostgresReadOnly: leads(func(h *Host) string {
			h.Postgres.ReadOnly = true
			return "set default_transaction_read_only on " + h.Name
		}),
		fault.ArchivingFails: leads(func(h *Host) string {
			h.Postgres.ArchiveFails = w.now
			h.Log(PatroniUnit, 3, "LOG:  archive command failed with exit code 1")
			return "archiving on " + h.Name + " fails"
		}),
		fault.ConnectionsUsed: leads(func(h *Host) string {
			for range 92 {
				h.Postgres.Sessions = append(h.Postgres.Sessions, w.session(h, "idle", time.Time{}))
			}
			return "a report on " + h.Name + " holds 92 connections"
		}),
		fault.OldTransaction: leads(func(h *Host) string {
			h.Postgres.Sessions = append(h.Postgres.Sessions, w.session(h, "idle in transaction", w.now))
			return "left a transaction open on " + h.Name
		}),
		fault.SubscriptionStopped: leads(func(h *Host) string {
			h.Postgres.Subscriptions = []Subscription{{Name: "old_feed"}}
			return "left the disabled subscription old_feed on " + h.Name
		}),
	}
}

// session is a client past PgBouncer.
func (w *World) session(h *Host, state string, began time.Time) ClientBackend {
	w.pid++
	return ClientBackend{PID: w.pid, User: "netbox", Database: "netbox", App: "reports", Client: h.IP, State: state, Query: "SELECT 1", Wait: "ClientRead", XactStart: began}
}

// moveLeader switches over three times, each when the one before is done and another standby is in step.
func (w *World) moveLeader([]string) (string, error) {
	if w.Leader() == nil {
		return "", errNoHost
	}
	left, was := 3, ""
	w.later(func() bool {
		h, to := w.Leader(), w.syncStandby()
		if h == nil || h.Name == was || to == nil || len(w.Standbys(h)) < len(w.Nodes())-1 {
			return false
		}
		if left == 0 {
			return true
		}
		if w.Switchover(Failover{Leader: h.Name, Candidate: to.Name}) == nil {
			was = h.Name
			left--
		}
		return false
	})
	return "the leader moves three times", nil
}

// mendPostgres takes back what these faults did to an instance.
func (p *Instance) mend() {
	p.ReadOnly, p.ArchiveFails, p.Subscriptions = false, time.Time{}, nil
}

// yamlError is why a patroni.yml is no YAML, empty when it looks like some: a line at its edge without a colon.
func yamlError(conf string) string {
	n := 0
	for line := range strings.Lines(conf) {
		n++
		if line = strings.TrimRight(line, "\n"); line != "" && !strings.ContainsAny(line[:1], " #-") && !strings.Contains(line, ":") {
			return fmt.Sprintf("yaml.scanner.ScannerError: while scanning a simple key\n  in \"%s\", line %d, column 1\ncould not find expected ':'", PatroniFile, n)
		}
	}
	return ""
}

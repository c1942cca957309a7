// Package contract says what a real cluster does after a fault, as one suite that two clusters have to keep: the embedded
// training cluster and the lab. A Contract is a fault and the changes of State that come of it: which, in what order, how
// many seconds apart, what must stay as it was, and how everything comes back once the fault is mended.
//
// The suite knows no cluster. A Record is fed with States, in the order of their time, and judges them; whoever has a cluster
// makes the fault and feeds it. The times are those that Debian's packages were seen to take with ttl 30, loop_wait 10 and
// Sentinel's down-after 5 s. Where the two clusters differ, the training cluster is wrong.
package contract

import (
	"time"

	"recon/probes"
)

// Contract is what comes of one fault on a healthy cluster.
type Contract struct {
	// Name tells contracts with the same fault apart; it is the fault's own when empty.
	Name string
	// Fault is written as in a book. The words LEADER, SYNC and ASYNC in it stand for the members with these roles.
	Fault string
	// Changes come while the fault lasts, Back after it was mended.
	Changes, Back []Change
	// Always holds in every State from the fault until it is mended.
	Always []Constant
}

// Change is something that becomes true.
type Change struct {
	Name string
	// Holds says whether it is true now. It is never called with a State in which the roles before the fault are unknown.
	Holds func(was Roles, now *probes.State) bool
	// After names the earlier change from which its seconds count; the fault, or its mending, when empty.
	After string
	// Least and Most bound the seconds, as the cluster takes them. What looking adds is the Record's to allow.
	Least, Most float64
}

// Constant is something that stays true.
type Constant struct {
	Name  string
	Holds func(was Roles, now *probes.State) bool
}

// String is the contract's name.
func (c Contract) String() string {
	if c.Name != "" {
		return c.Name
	}
	return c.Fault
}

// Roles are who was what before the fault.
type Roles struct {
	Leader, Sync, Async string
	RedisMaster         string
	// Database and Web are the holders of the floating addresses.
	Database, Web string
	Timeline      int
}

// RolesOf reads the roles from a State of a healthy cluster of three; false when one is not seen or not there.
func RolesOf(s *probes.State) (r Roles, ok bool) {
	if s.Patroni.Leader == nil || s.Patroni.Timeline == nil || len(s.Patroni.SyncStandbys) != 1 || s.Redis.Master == nil {
		return r, false
	}
	db, web := s.VIPs["db"].Holder, s.VIPs["web"].Holder
	if db == nil || web == nil {
		return r, false
	}
	r = Roles{
		Leader: s.Patroni.Leader.Name, Sync: s.Patroni.SyncStandbys[0], RedisMaster: s.Redis.Master.Node,
		Database: *db, Web: *web, Timeline: *s.Patroni.Timeline,
	}
	for _, m := range s.Patroni.Members {
		if m.Name != r.Leader && m.Name != r.Sync {
			r.Async = m.Name
		}
	}
	return r, r.Async != ""
}

// Call is the contract's fault with the members that the roles name.
func (c Contract) Call(r Roles) string {
	return replaceRoles(c.Fault, r)
}

// Slack is what looking may add to the time of a change, or take from it, in seconds: how long two States lie apart, and how
// long an answer takes.
type Slack struct{ Early, Late float64 }

// seconds is a time on a record's clock.
func seconds(from, to time.Time) float64 { return to.Sub(from).Seconds() }

package world

import (
	"fmt"

	"recon/internal/fault"
)

// Stranger is the member that the fault patroni-stranger leaves in the store.
const Stranger = "netbox-node-9"

// storeFaults are those that somebody leaves in the store, or that its disk makes.
func (w *World) storeFaults() map[string]breaker {
	configure := func(said string, patch map[string]any) breaker {
		return func([]string) (string, error) { return said, w.Configure(patch) }
	}
	return map[string]breaker{
		fault.PatroniTiming:  configure("set ttl to 20: less than loop_wait and two retries", map[string]any{"ttl": 20}),
		fault.NotStrict:      configure("took synchronous_mode_strict out of the configuration", map[string]any{"synchronous_mode_strict": false}),
		fault.FailsafeMode:   configure("set failsafe_mode in the configuration", map[string]any{"failsafe_mode": true}),
		fault.InitializeGone: w.deleteInitialize,
		fault.PatroniStranger: func([]string) (string, error) {
			return "left the key of the member " + Stranger + " in etcd", w.Put(Prefix+"members/"+Stranger, `{"conn_url":"postgres://172.16.113.209:5432/postgres","api_url":"http://172.16.113.209:8008/patroni","state":"running","role":"replica","version":"4.0.7"}`, 0)
		},
		fault.EtcdLarge:   w.growStore,
		fault.EtcdCorrupt: w.corruptStore,
		fault.EtcdUnstarted: func([]string) (string, error) {
			w.Etcd.Unstarted = 1
			return "added a member to etcd whose host does not run", nil
		},
		fault.EtcdSlow: w.slowMember,
	}
}

// deleteInitialize stops Patroni first: a leader writes the key again in its next loop.
func (w *World) deleteInitialize([]string) (string, error) {
	for _, h := range w.Nodes() {
		h.Kill(PatroniUnit, true)
	}
	w.Delete(Prefix+"initialize", "")
	return "killed Patroni and PostgreSQL on every node, and deleted the key initialize from etcd", nil
}

func (w *World) growStore([]string) (string, error) {
	for _, h := range w.EtcdMembers() {
		h.Etcd.DBSize, h.Etcd.Use = 1843<<20, 1840<<20
	}
	return "the database of every etcd member grew to 1.8 GiB", nil
}

func (w *World) corruptStore(args []string) (string, error) {
	h, err := w.chosen(args, w.lastNode())
	if err != nil {
		return "", err
	}
	w.Etcd.Corrupt = h.Name
	h.Log(EtcdUnit, 4, `{"level":"warn","msg":"alarm raised","alarm":"CORRUPT","from":"%x"}`, h.Etcd.ID)
	return "raised the alarm CORRUPT for etcd on " + h.Name, nil
}

func (w *World) slowMember(args []string) (string, error) {
	h, err := w.chosen(args, w.lastNode())
	if err != nil {
		return "", err
	}
	h.Etcd.Behind = 5000
	h.Log(EtcdUnit, 4, `{"level":"warn","msg":"apply request took too long","took":"1.214s","expected-duration":"100ms"}`)
	return fmt.Sprintf("etcd on %s is slow and 5000 entries behind in applying", h.Name), nil
}

// mendStore takes back what these faults left, with a leader or without: it is the owner's hand.
func (w *World) mendStore() {
	s := &w.Etcd
	s.Corrupt, s.Unstarted = "", 0
	for _, h := range w.EtcdMembers() {
		h.Etcd.Behind = 0
		if h.Etcd.DBSize > 1<<30 {
			h.Etcd.DBSize, h.Etcd.Use = 25<<20, 25<<20
		}
	}
	if s.Leader == "" {
		return
	}
	if s.Keys[Prefix+"initialize"] == nil {
		_ = w.Put(Prefix+"initialize", SystemID, 0) // there is a leader
	}
	w.Delete(Prefix+"members/"+Stranger, "")
}

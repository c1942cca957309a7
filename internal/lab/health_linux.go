package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// view is Patroni's /cluster, as far as the lab reads it. It is the store's view, not the truth.
type view struct {
	Members []struct {
		Name     string `json:"name"`
		Role     string `json:"role"`
		State    string `json:"state"`
		Timeline int    `json:"timeline"`
		Lag      any    `json:"lag"` // bytes, or "unknown"
	} `json:"members"`
}

// healthy says what is missing: one running leader, one synchronous standby, everyone streaming on the leader's timeline.
func (v view) healthy(members int) error {
	roles := map[string]int{}
	timelines := map[int]bool{}
	for _, m := range v.Members {
		roles[m.Role]++
		timelines[m.Timeline] = true
		if wanted := map[bool]string{true: "running", false: "streaming"}[m.Role == "leader"]; m.State != wanted {
			return fmt.Errorf("%s (%s) is %s", m.Name, m.Role, m.State)
		}
	}
	switch {
	case len(v.Members) != members:
		return fmt.Errorf("%d of %d members", len(v.Members), members)
	case roles["leader"] != 1:
		return fmt.Errorf("%d leaders", roles["leader"])
	case roles["sync_standby"] != 1:
		return fmt.Errorf("%d synchronous standbys", roles["sync_standby"])
	case len(timelines) != 1:
		return errors.New("the members are on different timelines")
	}
	return nil
}

// cluster asks the members for their view, from within their hosts; the first who answers counts.
func (l *Lab) cluster(ctx context.Context) (view, error) {
	var v view
	var errs []error
	for _, h := range nodes() {
		out, err := guest{l, h}.run(ctx, "curl", "-s", "--max-time", "3", "http://"+h.address+":8008/cluster")
		if err == nil {
			err = json.Unmarshal([]byte(out), &v)
		}
		if err == nil {
			return v, nil
		}
		errs = append(errs, err)
	}
	return v, errors.Join(errs...)
}

// leader is the member that proves it: /primary answers 200 only to the running primary that holds the lock.
func (l *Lab) leader(ctx context.Context) (string, error) {
	var found []string
	for _, h := range nodes() {
		g := guest{l, h}
		if _, _, up := g.pids(); !up {
			continue
		}
		out, err := g.run(ctx, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "3", "http://"+h.address+":8008/primary")
		if err == nil && strings.TrimSpace(out) == "200" {
			found = append(found, h.name)
		}
	}
	if len(found) != 1 {
		return "", &Error{What: fmt.Sprintf("%d members answer as primary", len(found)), Hint: "`recon lab status` shows the hosts; Mend makes the cluster healthy"}
	}
	return found[0], nil
}

// waitHealthy waits for a cluster that everything can be tried on. It must be seen twice: in the moment after a repair
// the members' views are still those from before.
func (l *Lab) waitHealthy(ctx context.Context, limit time.Duration) error {
	seen := 0
	return l.await(ctx, limit, "a healthy cluster", func(ctx context.Context) error {
		if err := l.isHealthy(ctx); err != nil {
			seen = 0
			return err
		}
		if seen++; seen < 2 {
			return errors.New("seen healthy only once")
		}
		return nil
	})
}

// isHealthy says what is missing: in the store's view, at the primary itself, in etcd, or in the stack around them.
func (l *Lab) isHealthy(ctx context.Context) error {
	v, err := l.cluster(ctx)
	if err != nil {
		return err
	}
	if err := v.healthy(len(nodes())); err != nil {
		return err
	}
	g, err := l.leaderGuest(ctx)
	if err != nil {
		return err
	}
	out, err := g.run(ctx, "runuser", "-u", "postgres", "--", "psql", "-XAt", "-c",
		"SELECT count(*), count(*) FILTER (WHERE sync_state = 'sync') FROM pg_stat_replication WHERE state = 'streaming'")
	if err != nil {
		return err
	}
	if got, want := strings.TrimSpace(out), fmt.Sprintf("%d|1", len(nodes())-1); got != want {
		return fmt.Errorf("streaming|synchronous standbys of %s are %s, not %s", g.name, got, want)
	}
	if err := l.etcdHealthy(ctx); err != nil {
		return err
	}
	return l.stackHealthy(ctx, g.name)
}

// etcdHealthy is nil when every member serves a linearizable read.
func (l *Lab) etcdHealthy(ctx context.Context) error {
	return l.each(nodes(), func(g guest) error {
		_, err := g.run(ctx, "etcdctl", "--endpoints=http://"+g.address+":22379", "--command-timeout=2s", "endpoint", "health")
		return err
	})
}

// await tries something until it is true; the error of the last try says what was missing.
func (l *Lab) await(ctx context.Context, limit time.Duration, what string, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var last error
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
		if pause(ctx, 200*time.Millisecond) != nil {
			return &Error{What: fmt.Sprintf("waited %s for %s", limit, what), Err: errors.Join(last, ctx.Err()), Hint: "`recon lab exec console patronictl list` shows it"}
		}
	}
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"recon/probes"
)

// statusFor bounds one look at the cluster: longer than any probe's own deadline.
const statusFor = 8 * time.Second

func (a *app) statusCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "status", Short: "The cluster's state, once", Args: cobra.NoArgs,
		Long: "status asks every target once and prints what came back. It exits with 0 when a leader is proven and every\ntarget answered, 3 when something did not answer or nobody leads, 4 when nothing can be said.",
		RunE: func(*cobra.Command, []string) error { return a.status() },
	}
	c.Flags().BoolVar(&a.json, "json", false, "State as JSON, under the names of `recon vocabulary`")
	return c
}

func (a *app) status() error {
	s, err := a.open()
	if err != nil {
		return err
	}
	if err := s.prompts(a.ctx); err != nil {
		return errors.Join(err, s.close())
	}
	ctx, cancel := context.WithTimeout(a.ctx, statusFor)
	defer cancel()
	state, err := probes.Once(ctx, s.cluster, probes.Through(s.pool), probes.Options{Secret: s.secret})
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil // what did not answer is in the state
	}
	if err = errors.Join(err, s.close()); err != nil {
		return err
	}
	if a.json {
		err = a.printJSON(state)
	} else {
		err = a.printState(state)
	}
	if err != nil {
		return err
	}
	return verdict(state)
}

func verdict(s *probes.State) error {
	if s.Patroni.Answered+s.Etcd.Answered == 0 {
		return quiet(exitUnknown)
	}
	if s.Patroni.Blind("leader") != "" || s.Patroni.Leader == nil {
		return quiet(exitCheck)
	}
	for _, m := range s.Patroni.Members {
		if !m.Reachable {
			return quiet(exitCheck)
		}
	}
	for _, m := range s.Etcd.Members {
		if !m.Reachable {
			return quiet(exitCheck)
		}
	}
	for _, n := range s.Nodes {
		if !n.Reachable {
			return quiet(exitCheck)
		}
	}
	return nil
}

func (a *app) printState(s *probes.State) error {
	t := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(t, "%s\t%s\n", s.Cluster.Name, s.Cluster.Environment)
	for _, m := range s.Patroni.Members {
		text := m.Error
		if m.Reachable {
			text = m.Role + "\t" + m.State
			if m.Timeline != nil {
				text += fmt.Sprintf("\tTL %d", *m.Timeline)
			}
			if m.Lag != nil {
				text += fmt.Sprintf("\tlag %d B", *m.Lag)
			}
		}
		fmt.Fprintf(t, "patroni\t%s\t%s\n", m.Name, text)
	}
	for _, m := range s.Etcd.Members {
		text := m.Error
		if m.Reachable {
			text = map[bool]string{true: "leader", false: "follower"}[m.Leads] + fmt.Sprintf("\tterm %d", m.Term)
		}
		fmt.Fprintf(t, "etcd\t%s\t%s\n", m.Name, text)
	}
	for _, d := range s.Postgres.Members {
		text := d.Error
		if d.Reachable {
			text = map[bool]string{true: "in recovery", false: "primary"}[d.InRecovery]
		}
		fmt.Fprintf(t, "postgres\t%s\t%s\n", d.Node, text)
	}
	for _, n := range s.Nodes {
		text := n.Error
		if n.Reachable {
			text = "up"
		}
		fmt.Fprintf(t, "host\t%s\t%s\n", n.Name, text)
	}
	return t.Flush()
}

// Package doctor examines everything that recon needs of a cluster, from the name of a host to the version of a service, and
// says of each what was tried, why it fails and what to do.
//
// It changes nothing: on a host it runs `true`, and `id -u` as the user that steps become; everything else is what the probes
// saw. What depends on something that failed is skipped and says so, and a service that is not there yet is said once, so
// that a half-built cluster gives a short list. Nodes are examined side by side, and what hangs is unknown when ctx ends.
//
// Examine is the place to start.
package doctor

import (
	"context"
	"net"
	"slices"
	"sync"

	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/probes"
)

// Answer is what came of one check.
type Answer string

// The answers.
const (
	OK      Answer = "ok"
	Fail    Answer = "fail"
	Unknown Answer = "unknown"
	Skipped Answer = "skipped"
	// Warn is what only some books need.
	Warn Answer = "warn"
)

// Check is one thing that was looked at.
type Check struct {
	// Node is the node's name, empty for what concerns all. System is host, or the service's key in the cluster file.
	Node   string `json:"node"`
	System string `json:"system"`
	// What is name, tcp, ssh, become, unit, port, password, login, version, or a fact of the cluster file.
	What   string `json:"what"`
	Answer Answer `json:"answer"`
	// Tried is what was asked or found. Why says why the answer is not ok, Hint what to do.
	Tried string `json:"tried"`
	Why   string `json:"why"`
	Hint  string `json:"hint"`
}

// Runner reaches the hosts; *remote.Pool does.
type Runner interface {
	Address(node string) string
	User(node string) string
	Wire(node, cmd string, become bool) (line, who string, err error)
	Run(ctx context.Context, node string, cmd remote.Command) remote.Exit
}

// Options is what an examination needs.
type Options struct {
	Runner Runner
	// Look asks all targets once; its State tells by itself what did not answer before ctx ended.
	Look func(ctx context.Context) (*probes.State, error)
	// Secret resolves a reference.
	Secret func(ctx context.Context, ref inventory.Secret) (string, error)
	// Resolve looks a name up; net.DefaultResolver does when it is nil.
	Resolve func(ctx context.Context, host string) ([]string, error)
	// Playbooks says that there are books that run playbooks, beside what the cluster file says.
	Playbooks bool
	// Nodes limits the examination; all when empty.
	Nodes []string
}

// Examine looks at everything. Its error is one of recon itself; what is wrong with the cluster is among the checks, in the
// order of the cluster file.
func Examine(ctx context.Context, c *inventory.Cluster, o Options) ([]Check, error) {
	if o.Resolve == nil {
		o.Resolve = net.DefaultResolver.LookupHost
	}
	var nodes []inventory.Node
	for _, n := range c.Nodes {
		if len(o.Nodes) == 0 || slices.Contains(o.Nodes, n.Name) {
			nodes = append(nodes, n)
		}
	}
	e := &examination{Options: o, cluster: c}
	hosts := make([]host, len(nodes))
	var all sync.WaitGroup
	for i, n := range nodes {
		all.Go(func() { hosts[i] = e.host(ctx, n) })
	}
	var state *probes.State
	var failed error
	all.Go(func() { state, failed = o.Look(ctx) })
	var secrets []Check
	all.Go(func() { secrets = e.secrets(ctx) })
	var ansible []Check
	all.Go(func() { ansible = e.ansible(ctx) })
	all.Wait()
	if failed != nil && ctx.Err() == nil {
		return nil, failed
	}
	out := append(secrets, ansible...)
	for i, n := range nodes {
		out = append(out, hosts[i].checks...)
		out = append(out, e.services(n, hosts[i].reached, state)...)
	}
	return append(out, e.together(nodes, state)...), nil
}

// Code is the exit code of an examination: 0 when all is well, 3 when something fails, 4 when something is not known.
func Code(all []Check) int {
	has := func(a Answer) bool { return slices.ContainsFunc(all, func(c Check) bool { return c.Answer == a }) }
	switch {
	case has(Fail):
		return 3
	case has(Unknown) || len(all) == 0:
		return 4
	}
	return 0
}

type examination struct {
	Options
	cluster *inventory.Cluster
}

// secrets resolves the references of the cluster file, each once. Those that would be asked for were asked before.
func (e *examination) secrets(ctx context.Context) []Check {
	var out []Check
	for _, ref := range e.cluster.Secrets() {
		c := Check{System: "cluster file", What: "password", Answer: OK, Tried: ref.Name()}
		if _, err := e.Secret(ctx, ref); err != nil {
			c.Answer, c.Why, c.Hint = Fail, err.Error(), "make the variable or the file hold it, readable by you alone"
		}
		out = append(out, c)
	}
	return out
}

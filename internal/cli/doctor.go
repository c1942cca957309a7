package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"recon/internal/doctor"
	"recon/internal/inventory"
	"recon/probes"
	"recon/runbooks"
)

// doctorFor bounds a whole examination.
const doctorFor = 40 * time.Second

func (a *app) doctorCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "doctor [NODE...]", Short: "Examine names, ssh, become, units, ports, logins and versions: what fails, why, what to do",
		Long: "doctor looks at everything that recon needs, on all nodes or on those that are named, and changes nothing: on a host it\n" +
			"runs `true`, and `id -u` as the user that steps become. What depends on something that failed is skipped.\n\n" +
			"It exits with 0 when all is well, 3 when something fails, 4 when something is not known.",
		RunE: func(_ *cobra.Command, args []string) error { return a.doctor(args) },
	}
	c.Flags().BoolVar(&a.json, "json", false, "as JSON")
	return c
}

func (a *app) doctor(nodes []string) error {
	s, err := a.open()
	if err != nil {
		return err
	}
	err = a.examine(s, nodes)
	return errors.Join(err, s.close())
}

func (a *app) examine(s *session, nodes []string) error {
	for _, name := range nodes {
		if _, ok := s.cluster.Node(name); !ok {
			return exit(exitUsage, "the cluster file has no node %q; it has %s", name, strings.Join(nodeNames(s.cluster), ", "))
		}
	}
	// A secret that has to be typed is asked for here; one that cannot be is among the checks.
	if s.ask != nil {
		if err := s.prompts(a.ctx); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(a.ctx, doctorFor)
	defer cancel()
	lib, err := a.loadLibrary(s.cluster)
	if err != nil {
		a.warn(err) // a book that is wrong is no reason not to examine the cluster
	}
	checks, err := doctor.Examine(ctx, s.cluster, doctor.Options{
		Runner: s.pool, Secret: s.secret, Nodes: nodes, Playbooks: playbooks(lib),
		Look: func(ctx context.Context) (*probes.State, error) {
			ctx, cancel := context.WithTimeout(ctx, statusFor)
			defer cancel()
			state, err := probes.Once(ctx, s.cluster, probes.Through(s.pool), probes.Options{Secret: s.secret})
			if errors.Is(err, context.DeadlineExceeded) {
				err = nil // what did not answer is in the state
			}
			return state, err
		},
	})
	if err != nil {
		return err
	}
	if a.json {
		err = a.printJSON(struct {
			V      int            `json:"v"`
			Checks []doctor.Check `json:"checks"`
		}{1, checks})
	} else {
		err = printChecks(a.out, checks)
	}
	if code := doctor.Code(checks); err == nil && code != exitOK {
		return quiet(code)
	}
	return err
}

// playbooks says whether a book of the library runs a playbook.
func playbooks(lib *runbooks.Library) bool {
	return lib != nil && slices.ContainsFunc(lib.Books, func(b *runbooks.Runbook) bool {
		return b.Kind == runbooks.Deployment || slices.ContainsFunc(b.Steps, func(s runbooks.Step) bool {
			return slices.ContainsFunc(s.Commands, func(c runbooks.Command) bool { return c.Kind == runbooks.Playbook })
		})
	})
}

func nodeNames(c *inventory.Cluster) []string {
	var out []string
	for _, n := range c.Nodes {
		out = append(out, n.Name)
	}
	return out
}

// printChecks writes a line for each check, and below what is not ok why, and what to do. What stands below has no part in
// the columns.
func printChecks(out io.Writer, checks []doctor.Check) error {
	var rows strings.Builder
	t := tabwriter.NewWriter(&rows, 0, 4, 2, ' ', 0)
	count := map[doctor.Answer]int{}
	for _, c := range checks {
		count[c.Answer]++
		node := c.Node
		if node == "" {
			node = "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", c.Answer, node, c.System, c.What, c.Tried)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for i, row := range strings.Split(strings.TrimSuffix(rows.String(), "\n"), "\n") {
		fmt.Fprintln(out, strings.TrimRight(row, " "))
		if i >= len(checks) {
			continue
		}
		if why := checks[i].Why; why != "" {
			fmt.Fprintf(out, "          %s\n", why)
		}
		if hint := checks[i].Hint; hint != "" {
			fmt.Fprintf(out, "          → %s\n", hint)
		}
	}
	warn := ""
	if n := count[doctor.Warn]; n > 0 {
		warn = fmt.Sprintf(", %d warn", n)
	}
	_, err := fmt.Fprintf(out, "%d ok, %d fail, %d unknown, %d skipped%s\n", count[doctor.OK], count[doctor.Fail], count[doctor.Unknown], count[doctor.Skipped], warn)
	return err
}

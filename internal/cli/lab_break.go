package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"recon/internal/fault"
	"recon/internal/lab"
)

func (a *app) labBreakCommand(dir *string) *cobra.Command {
	var list bool
	c := &cobra.Command{
		Use: "break FAULT [NODE...]", Short: "Inject a fault into the lab",
		Long: "Injects a fault into the lab and returns when it is there. Without a fault it lists them, with what each does, what\n" +
			"a watcher sees and which documented scenarios it makes. `recon lab mend` undoes them.",
		Example: "  recon lab break kill-leader\n  recon lab break partition netbox-node-3",
		RunE: func(_ *cobra.Command, args []string) error {
			if list || len(args) == 0 {
				return a.listFaults()
			}
			return a.inLab(*dir, func(l *lab.Lab) error { return l.Break(a.ctx, args[0], args[1:], a.out) })
		},
	}
	c.Flags().BoolVar(&list, "list", false, "list the faults")
	c.Flags().BoolVar(&a.json, "json", false, "the list as JSON")
	return c
}

// listFaults prints them system by system.
func (a *app) listFaults() error {
	if a.json {
		return a.printJSON(lab.Faults())
	}
	all, width, system := lab.Faults(), [2]int{}, ""
	for _, f := range all {
		width[0] = max(width[0], len(f.Usage()))
		width[1] = max(width[1], len(strings.Join(f.Scenarios, " ")))
	}
	for i, f := range all {
		if f.System != system {
			system = f.System
			fmt.Fprintf(a.out, "%s%s\n", map[bool]string{true: "\n"}[i > 0], strings.ToUpper(system))
		}
		fmt.Fprintf(a.out, "  %-*s  %-*s  %s\n", width[0], f.Usage(), width[1], strings.Join(f.Scenarios, " "), f.Summary)
	}
	return nil
}

func (a *app) labMendCommand(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "mend [FAULT]", Short: "Undo a fault, or all of them, until the cluster is healthy", Args: cobra.MaximumNArgs(1),
		Long: "Undoes a fault that break made. Without one it undoes all of them, boots the hosts that are down and starts whatever\n" +
			"is stopped, and returns when the cluster is healthy. It gives up what a diverged leader alone holds.",
		ValidArgs: fault.Names(),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.inLab(*dir, func(l *lab.Lab) error { return l.Mend(a.ctx, strings.Join(args, ""), a.out) })
		},
	}
}

func (a *app) labResetCommand(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "reset-host NODE", Short: "Throw a host's disk away and boot it bare, as after a reinstall", Args: cobra.ExactArgs(1),
		Long: "Takes a host's power and disk away and boots it with Debian and nothing else: the same name, address, ssh keys and root\n" +
			"password. It is how a host that was lost for good comes back; the book replace-node makes it a member again.",
		Example: "  recon lab reset-host netbox-node-3",
		RunE: func(_ *cobra.Command, args []string) error {
			return a.inLab(*dir, func(l *lab.Lab) error { return l.ResetHost(a.ctx, args[0], a.out) })
		},
	}
}

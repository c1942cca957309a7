package cli

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"recon/internal/lab"
	"recon/runbooks"
)

func (a *app) labCommand() *cobra.Command {
	dir := ""
	c := &cobra.Command{
		Use: "lab", Short: "Three real Debian hosts on this machine, to train and test on (Linux, root)",
		Long: "The lab is three Debian hosts with the whole stack, from etcd to NetBox, and a console host, under systemd-nspawn in a\n" +
			"network of their own. `recon lab exec console -- recon` opens recon on it.",
	}
	c.PersistentFlags().StringVar(&dir, "dir", lab.DefaultDir, "where the lab keeps its images and state")
	var up lab.Options
	upCommand := &cobra.Command{
		Use: "up", Short: "Build, deploy and start the lab; a second time from a snapshot", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			roles, err := fs.Sub(runbooks.Roles, "ansible")
			if err != nil {
				return err
			}
			if up.Inventory && !up.Bare {
				return exit(exitUsage, "--inventory goes with --bare; a lab with a cluster has its cluster file")
			}
			up.Roles, up.Progress = roles, a.err
			return a.inLab(dir, func(l *lab.Lab) error { return l.Up(a.ctx, up) })
		},
	}
	upCommand.Flags().BoolVar(&up.Bare, "bare", false, "leave the hosts without a cluster and the console without a cluster file, to begin from nothing")
	upCommand.Flags().BoolVar(&up.Inventory, "inventory", false, "with --bare: give the console the lab's cluster file, which is not made there then")
	upCommand.Flags().BoolVar(&up.Fresh, "fresh", false, "deploy anew, even if a snapshot fits")
	var purge bool
	down := &cobra.Command{
		Use: "down", Short: "Stop the lab; nothing is left running, mounted or connected", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.inLab(dir, func(l *lab.Lab) error { return l.Down(a.ctx, purge) })
		},
	}
	down.Flags().BoolVar(&purge, "purge", false, "remove the images and snapshots too")
	status := &cobra.Command{
		Use: "status", Short: "Which hosts are up, and which faults are there", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.inLab(dir, func(l *lab.Lab) error { return a.labStatus(l) })
		},
	}
	status.Flags().BoolVar(&a.json, "json", false, "as JSON")
	c.AddCommand(upCommand, down, status, a.labExecCommand(&dir), a.labBreakCommand(&dir), a.labMendCommand(&dir), a.labResetCommand(&dir))
	return c
}

func (a *app) inLab(dir string, do func(*lab.Lab) error) error {
	l, err := lab.Open(dir)
	if err != nil {
		return err
	}
	return do(l)
}

func (a *app) labStatus(l *lab.Lab) error {
	s, err := l.Status(a.ctx)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(s)
	}
	t := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	for _, h := range s.Hosts {
		fmt.Fprintf(t, "%s\t%s\t%s\n", h.Name, h.Address, map[bool]string{true: "up", false: "down"}[h.Up])
	}
	for i, f := range s.Faults {
		if i == 0 {
			fmt.Fprintln(t, "\nFAULT\tSINCE\tON")
		}
		on := "the cluster"
		if len(f.Hosts) > 0 {
			on = strings.Join(f.Hosts, ", ")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", f.Name, f.Since.Format(time.TimeOnly+"Z"), on)
	}
	return t.Flush()
}

func (a *app) labExecCommand(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "exec HOST -- COMMAND...", Short: "Run a command on a host of the lab, with your terminal", Args: cobra.MinimumNArgs(1),
		Example: "  recon lab exec console -- recon",
		RunE: func(_ *cobra.Command, args []string) error {
			return a.inLab(*dir, func(l *lab.Lab) error {
				std := lab.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
				code, err := l.Exec(a.ctx, args[0], args[1:], std, term.IsTerminal(int(os.Stdin.Fd())))
				if err == nil && code != 0 {
					return quiet(code)
				}
				return err
			})
		},
	}
}

// Package cli is recon's commands: it reads flags, puts the rooms together, and turns errors into one message and a
// documented exit code. It is the only place where the program ends.
//
// Each command is a plain function of its options; Main is what main calls.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"recon/internal/inventory"
	"recon/runbooks"
	"recon/ui/plain"
)

// The exit codes. They are stable.
const (
	exitOK        = 0
	exitFailed    = 1
	exitUsage     = 2
	exitCheck     = 3
	exitUnknown   = 4
	exitAbandoned = 5
	exitEscalated = 6
)

// Version is set by the linker for releases.
var Version = ""

// app is what every command needs.
type app struct {
	in            *os.File
	out, err      io.Writer
	inventoryPath string
	bookFolders   []string
	json          bool
	ctx           context.Context
	// state is the state folder of a command that has its own; "" for the user's.
	state string
	// screened is where warnings go while a screen is drawn.
	screened io.Writer
}

// coded is an error with the exit code it leads to.
type coded struct {
	code int
	err  error
}

func (c coded) Error() string { return c.err.Error() }
func (c coded) Unwrap() error { return c.err }

func exit(code int, format string, args ...any) error {
	return coded{code, fmt.Errorf(format, args...)}
}

// Main runs the command line and returns the exit code. An interrupt ends what runs in good order: a step's outcome is
// recorded, the terminal is restored, the lab's lock is released.
func Main(args []string) (code int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, ctx: ctx}
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintln(os.Stderr, "recon: an error of recon itself: "+a.crash(p))
			code = exitFailed
		}
	}()
	root := a.root()
	root.SetArgs(args)
	root.SetContext(ctx)
	return a.code(root.ExecuteContext(ctx))
}

// code prints an error once and finds its exit code.
func (a *app) code(err error) int {
	if err == nil {
		return exitOK
	}
	if plain.Left(err) {
		fmt.Fprintln(a.err, err)
		return exitOK
	}
	var silent quiet
	if errors.As(err, &silent) {
		return int(silent)
	}
	for _, line := range strings.Split(strings.TrimRight(err.Error(), "\n"), "\n") {
		fmt.Fprintln(a.err, "recon: "+line)
	}
	var c coded
	var inv inventory.Problems
	var books runbooks.Problems
	switch {
	case errors.As(err, &c):
		return c.code
	case errors.As(err, &inv), errors.As(err, &books), errors.Is(err, plain.ErrNoTerminal):
		return exitUsage
	}
	return exitFailed
}

// quiet is an exit code whose reason was already printed.
type quiet int

func (q quiet) Error() string { return fmt.Sprintf("exit code %d", int(q)) }

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "recon",
		Short: "Runbook and recovery console for a highly available NetBox",
		Long: "recon shows the live state of the cluster beside its runbooks, runs each step only after you confirmed it,\n" +
			"and keeps a trail of what was done. Without a command it opens the console.\n\n" +
			"Exit codes: 0 fine, 1 failed, 2 usage or bad input, 3 a check failed, 4 unknown, 5 abandoned, 6 escalated.",
		Args: cobra.NoArgs, SilenceErrors: true, SilenceUsage: true,
		RunE: func(*cobra.Command, []string) error { return a.console("") },
	}
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return exit(exitUsage, "%v; `%s --help` lists the flags", err, c.CommandPath())
	})
	flags := root.PersistentFlags()
	flags.StringVarP(&a.inventoryPath, "inventory", "i", "", "the cluster file (default $RECON_INVENTORY, then ./inventory.yaml)")
	flags.StringArrayVar(&a.bookFolders, "books", nil, "a folder of your own runbooks, beside those of the cluster file")
	root.AddCommand(a.demoCommand(), a.walkCommand(), a.statusCommand(), a.doctorCommand(), a.runbooksCommand(), a.auditCommand(), a.inventoryCommand(), a.labCommand(), a.drillCommand(), a.vocabularyCommand(), a.versionCommand())
	for _, c := range commands(root) {
		if c.Args == nil && c.RunE == nil {
			// A group of commands: a word it does not know is an error, not a reason to print the help and exit 0.
			c.RunE = func(c *cobra.Command, args []string) error {
				if len(args) > 0 {
					return exit(exitUsage, "%q is not a command of `%s`; `%s --help` lists them", args[0], c.CommandPath(), c.CommandPath())
				}
				return c.Help()
			}
		}
		if args := c.Args; args != nil {
			c.Args = func(c *cobra.Command, given []string) error {
				if err := args(c, given); err != nil {
					return exit(exitUsage, "%v; `%s --help` says more", err, c.CommandPath())
				}
				return nil
			}
		}
	}
	return root
}

func commands(c *cobra.Command) []*cobra.Command {
	out := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		out = append(out, commands(sub)...)
	}
	return out
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.out, "recon", version())
			return err
		},
	}
}

// version is the release, or the commit that the binary was built from.
func version() string {
	if Version != "" {
		return Version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return "development " + s.Value[:12]
			}
		}
	}
	return "development"
}

// crash keeps what a panic said and where in the state folder, and says where that is: no stack is thrown at an operator.
func (a *app) crash(p any) string {
	text := fmt.Sprintf("%v\n\n%s", p, debug.Stack())
	dir, err := a.stateHome()
	if err == nil {
		file := filepath.Join(dir, "crash.txt")
		if err = os.WriteFile(file, []byte(text), 0o600); err == nil {
			return fmt.Sprintf("%v; %s has the details. An open walk can be resumed with `recon walk --resume`", p, file)
		}
	}
	return text
}

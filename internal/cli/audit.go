package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"recon/internal/audit"
)

func (a *app) auditCommand() *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "The trail: list, show, verify, report"}
	list := &cobra.Command{
		Use: "list", Short: "List all walks, newest first", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.auditList() },
	}
	show := &cobra.Command{
		Use: "show [TRAIL]", Short: "Print a trail's records, a line each", Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.auditShow(args) },
	}
	verify := &cobra.Command{
		Use: "verify [TRAIL...]", Short: "Check chains, outputs and heads; without a name, of all trails",
		Long: "verify exits with 3 when a trail was changed or cut.",
		RunE: func(_ *cobra.Command, args []string) error { return a.auditVerify(args) },
	}
	report := &cobra.Command{
		Use: "report [TRAIL]", Short: "Write a walk as markdown", Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.auditReport(args) },
	}
	for _, sub := range []*cobra.Command{list, show, verify} {
		sub.Flags().BoolVar(&a.json, "json", false, "as JSON")
	}
	c.AddCommand(list, show, verify, report)
	return c
}

func (a *app) auditList() error {
	dir, err := a.trails()
	if err != nil {
		return err
	}
	all, err := audit.List(dir)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(all)
	}
	t := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	for _, s := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Started.UTC().Format(time.RFC3339), s.Status, s.Cluster, s.Book, s.Operator, s.Path)
	}
	return t.Flush()
}

// trailPath finds a trail: a path, a part of a trail's name, or the newest when nothing is named.
func (a *app) trailPath(args []string) (string, error) {
	if len(args) > 0 {
		if _, err := os.Stat(args[0]); err == nil {
			return args[0], nil
		}
	}
	dir, err := a.trails()
	if err != nil {
		return "", err
	}
	all, err := audit.List(dir)
	if err != nil {
		return "", err
	}
	var found []string
	for _, s := range all {
		if len(args) == 0 {
			return s.Path, nil
		}
		if strings.Contains(filepath.Base(s.Path), args[0]) {
			found = append(found, s.Path)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", exit(exitUsage, "no trail of that name in %s; `recon audit list` names them", dir)
	}
	return "", exit(exitUsage, "%q fits %d trails; give more of its name", args[0], len(found))
}

func (a *app) auditShow(args []string) error {
	path, err := a.trailPath(args)
	if err != nil {
		return err
	}
	records, err := audit.Read(path)
	if err != nil && len(records) == 0 {
		return err
	}
	if a.json {
		return a.printJSON(records)
	}
	for _, r := range records {
		data := string(r.Data)
		if r.Kind == audit.KindStart {
			// The book's text is long; --json has it.
			if s, err := audit.As[audit.Start](r); err == nil {
				data = fmt.Sprintf("%s on %s (%s) by %s@%s", s.Book.ID, s.Cluster, s.Environment, s.Operator, s.Host)
			}
		}
		fmt.Fprintf(a.out, "%4d %s %-12s %s\n", r.Seq, r.At.UTC().Format("2006-01-02T15:04:05.000Z"), r.Kind, data)
	}
	return err
}

func (a *app) auditVerify(args []string) error {
	paths := args
	if len(args) == 0 {
		dir, err := a.trails()
		if err != nil {
			return err
		}
		all, err := audit.List(dir)
		if err != nil {
			return err
		}
		for _, s := range all {
			paths = append(paths, s.Path)
		}
	}
	bad := 0
	var reports []audit.Report
	for _, p := range paths {
		path, err := a.trailPath([]string{p})
		if err != nil {
			return err
		}
		r := audit.Verify(path)
		reports = append(reports, r)
		if !r.Intact() {
			bad++
		}
		if !a.json {
			fmt.Fprintln(a.out, r.String())
		}
	}
	if a.json {
		if err := a.printJSON(reports); err != nil {
			return err
		}
	}
	if bad > 0 {
		fmt.Fprintf(a.err, "recon: %d of %d trails are not clean\n", bad, len(reports))
		return quiet(exitCheck)
	}
	return nil
}

func (a *app) auditReport(args []string) error {
	path, err := a.trailPath(args)
	if err != nil {
		return err
	}
	records, err := audit.Read(path)
	if err != nil && len(records) == 0 {
		return err
	}
	_, werr := fmt.Fprint(a.out, audit.Markdown(records, audit.Verify(path)))
	if werr != nil {
		return werr
	}
	return err
}

package walk

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"recon/actions"
	"recon/internal/inventory"
	"recon/runbooks"
)

// Print writes a book for the day when recon itself does not work: every step with its checks as text, and every command
// as it would be typed on the host, with the values that the cluster file and the inputs give. It asks nobody anything, so
// targets that follow from the cluster's state stay expressions. c may be nil; then values of the cluster file stay names.
func Print(out io.Writer, book *runbooks.Runbook, c *inventory.Cluster, inputs map[string]string) error {
	w := &printer{out: out, book: book, cluster: c, inputs: inputs}
	w.head()
	for i := range book.Steps {
		w.step(&book.Steps[i])
	}
	return w.err
}

type printer struct {
	out     io.Writer
	book    *runbooks.Runbook
	cluster *inventory.Cluster
	inputs  map[string]string
	err     error
}

func (w *printer) line(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.out, format+"\n", args...)
	}
}

func (w *printer) head() {
	w.line("# %s", w.book.Title)
	w.line("")
	name := "no cluster file"
	if w.cluster != nil {
		name = fmt.Sprintf("%s (%s)", w.cluster.Name, strings.ToUpper(string(w.cluster.Environment)))
	}
	w.line("book %s, sha256 %s, cluster %s", w.book.ID, w.book.Hash, name)
	for _, in := range w.book.Inputs {
		value := w.inputs[in.Name]
		if value == "" {
			value = "not given: " + in.Ask
		}
		w.line("input %s: %s", in.Name, value)
	}
	guards := make([]string, 0, len(w.book.Waives))
	for id := range w.book.Waives {
		guards = append(guards, id)
	}
	sort.Strings(guards)
	for _, id := range guards {
		w.line("guard %s is waived: %s", id, w.book.Waives[id])
	}
	w.line("")
	w.text(w.book.Intro)
	if w.cluster != nil {
		w.line("Hosts:")
		w.line("")
		for _, n := range w.cluster.Nodes {
			w.line("    %-20s %s", n.Name, n.Address)
		}
		w.line("")
	}
}

func (w *printer) text(markdown string) {
	if t := strings.TrimSpace(markdown); t != "" {
		w.line("%s", t)
		w.line("")
	}
}

func (w *printer) step(s *runbooks.Step) {
	w.line("## %d. %s", s.Number, s.Title)
	w.line("")
	w.text(s.Text)
	w.conditions("Only when:", s.When)
	w.conditions("Check before:", s.Before)
	for i := range s.Commands {
		w.command(&s.Commands[i])
	}
	for _, q := range s.Asks {
		w.line("Decide: %s", q.Question)
		for _, c := range q.Choices {
			w.line("  - %s", c)
		}
		w.line("")
	}
	if s.Proof != nil {
		title := "It worked when:"
		if s.Proof.Within > 0 {
			title = fmt.Sprintf("It worked when, within %s:", s.Proof.Within)
		}
		w.conditions(title, s.Proof.Conditions)
	}
	for i := range s.Rollbacks {
		w.line("To undo:")
		w.command(&s.Rollbacks[i])
	}
}

func (w *printer) conditions(title string, cs []runbooks.Condition) {
	if len(cs) == 0 {
		return
	}
	w.line("%s", title)
	for _, c := range cs {
		if c.Explain != "" {
			w.line("  [ ] %s   (%s)", c.Text, c.Explain)
		} else {
			w.line("  [ ] %s", c.Text)
		}
	}
	w.line("")
}

func (w *printer) command(c *runbooks.Command) {
	w.line("%s, %s, on %s, at most %s:", strings.ToUpper(string(c.Risk)), c.Kind, c.On.Text, c.Timeout)
	w.line("")
	if c.Kind == runbooks.Sh {
		for _, v := range w.values(c) {
			w.line("    %s", v)
		}
	}
	for _, l := range strings.Split(strings.TrimRight(c.Script, "\n"), "\n") {
		w.line("    %s", l)
	}
	w.line("")
}

// values are the assignments that the script needs, to be typed before it.
func (w *printer) values(c *runbooks.Command) []string {
	used := map[string]bool{}
	for _, m := range variable.FindAllStringSubmatch(c.Script, -1) {
		used[m[1]] = true
	}
	var out []string
	add := func(name, value string) {
		if used[name] {
			out = append(out, "export "+actions.Assignment(name, value))
			used[name] = false
		}
	}
	for _, in := range w.book.Inputs {
		if v := w.inputs[in.Name]; v != "" {
			add(strings.ToUpper(in.Name), v)
		}
	}
	if used["STAMP"] {
		out = append(out, `export STAMP="$(date -u +%Y%m%dT%H%M%SZ)"`)
	}
	if w.cluster != nil {
		for _, v := range w.cluster.Values() {
			if strings.HasPrefix(v.Name, "ETCDCTL_") && strings.Contains(c.Script, "etcdctl") {
				used[v.Name] = true
			}
			add(v.Name, v.Value)
		}
	}
	return out
}

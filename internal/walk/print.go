package walk

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	"recon/actions"
	"recon/internal/inventory"
	"recon/internal/redisblock"
	"recon/runbooks"
)

// Print writes a book for the day when recon itself does not work: every step with its checks as text, and every command
// as it would be typed on the host, with the values that the cluster file and the inputs give. It asks nobody anything, so
// targets that follow from the cluster's state stay expressions. c may be nil; then values of the cluster file stay names. The
// library has the titles of the books that this one walks.
func Print(out io.Writer, book *runbooks.Runbook, l *runbooks.Library, c *inventory.Cluster, inputs map[string]string) error {
	w := &printer{out: out, book: book, library: l, cluster: c, inputs: inputs}
	w.head()
	for i := range book.Steps {
		w.step(&book.Steps[i])
	}
	return w.err
}

type printer struct {
	out     io.Writer
	book    *runbooks.Runbook
	library *runbooks.Library
	cluster *inventory.Cluster
	inputs  map[string]string
	// asked are the questions of the steps so far; hinted is true when it was said what a playbook needs.
	asked  []string
	hinted bool
	err    error
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
		w.asked = append(w.asked, q.Name)
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
	switch {
	case c.Kind == runbooks.Book:
		w.inside(c)
		return
	case c.Play != nil:
		w.play(c)
		return
	}
	w.line("%s, %s, on %s, at most %s:", strings.ToUpper(string(c.Risk)), c.Kind, c.On.Text, c.Timeout)
	w.line("")
	if c.Kind == runbooks.Sh {
		for _, v := range w.values(c) {
			w.line("    %s", v)
		}
	}
	if c.Kind == runbooks.Redis {
		w.redis(c)
		return
	}
	for _, l := range strings.Split(strings.TrimRight(c.Script, "\n"), "\n") {
		w.line("    %s", l)
	}
	w.line("")
}

// redis writes the commands as they are typed on the host, with redis-cli. The password stays with whoever types.
func (w *printer) redis(c *runbooks.Command) {
	commands, bad := redisblock.Parse(c.Script)
	if bad != nil {
		w.err = errors.Join(w.err, bad) // a book that was loaded has been linted
		return
	}
	port, values := "REDIS_PORT", w.values(c)
	if c.Service == redisblock.Sentinel {
		port = "SENTINEL_PORT"
	}
	if w.cluster != nil {
		for _, v := range w.cluster.Values() {
			if v.Name == port {
				values = append(values, "export "+actions.Assignment(v.Name, v.Value))
			}
		}
	}
	for _, v := range values {
		w.line("    %s", v)
	}
	w.line("    export REDISCLI_AUTH=   # the password of services.%s in the cluster file, if it has one", c.Service)
	for _, one := range commands {
		words := make([]string, len(one.Words))
		for i, word := range one.Words {
			words[i] = word.Shell()
		}
		w.line(`    redis-cli -p "$%s" %s`, port, strings.Join(words, " "))
	}
}

// inside is another book that is walked here, with what it is given.
func (w *printer) inside(c *runbooks.Command) {
	title := ""
	if b, ok := w.library.Book(c.Refers); ok {
		title = ": " + b.Title
	}
	w.line("Walk the book %s%s", c.Refers, title)
	line := "recon walk " + c.Refers + " --print"
	for _, in := range c.Inputs {
		value := w.known(in.Text(), in.Expr != nil)
		w.line("  with %s = %s", in.Name, value)
		if value != in.Text() || in.Expr == nil {
			line += " --input " + actions.Assignment(in.Name, value)
		}
	}
	w.line("")
	w.line("    %s", line)
	w.line("")
}

// known is an expression, or what stands in its place when it is nothing but an input that was given.
func (w *printer) known(text string, expression bool) string {
	if name, ok := strings.CutPrefix(text, "inputs."); ok && expression && w.inputs[name] != "" {
		return w.inputs[name]
	}
	return text
}

// play is a playbook as the command line that would be typed. What recon alone knows stands as ‹name›.
func (w *printer) play(c *runbooks.Command) {
	what := "ansible"
	if c.Play.DryRun {
		what = "ansible dry run, which changes nothing and shows what would change"
	}
	w.line("%s, %s, on %s, at most %s:", strings.ToUpper(string(c.Risk)), what, c.On.Text, c.Timeout)
	w.line("")
	cmd := actions.Command{Kind: actions.Ansible, Targets: []string{"‹" + c.On.Text + "›"}, Play: &actions.Play{
		Playbook: c.Play.Playbook, Tags: c.Play.Tags, Limited: c.Play.Limited, Vars: c.Play.Vars, DryRun: c.Play.DryRun,
	}}
	if in, ok := strings.CutPrefix(c.On.Text, "node("); ok {
		if v := w.known(strings.TrimSuffix(in, ")"), true); v+")" != in {
			cmd.Targets[0] = v
		}
	}
	for _, in := range w.book.Inputs {
		value := w.inputs[in.Name]
		if value == "" {
			value = "‹" + in.Name + "›"
		}
		cmd.Values = append(cmd.Values, actions.Value{Name: "recon_" + in.Name, Value: value})
	}
	for _, name := range w.asked {
		cmd.Values = append(cmd.Values, actions.Value{Name: "recon_" + name, Value: "‹" + name + "›"})
	}
	line, err := actions.PlayLine(w.cluster, cmd)
	if err != nil && w.err == nil {
		w.err = err
	}
	if !w.hinted {
		w.hinted = true
		w.line("    # inventory.json is what `recon inventory ansible` prints; recon's own playbooks are in runbooks/ansible of its source")
	}
	w.line("    %s", line)
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

package runbooks

import (
	"path"
	"regexp"
	"strings"

	"recon/internal/gate"
)

// Play is what an ansible block runs. Where it runs stands in Command.On: the nodes that `limit` yields, or all.
type Play struct {
	// Playbook is a file in the folder of the playbooks, such as site.yml.
	Playbook string
	Tags     []string
	// Vars are the block's own variables, of the types that YAML gives them.
	Vars map[string]any
	// Limited is true when the block has a limit; without one Ansible is not told to leave anything out.
	Limited bool
	// DryRun is a run that changes nothing and says what would change (--check --diff). It is a command of its own, of risk
	// read, in front of the one that changes, so that it is confirmed, recorded and retried by itself.
	DryRun bool
}

// Variables of the book reach a playbook under their names with this in front: inputs.node is recon_node.
const playPrefix = "recon_"

var (
	tagName = regexp.MustCompile(`\A[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}\z`)
	// hostName is a name with a dash, which an expression would read as a subtraction.
	hostName     = regexp.MustCompile(`\A[a-z][a-z0-9]*(-[a-z0-9]+)+\z`)
	variableName = regexp.MustCompile(`\A[A-Za-z_][A-Za-z0-9_]{0,80}\z`)
	pasted       = regexp.MustCompile(`\{\{-?\s*(inputs|answers|captures)\.(\w+)`)
)

// play reads an ansible block.
func (r *reader) play(c *Command, f *fence, scope gate.Scope) {
	p := &Play{}
	c.Play, c.On = p, Target{Text: "all", All: true}
	if a, ok := f.get("check"); ok && r.oneOf(f, a, "yes", "no") == "yes" && c.Risk == Read {
		r.problem(f.line, a.column, "what changes nothing needs no run before it that changes nothing", "leave `check` out")
	}
	v := r.described(f, "playbook", "tags", "limit", "vars")
	if v == nil {
		return
	}
	if w := v.get("playbook"); w != nil {
		p.Playbook = r.word(w, "`playbook`")
		c.Refers = p.Playbook
		if ext := path.Ext(p.Playbook); p.Playbook != "" && (path.Clean(p.Playbook) != p.Playbook || path.IsAbs(p.Playbook) || strings.HasPrefix(p.Playbook, "..") || ext != ".yml" && ext != ".yaml") {
			r.problem(w.line, w.column, "`"+p.Playbook+"` is not a playbook in the deployment folder", "write its path from there, such as site.yml")
		}
	}
	if t := v.get("tags"); t != nil {
		p.Tags = r.words(t, "`tags`")
		for _, item := range t.items {
			if item.scalar && !tagName.MatchString(item.text) {
				r.problem(item.line, item.column, "`"+item.text+"` is not a tag", "letters, digits, underscore, dot, colon and dash")
			}
		}
		if t.isList && len(t.items) == 0 {
			r.problem(t.line, t.column, "`tags` names none", "leave it out for all tasks")
		}
	}
	if l := v.get("limit"); l != nil {
		p.Limited = true
		r.limit(c, l, scope)
	}
	if w := v.get("vars"); w != nil {
		p.Vars = r.playVars(w)
	}
}

// limit reads the expression that says on which nodes a playbook runs.
func (r *reader) limit(c *Command, l *value, scope gate.Scope) {
	text := strings.TrimSpace(r.word(l, "`limit`"))
	switch {
	case l.commented:
		r.problem(l.line, l.column, "YAML takes what follows # for a comment", "write the expression in quotes")
		return
	case text == "" || text == "console":
		r.problem(l.line, l.column, "`limit` names no node", "leave it out for all nodes, or write node(inputs.NAME) or role(SERVICE)")
		return
	case text == "all":
		c.Play.Limited = false
		return
	}
	if hostName.MatchString(text) {
		r.problem(l.line, l.column, "`limit: "+text+"` is a name and no expression", "write node(\""+text+"\")")
		return
	}
	c.On = Target{Text: text}
	if l.quoted {
		c.On.Expr = r.compileInside(l, scope)
	} else {
		c.On.Expr = r.compile(text, l.line, l.column, scope)
	}
	if c.On.Expr != nil && !isTarget(c.On.Expr.Type()) {
		r.problem(l.line, l.column, "`limit: "+text+"` is neither a node nor a member", "write node(NAME), member(NAME), role(NAME) or patroni.leader")
	}
}

// playVars reads the block's own variables.
func (r *reader) playVars(v *value) map[string]any {
	if !v.isMap {
		r.problem(v.line, v.column, "`vars` maps names to values", "")
		return nil
	}
	out := map[string]any{}
	for _, f := range v.fields {
		switch {
		case !variableName.MatchString(f.key):
			r.problem(f.line, f.column, "`"+f.key+"` is not the name of a variable", "letters, digits and underscores")
		case strings.HasPrefix(f.key, playPrefix):
			r.problem(f.line, f.column, "the variables that begin with "+playPrefix+" come from recon", "inputs."+strings.TrimPrefix(f.key, playPrefix)+" is there already, as "+f.key)
		case strings.HasPrefix(f.key, "ansible_"):
			r.problem(f.line, f.column, "`"+f.key+"` says how hosts are reached, which the cluster file says", "leave it out")
		default:
			out[f.key] = r.native(f.value)
		}
	}
	return out
}

// native is a value with the types that YAML gives it.
func (r *reader) native(v *value) any {
	switch {
	case v.isMap:
		out := map[string]any{}
		for _, f := range v.fields {
			out[f.key] = r.native(f.value)
		}
		return out
	case v.isList:
		out := []any{}
		for _, item := range v.items {
			out = append(out, r.native(item))
		}
		return out
	}
	if m := pasted.FindStringSubmatch(v.text); m != nil {
		r.problem(v.line, v.column, "Ansible does not know `"+m[1]+"."+m[2]+"`", "inputs and answers reach the playbook as variables: {{ "+playPrefix+m[2]+" }}")
	}
	return v.native
}

// withDryRuns puts the run that only says what would change in front of every playbook that changes something, unless the
// block says check=no.
func withDryRuns(commands []Command) []Command {
	var out []Command
	for _, c := range commands {
		if c.Play != nil && (c.Risk == Change || c.Risk == Destroy) && c.Attrs["check"] != "no" {
			look, play := c, *c.Play
			play.DryRun = true
			look.Play, look.Risk = &play, Read
			out = append(out, look)
		}
		out = append(out, c)
	}
	return out
}

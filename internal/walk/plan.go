package walk

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"recon/actions"
	"recon/internal/audit"
	"recon/internal/gate"
	"recon/probes"
	"recon/runbooks"
)

// command is the block's command; rollbacks are counted after the commands.
func command(step *runbooks.Step, block int) *runbooks.Command {
	if block < len(step.Commands) {
		return &step.Commands[block]
	}
	return &step.Rollbacks[block-len(step.Commands)]
}

// group is the blocks that one confirmation covers: consecutive reads together, everything else alone. A read that uses
// what an earlier one captures cannot be shown before that one ran, so it begins a group of its own.
func (w *Walk) group(index, block int) []int {
	step := &w.book.Steps[index]
	out := []int{block}
	if block >= len(step.Commands) || step.Commands[block].Risk != runbooks.Read || alone(&step.Commands[block]) {
		return out
	}
	captured := map[string]bool{}
	for next := block + 1; next < len(step.Commands) && step.Commands[next].Risk == runbooks.Read && !alone(&step.Commands[next]); next++ {
		captured[strings.ToUpper(step.Commands[next-1].Capture)] = true
		for _, m := range variable.FindAllStringSubmatch(step.Commands[next].Script, -1) {
			if captured[m[1]] {
				return out
			}
		}
		if !w.fold.steps[index].blocks[next].settled {
			out = append(out, next)
		}
	}
	return out
}

// alone says that a read is confirmed by itself: a playbook, its dry run too, and another book.
func alone(c *runbooks.Command) bool { return c.Play != nil || c.Kind == runbooks.Book }

// plan resolves a group of blocks on a State: targets, values, exact bytes, gates and what the confirmation must be.
// Nothing is sent. An error says why it cannot be resolved now.
func (w *Walk) plan(index, block int, s *probes.State) (*Plan, error) {
	step := &w.book.Steps[index]
	vars := w.vars(s)
	p := &Plan{Step: index, Block: block, Rollback: block >= len(step.Commands), Risk: runbooks.Read}
	for _, b := range w.group(index, block) {
		cmd := command(step, b)
		item, err := w.item(index, b, cmd, vars, s)
		if err != nil {
			return nil, err
		}
		p.Items = append(p.Items, *item)
		for _, t := range item.Targets {
			if !slices.Contains(p.Targets, t) {
				p.Targets = append(p.Targets, t)
			}
		}
		if cmd.Risk != runbooks.Read {
			p.Risk = cmd.Risk
		}
		for _, c := range w.gates(step, cmd, p.Rollback, item.Targets, s, vars) {
			if !slices.ContainsFunc(p.gates, func(have Check) bool { return have.Text == c.Text && have.Guard == c.Guard }) {
				p.gates = append(p.gates, c)
			}
		}
	}
	p.confirmation()
	if step.Proof != nil && p.Risk != runbooks.Read && !p.Rollback {
		p.HeldBefore = worst(evaluate(step.Proof.Conditions, vars)) == gate.Pass
	}
	p.Hash = p.hash()
	return p, nil
}

func (p *Plan) confirmation() {
	switch p.Risk {
	case runbooks.Change:
		p.Confirm = ByYes
	case runbooks.Destroy:
		p.Confirm = ByName
		if len(p.Targets) > 1 {
			p.Refused = fmt.Sprintf("it destroys on %d nodes at once, which needs a second person; this version of recon has no second person yet", len(p.Targets))
		} else {
			p.Type = p.Targets[0]
		}
	default:
		p.Confirm = ByEnter
	}
}

// hash covers what the operator sees and what will be sent, so that an approval is for these bytes and no others.
func (p *Plan) hash() string {
	type shot struct{ Target, Who, Wire string }
	type part struct {
		Kind, Risk, Script string
		Assignments        []string
		Shots              []shot
	}
	var parts []part
	for _, it := range p.Items {
		x := part{Kind: string(it.Kind), Risk: string(it.Risk), Script: it.Script, Assignments: it.Assignments}
		for _, s := range it.plan.Shots {
			x.Shots = append(x.Shots, shot{s.Target, s.Who, s.Hash})
		}
		parts = append(parts, x)
	}
	raw, err := json.Marshal(parts)
	if err != nil {
		panic("a plan of strings cannot be encoded: " + err.Error())
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func (w *Walk) item(index, block int, cmd *runbooks.Command, vars map[string]any, s *probes.State) (*Item, error) {
	targets, err := w.targets(cmd, vars, s)
	if err != nil {
		return nil, err
	}
	bf := &w.fold.steps[index].blocks[block]
	var open []string
	for _, t := range targets {
		if bf.targets[t].outcome != audit.OK {
			open = append(open, t)
		}
	}
	if cmd.Kind == runbooks.Playbook && len(open) > 0 {
		open = targets // a playbook is run again as a whole: its hosts need each other's facts, and what is done stays
	}
	if len(open) == 0 {
		return nil, fmt.Errorf("`on=%s` is only %s now, where this ran already", cmd.On.Text, strings.Join(targets, ", "))
	}
	rest := []string(nil)
	if cmd.Order == runbooks.Canary && len(bf.targets) == 0 {
		open, rest = open[:1], open[1:]
	}
	values, err := w.values(cmd, open)
	if cmd.Kind == runbooks.Playbook {
		values = w.playValues()
	}
	if err != nil {
		return nil, err
	}
	do := actions.Command{
		Kind: actions.Kind(cmd.Kind), Script: cmd.Script, Values: values, Targets: open, Timeout: cmd.Timeout,
		Disconnect: actions.Disconnect(cmd.Disconnect), Become: cmd.Become, Database: cmd.DB, Service: cmd.Service, Serial: cmd.Order != runbooks.Parallel,
		Token: fmt.Sprintf("%s-%d-%d-%d", w.shortID(), index+1, block+1, bf.attempts+1),
	}
	if cmd.Kind == runbooks.HTTP && cmd.Expect != "" {
		if do.Expect, err = strconv.Atoi(cmd.Expect); err != nil {
			return nil, fmt.Errorf("expect=%s is not a status", cmd.Expect)
		}
	}
	if cmd.Play != nil {
		if do.Play, err = play(cmd.Play); err != nil {
			return nil, err
		}
	}
	planned, err := w.cfg.Hands.Plan(do)
	if err != nil {
		return nil, err
	}
	item := &Item{
		Kind: do.Kind, Risk: cmd.Risk, Targets: open, Timeout: planned.Command.Timeout, Disconnect: string(cmd.Disconnect),
		Order: string(cmd.Order), plan: planned, command: *cmd, block: block, rest: rest,
	}
	item.Assignments, item.Script = planned.Shown()
	if len(planned.Shots) > 0 {
		item.Who = planned.Shots[0].Who
	}
	return item, nil
}

// targets resolves `on=` to node names. Empty, unknown and unnamed results are errors: a step never touches nothing, and
// never guesses.
func (w *Walk) targets(cmd *runbooks.Command, vars map[string]any, s *probes.State) ([]string, error) {
	switch {
	case cmd.On.Console:
		return []string{actions.Console}, nil
	case cmd.On.All:
		var all []string
		for _, n := range w.cfg.Cluster.Nodes {
			all = append(all, n.Name)
		}
		return all, nil
	}
	r := cmd.On.Expr.Eval(vars)
	if r.Unseen != "" {
		return nil, fmt.Errorf("the target `on=%s` is not known now: %s", cmd.On.Text, r.Unseen)
	}
	names := nodeNames(r.Value)
	if len(names) == 0 {
		return nil, fmt.Errorf("the target `on=%s` is nobody now", cmd.On.Text)
	}
	for _, n := range names {
		if _, ok := w.cfg.Cluster.Node(n); !ok {
			return nil, fmt.Errorf("the target `on=%s` is %s, which the cluster file does not know", cmd.On.Text, n)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return w.position(a) - w.position(b) })
	return slices.Compact(names), nil
}

func (w *Walk) position(node string) int {
	for i, n := range w.cfg.Cluster.Nodes {
		if n.Name == node {
			return i
		}
	}
	return len(w.cfg.Cluster.Nodes)
}

// nodeNames turns what `on=` may yield into node names: nodes, members, databases, servers, names, and lists of them.
func nodeNames(v any) []string {
	switch t := v.(type) {
	case string:
		return []string{t}
	case *string:
		if t == nil {
			return nil
		}
		return []string{*t}
	case probes.Node:
		return []string{t.Name}
	case *probes.Node:
		if t == nil {
			return nil
		}
		return []string{t.Name}
	case probes.Member:
		return []string{t.Node}
	case *probes.Member:
		if t == nil {
			return nil
		}
		return []string{t.Node}
	case probes.Database:
		return []string{t.Node}
	case probes.EtcdMember:
		return []string{t.Name}
	case probes.RedisMember:
		return []string{t.Node}
	case *probes.RedisMember:
		if t == nil {
			return nil
		}
		return []string{t.Node}
	case probes.SentinelMember:
		return []string{t.Node}
	case []string:
		return slices.Clone(t)
	case []probes.Node:
		return flat(t)
	case []probes.Member:
		return flat(t)
	case []probes.Database:
		return flat(t)
	case []probes.EtcdMember:
		return flat(t)
	case []probes.RedisMember:
		return flat(t)
	case []probes.SentinelMember:
		return flat(t)
	case []any:
		return flat(t)
	}
	return nil
}

func flat[T any](list []T) []string {
	var out []string
	for _, x := range list {
		out = append(out, nodeNames(x)...)
	}
	return out
}

var variable = regexp.MustCompile(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)

// values are the assignments that the script uses, in a fixed order: the book's inputs, answers and captures, the stamp
// of the walk, then what the cluster file says of the systems. What the script does not mention is left out, so that
// the operator reads only what matters.
func (w *Walk) values(cmd *runbooks.Command, targets []string) ([]actions.Value, error) {
	used := map[string]bool{}
	for _, m := range variable.FindAllStringSubmatch(cmd.Script, -1) {
		used[m[1]] = true
	}
	var out []actions.Value
	var errs []error
	add := func(name, value string) {
		if used[name] {
			out = append(out, actions.Value{Name: name, Value: value})
			used[name] = false
		}
	}
	for _, in := range w.book.Inputs {
		add(strings.ToUpper(in.Name), w.fold.inputs[in.Name])
	}
	for _, step := range w.book.Steps {
		for _, q := range step.Asks {
			if v, ok := w.fold.answers[q.Name]; ok {
				add(strings.ToUpper(q.Name), v)
			}
		}
		for _, c := range step.Commands {
			if c.Capture == "" || !used[strings.ToUpper(c.Capture)] {
				continue
			}
			v, err := w.captured(c.Capture, targets)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			add(strings.ToUpper(c.Capture), v)
		}
	}
	add("STAMP", w.fold.started.UTC().Format("20060102T150405Z"))
	for _, v := range w.cfg.Cluster.Values() {
		if strings.HasPrefix(v.Name, "ETCDCTL_") && strings.Contains(cmd.Script, "etcdctl") {
			used[v.Name] = true // etcdctl reads its environment by itself
		}
		add(v.Name, v.Value)
	}
	return out, errors.Join(errs...)
}

// captured is the value that a capture has for these targets: the target's own, or the only one there is.
func (w *Walk) captured(name string, targets []string) (string, error) {
	hosts := w.fold.captures[name]
	values := map[string]bool{}
	for _, t := range targets {
		if v, ok := hosts[t]; ok {
			values[v] = true
		}
	}
	if len(values) == 0 {
		for _, v := range hosts {
			values[v] = true
		}
	}
	if len(values) != 1 {
		return "", fmt.Errorf("$%s was captured with %d different values, so it cannot be used for %s", strings.ToUpper(name), len(values), strings.Join(targets, ", "))
	}
	for v := range values {
		return v, nil
	}
	return "", nil
}

func (w *Walk) shortID() string {
	if w.stamp == "" {
		sum := sha256.Sum256([]byte(w.fold.start.Walk))
		w.stamp = w.fold.started.UTC().Format("20060102t150405") + "-" + hex.EncodeToString(sum[:3])
	}
	return w.stamp
}

// limit is how long a proof may take.
func limit(p *runbooks.Proof) time.Duration {
	if p == nil {
		return 0
	}
	return p.Within
}

package runbooks

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"recon/internal/gate"
	"recon/probes"
)

func risks() []string { return []string{string(Read), string(Change), string(Destroy)} }

// maxUnwatched is how long a changing command may take before it must say what becomes of it when its connection is lost.
const maxUnwatched = 10 * time.Second

// command reads a block that runs.
func (r *reader) command(f *fence, scope gate.Scope) Command {
	c := Command{
		Kind: CommandKind(f.word), Script: f.body, Timeout: DefaultTimeout, Rollback: isRollback(f),
		Line: f.bodyLine, Column: 1, Attrs: map[string]string{},
	}
	for _, a := range f.attrs {
		c.Attrs[a.key] = a.value
	}
	if len(c.Script) > MaxScript {
		r.problem(f.line, f.column, fmt.Sprintf("the block has %d bytes; 64 KiB is the most", len(c.Script)), "")
	}
	if strings.TrimSpace(c.Script) == "" {
		r.problem(f.line, f.column, "this `"+f.word+"` block is empty", "")
	}
	r.risk(&c, f)
	r.target(&c, f, scope)
	if c.Kind == Playbook {
		c.Timeout = DefaultPlay
	}
	if a, ok := f.get("timeout"); ok {
		if d := r.duration(a.value, f.line, a.valueColumn, "timeout"); d > 0 {
			c.Timeout = d
		}
	}
	c.Capture, c.DB = r.plainAttr(f, "capture"), r.plainAttr(f, "db")
	c.Order = Parallel
	if c.Risk != Read {
		c.Order = Serial
	}
	if a, ok := f.get("order"); ok {
		c.Order = Order(r.oneOf(f, a, string(Parallel), string(Serial), string(Canary)))
	}
	switch c.Kind {
	case Sh:
		r.shell(&c, f)
	case HTTP:
		r.request(&c, f)
	case SQL:
		r.statement(&c, f)
	case Playbook:
		r.play(&c, f, scope)
	case Book:
		r.child(&c, f, scope)
	case Redis:
		r.redis(&c, f)
	}
	if a, ok := f.get("expect"); ok && c.Kind != HTTP {
		if c.Expect = unquoted(a.value); c.Expect != "" {
			if _, err := regexp.Compile(c.Expect); err != nil {
				r.problem(f.line, a.valueColumn, "`expect` is not a regular expression: "+err.Error(), "")
			}
		}
	}
	return c
}

func (r *reader) plainAttr(f *fence, key string) string {
	a, _ := f.get(key)
	return unquoted(a.value)
}

func (r *reader) oneOf(f *fence, a attr, words ...string) string {
	w := unquoted(a.value)
	if !slices.Contains(words, w) {
		r.problem(f.line, a.valueColumn, "`"+a.key+"` cannot be `"+w+"`", meant(w, words))
	}
	return w
}

func (r *reader) risk(c *Command, f *fence) {
	if c.Kind == Book {
		c.Risk = Read // the child walk confirms each of its own steps
		return
	}
	a, ok := f.get("risk")
	if !ok {
		r.problem(f.line, f.column, "the `"+f.word+"` block does not say its risk", "write risk=read, risk=change or risk=destroy")
		return
	}
	if c.Risk = Risk(a.value); !slices.Contains(risks(), a.value) {
		r.oneOf(f, a, risks()...)
		c.Risk = ""
	}
}

// targetTypes are what `on=` may yield: nodes, members, databases, endpoints, servers, names of nodes, and lists of them.
func targetTypes() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[probes.Node](), reflect.TypeFor[probes.Member](), reflect.TypeFor[probes.Database](), reflect.TypeFor[probes.EtcdMember](),
		reflect.TypeFor[probes.RedisMember](), reflect.TypeFor[probes.SentinelMember](), wordType,
	}
}

// isTarget says whether an expression of this type names nodes.
func isTarget(t reflect.Type) bool {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return slices.Contains(targetTypes(), t)
}

func (r *reader) target(c *Command, f *fence, scope gate.Scope) {
	if c.Kind == Playbook || c.Kind == Book {
		c.On = Target{Text: "console", Console: true}
		return
	}
	a, ok := f.get("on")
	if !ok {
		r.problem(f.line, f.column, "the `"+f.word+"` block does not say where it runs", "write on=patroni.leader, on=node(inputs.member), on=all or on=console")
		return
	}
	c.On = Target{Text: a.value, Console: a.value == "console", All: a.value == "all"}
	switch {
	case c.On.Console && c.Kind != Sh:
		r.problem(f.line, a.valueColumn, "a `"+f.word+"` block runs against a service of a node, not on the console", "")
		return
	case c.On.Console || c.On.All:
		return
	case strings.ContainsAny(a.value[:min(1, len(a.value))], "\"'`"):
		r.problem(f.line, a.valueColumn, "`on="+a.value+"` is a text", "write on=node("+a.value+")")
		return
	}
	if c.On.Expr = r.compile(a.value, f.line, a.valueColumn, scope); c.On.Expr == nil {
		return
	}
	if !isTarget(c.On.Expr.Type()) {
		r.problem(f.line, a.valueColumn, "`on="+a.value+"` is neither a node nor a member", "write node(NAME), member(NAME), role(NAME), patroni.leader, console or all")
	}
}

// shell reads what only sh blocks have.
func (r *reader) shell(c *Command, f *fence) {
	c.Become = !c.On.Console
	if a, ok := f.get("become"); ok {
		c.Become = r.oneOf(f, a, "true", "false") == "true"
		if c.On.Console && c.Become {
			r.problem(f.line, a.valueColumn, "on the console nobody becomes somebody else", "")
		}
	}
	if a, ok := f.get("disconnect"); ok {
		c.Disconnect = Disconnect(r.oneOf(f, a, string(Kill), string(Survive)))
		if c.On.Console && c.Disconnect == Survive {
			r.problem(f.line, a.valueColumn, "on the console nothing is disconnected", "leave `disconnect` out")
		}
	} else if (c.Risk == Change || c.Risk == Destroy) && c.Timeout > maxUnwatched && !c.On.Console {
		r.problem(f.line, f.column, fmt.Sprintf("the block changes something, may take %s and does not say what becomes of it when the connection is lost", c.Timeout),
			"write disconnect=survive (it goes on) or disconnect=kill (it is stopped), or a timeout of 10s at most")
	}
	if _, line, column, what := parseShell(c.Script); what != "" {
		r.problem(f.bodyLine+line-1, column, what, "commands run with /bin/sh -eu")
	}
}

// statement refuses several statements in one block: only one goes through the extended protocol.
func (r *reader) statement(c *Command, f *fence) {
	if end := statementEnd(c.Script); end >= 0 && strings.TrimSpace(c.Script[end+1:]) != "" {
		line := f.bodyLine + strings.Count(c.Script[:end+1], "\n")
		r.problem(line, 1, "a second statement in one block", "one block is one statement; write another block")
	}
}

// statementEnd is the offset of the first ; outside quotes and comments, or -1.
func statementEnd(sql string) int {
	quote := byte(0)
	for i := 0; i < len(sql); i++ {
		switch c := sql[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '-' && strings.HasPrefix(sql[i:], "--"):
			if n := strings.IndexByte(sql[i:], '\n'); n >= 0 {
				i += n
			} else {
				return -1
			}
		case c == ';':
			return i
		}
	}
	return -1
}

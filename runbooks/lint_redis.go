package runbooks

import (
	"slices"
	"strings"

	"recon/internal/redisblock"
)

// redis reads what only redis blocks have: the server they are for, and commands of which each line is one.
func (r *reader) redis(c *Command, f *fence) {
	c.Service = redisblock.Redis
	if a, ok := f.get("service"); ok {
		c.Service = redisblock.Service(r.oneOf(f, a, string(redisblock.Redis), string(redisblock.Sentinel)))
	}
	commands, bad := redisblock.Parse(c.Script)
	switch {
	case bad != nil:
		r.problem(f.bodyLine+bad.Line-1, bad.Column, bad.What, bad.Hint)
	case len(commands) == 0 && strings.TrimSpace(c.Script) != "":
		r.problem(f.line, f.column, "this `redis` block holds comments only", "")
	}
}

// redisCall judges each command of a redis block: whether it is one, what it does, and who sets its values.
func (l *linter) redisCall(c *Command) {
	commands, bad := redisblock.Parse(c.Script)
	if bad != nil {
		return // reported when the block was read
	}
	for _, one := range commands {
		v := redisblock.Judge(c.Service, one.Texts())
		blame := func(what, hint string) { l.problem(c.Line+one.Line-1, one.Words[v.At].Column, what, hint) }
		_, literal := one.Words[v.At].Literal()
		switch {
		case v.Refused != "":
			blame(v.Refused, v.Hint)
		case !v.Known && !literal:
			blame("the name of a command cannot be a value", "what a block does has to be known before it runs")
		case !v.Known:
			blame("there is no command `"+v.Name+"`", meant(v.Name, redisblock.Names(c.Service)))
		case v.Effect == redisblock.Destroys && c.Risk != Destroy:
			blame("`"+v.Name+"` throws data away or may lose writes, and the block says risk="+string(c.Risk), "write risk=destroy")
		case v.Effect == redisblock.Changes && c.Risk == Read:
			blame("`"+v.Name+"` changes something, and the block says risk=read", "write risk=change or risk=destroy")
		}
		l.redisValues(c, one)
	}
}

// redisValues refuses a value that nobody sets: the block could not be planned.
func (l *linter) redisValues(c *Command, one redisblock.Command) {
	own := l.bookValues()
	for _, w := range one.Words {
		for _, p := range w.Parts {
			if p.Value != "" && !given(p.Value) && !slices.Contains(own, p.Value) {
				l.problem(c.Line+one.Line-1, w.Column, "nobody sets $"+p.Value, meant(p.Value, append(own, Values()...)))
			}
		}
	}
}

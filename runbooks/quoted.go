package runbooks

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"recon/internal/gate"
)

// quoted says that an expression of the front matter is one text in quotes on one line; YAML changes it otherwise.
func (r *reader) quoted(v *value, key string) bool {
	switch {
	case !v.scalar:
		r.problem(v.line, v.column, "`"+key+"` is an expression", "write it in quotes")
	case v.block:
		r.problem(v.line, v.column, "`"+key+"` stands on several lines", "an expression stands in quotes on one line")
	case !v.quoted:
		what := "`" + key + "` is an expression without quotes"
		if v.commented {
			what += ", and YAML cut it at the #"
		}
		r.problem(v.line, v.column, what, "write it in quotes: "+key+": '...'")
	case strings.Contains(v.raw, "\n"):
		r.problem(v.line, v.column, "`"+key+"` stands on several lines", "an expression stands in quotes on one line")
	default:
		return true
	}
	return false
}

// condition is a quoted expression of type bool.
func (r *reader) condition(v *value, key string) *Condition {
	if !r.quoted(v, key) {
		return nil
	}
	c := &Condition{Text: v.text, Line: v.line, Column: v.inside(0)}
	c.Expr = r.compileInside(v, r.scope)
	r.isBool(c)
	return c
}

func (r *reader) isBool(c *Condition) {
	if c.Expr != nil && c.Expr.Type() != boolType {
		r.problem(c.Line, c.Column, "`"+c.Text+"` is not yes or no", "compare it with something")
	}
}

// compileInside compiles the text of a quoted scalar and places errors in the file.
func (r *reader) compileInside(v *value, scope gate.Scope) *gate.Expr {
	e, err := compile(v.text, scope)
	if err != nil {
		r.refuseInside(err, v)
		return nil
	}
	return e
}

func (r *reader) refuseInside(err error, v *value) {
	var ge *gate.Error
	if errors.As(err, &ge) {
		r.problem(v.line, v.inside(ge.Offset), ge.What, ge.Hint)
		return
	}
	r.problem(v.line, v.column, err.Error(), "")
}

var durationWord = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`)

// maxDuration bounds every duration in a book: nobody waits longer before a screen.
const maxDuration = 24 * time.Hour

// duration reads a duration that is longer than nothing.
func (r *reader) duration(text string, line, column int, key string) time.Duration {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil || !durationWord.MatchString(text):
		r.problem(line, column, "`"+key+"` is not a duration: `"+text+"`", "write 10s, 5m or 1h30m")
		return 0
	case d <= 0 || d > maxDuration:
		r.problem(line, column, fmt.Sprintf("`%s` is %s; it must be more than nothing and at most %s", key, text, maxDuration), "")
		return 0
	}
	return d
}

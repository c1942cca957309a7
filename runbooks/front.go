package runbooks

import (
	"slices"
	"strconv"
	"strings"

	"recon/internal/fault"
	"recon/internal/gate"
)

// head is the last line of the front matter, or 0 when there is none; then it was reported.
func (r *reader) head() int {
	if r.line(1) != "---" {
		r.problem(1, 1, "the book has no front matter", "it begins with a line `---`, then `format: 1`")
		return 0
	}
	for n := 2; n <= r.lines(); n++ {
		if r.line(n) == "---" {
			return n
		}
	}
	r.problem(1, 1, "the front matter is never closed", "close it with a line `---`")
	return 0
}

func kinds() []string {
	return []string{string(Recovery), string(Deployment), string(Maintenance), string(Drill), string(Finding)}
}

// front reads the front matter into the book.
func (r *reader) front(b *Runbook, head int) {
	var text strings.Builder
	for n := 2; n < head; n++ {
		text.WriteString(r.line(n) + "\n")
	}
	v := r.yaml(text.String(), 2)
	if v == nil {
		if len(r.problems) == 0 {
			r.problem(1, 1, "the front matter is empty", "write `format: 1` and the keys of a book")
		}
		return
	}
	if !v.isMap {
		r.problem(v.line, v.column, "the front matter is a map of keys", "")
		return
	}
	keys := []string{
		"format", "id", "title", "kind", "severity", "systems", "scenarios", "when", "because", "for", "escalate", "inputs", "faults", "test", "waives",
	}
	drill := []string{"book", "time", "loses"}
	r.only(v, "the front matter", append(keys, drill...)...)
	for _, key := range []string{"format", "id", "title", "kind", "severity", "systems"} {
		if v.get(key) == nil {
			r.problem(1, 1, "the front matter lacks `"+key+"`", "")
		}
	}
	r.scalars(b, v)
	r.lists(b, v)
	if w := v.get("when"); w != nil {
		b.When = r.condition(w, "when")
		if v.get("because") == nil {
			r.problem(w.line, w.column, "a book with `when` says why in `because`", "")
		}
	}
	if w := v.get("because"); w != nil && r.quoted(w, "because") {
		t, err := gate.Interpolate(w.text, r.scope)
		if err != nil {
			r.refuseInside(err, w)
		}
		b.Because = t
	}
	if in := v.get("inputs"); in != nil {
		r.inputs(b, in)
	}
	r.test(b, v.get("test"))
	r.waives(b, v.get("waives"))
	r.drill(b, v, drill)
	if b.Kind == Finding && b.When == nil {
		r.problem(1, 1, "a finding without `when` finds nothing", "")
	}
}

func (r *reader) scalars(b *Runbook, v *value) {
	text := func(key string) string {
		if w := v.get(key); w != nil {
			s := strings.TrimSpace(r.word(w, "`"+key+"`"))
			if s == "" && w.scalar {
				r.problem(w.line, w.column, "`"+key+"` is empty", "")
			}
			return s
		}
		return ""
	}
	if f := text("format"); f != "" && f != "1" {
		w := v.get("format")
		r.problem(w.line, w.column, "format "+f+" is not known", "this version reads format 1")
	}
	if b.ID = text("id"); b.ID != "" && !identifier(b.ID) {
		w := v.get("id")
		r.problem(w.line, w.column, "the id `"+b.ID+"` is not made of small letters, digits and dashes", "")
	}
	b.Title, b.Escalate = text("title"), text("escalate")
	if k := text("kind"); k != "" {
		if b.Kind = Kind(k); !slices.Contains(kinds(), k) {
			w := v.get("kind")
			r.problem(w.line, w.column, "there is no kind `"+k+"`", meant(k, kinds()))
		}
	}
	if s := text("severity"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || n > 3 {
			w := v.get("severity")
			r.problem(w.line, w.column, "severity `"+s+"` is not 0 to 3", "1 service down or data at risk, 2 redundancy lost, 3 degraded, 0 planned")
		}
		b.Severity = n
	}
	if w := v.get("for"); w != nil {
		b.For = r.duration(text("for"), w.line, w.column, "for")
	}
}

func (r *reader) lists(b *Runbook, v *value) {
	if w := v.get("systems"); w != nil {
		b.Systems = r.members(w, "systems", Systems())
		if w.isList && len(w.items) == 0 {
			r.problem(w.line, w.column, "`systems` is empty", "")
		}
	}
	if w := v.get("scenarios"); w != nil {
		var ids []string
		for _, s := range Scenarios() {
			ids = append(ids, s.ID)
		}
		b.Scenarios = r.members(w, "scenarios", ids)
	}
	if w := v.get("faults"); w != nil {
		b.Faults = r.words(w, "`faults`")
		for i, f := range b.Faults {
			if _, err := fault.Parse(f); err != nil && i < len(w.items) {
				what, hint, _ := strings.Cut(err.Error(), "; ")
				if near := meant(f, fault.Names()); strings.HasPrefix(near, "did") {
					hint = near
				}
				r.problem(w.items[i].line, w.items[i].column, what, hint)
			}
		}
	}
}

// members are the entries of a list, each of which must be a known word.
func (r *reader) members(v *value, key string, known []string) []string {
	words := r.words(v, "`"+key+"`")
	for i, w := range words {
		if !slices.Contains(known, w) {
			r.problem(v.items[i].line, v.items[i].column, "`"+key+"` does not know `"+w+"`", meant(w, known))
		} else if slices.Contains(words[:i], w) {
			r.problem(v.items[i].line, v.items[i].column, "`"+w+"` stands here twice", "")
		}
	}
	return words
}

// test reads what a rehearsal needs: `answers`, a map of names to texts; `with`, faults that come first; `then`,
// books that are walked afterwards; `loses`, some of the book's faults; `after`, how long the fault lasts before anybody
// looks; `fades`, how long it is remembered; `readable`, files that the console may read; `healthy: true` for a book that needs no fault; and `not`, why the book cannot be rehearsed.
func (r *reader) test(b *Runbook, v *value) {
	if v == nil {
		return
	}
	if !v.isMap {
		r.problem(v.line, v.column, "`test` has the keys `answers`, `with`, `after`, `mended`, `fades`, `readable`, `then`, `loses`, `healthy` and `not`", "")
		return
	}
	for _, f := range v.fields {
		switch f.key {
		case "answers":
			if !f.value.isMap {
				r.problem(f.value.line, f.value.column, "`answers` maps the name of an input or question to its answer", "")
				continue
			}
			b.Test.Answers = map[string]string{}
			for _, a := range f.value.fields {
				b.Test.Answers[a.key] = r.word(a.value, "the answer")
			}
		case "loses":
			b.Test.Loses = r.members(f.value, "loses", b.Faults)
		case "with":
			b.Test.With = r.words(f.value, "`with`")
			for i, text := range b.Test.With {
				if _, err := fault.Parse(text); err != nil && i < len(f.value.items) {
					r.problem(f.value.items[i].line, f.value.items[i].column, err.Error(), "")
				}
			}
		case "after":
			b.Test.After = r.duration(r.word(f.value, "the time"), f.value.line, f.value.column, "after")
		case "fades":
			b.Test.Fades = r.duration(r.word(f.value, "the time"), f.value.line, f.value.column, "fades")
		case "readable":
			b.Test.Readable = r.words(f.value, "`readable`")
		case "healthy":
			if w := r.word(f.value, "`healthy`"); w != "true" || b.When != nil || len(b.Faults) > 0 {
				r.problem(f.value.line, f.value.column, "`healthy` is true, in a book without `when` and `faults`", "")
			}
			b.Test.Healthy = true
		case "not":
			b.Test.Not = r.word(f.value, "the reason")
		case "mended":
			n, err := strconv.Atoi(r.word(f.value, "the step"))
			if err != nil || n < 1 {
				r.problem(f.value.line, f.value.column, "`mended` is the number of a step, from 1", "")
			}
			b.Test.Mended = n
		case "then":
			b.Test.Then = r.words(f.value, "`then`")
		default:
			r.problem(f.line, f.column, "`test` does not know `"+f.key+"`", meant(f.key, []string{"after", "answers", "fades", "healthy", "loses", "mended", "not", "readable", "then", "with"}))
		}
	}
}

func (r *reader) waives(b *Runbook, v *value) {
	if v == nil {
		return
	}
	if !v.isMap {
		r.problem(v.line, v.column, "`waives` maps a guard's id to the reason", "")
		return
	}
	b.Waives = map[string]string{}
	for _, f := range v.fields {
		reason := strings.TrimSpace(r.word(f.value, "the reason"))
		if reason == "" && f.value.scalar {
			r.problem(f.line, f.column, "guard "+f.key+" is waived without a reason", "")
		}
		if !slices.Contains(guardIDs(), f.key) {
			r.problem(f.line, f.column, "there is no guard `"+f.key+"`", meant(f.key, guardIDs()))
		}
		b.Waives[f.key] = reason
	}
}

// drill reads what only a drill has.
func (r *reader) drill(b *Runbook, v *value, keys []string) {
	for _, key := range keys {
		w := v.get(key)
		switch {
		case b.Kind != Drill && w != nil:
			r.problem(w.line, w.column, "only a drill has `"+key+"`", "")
		case b.Kind == Drill && w == nil && key != "loses":
			r.problem(1, 1, "a drill names its `"+key+"`", "")
		}
	}
	if b.Kind != Drill {
		return
	}
	if len(b.Faults) == 0 {
		r.problem(1, 1, "a drill names the `faults` to inject", "")
	}
	if w := v.get("book"); w != nil {
		b.Solves, b.solvesAt = r.word(w, "`book`"), [2]int{w.line, w.column}
	}
	if w := v.get("time"); w != nil {
		b.Par = r.duration(r.word(w, "`time`"), w.line, w.column, "time")
	}
	r.loses(b, v.get("loses"))
}

// loses reads the conditions that cost points; behind # each says what it means.
func (r *reader) loses(b *Runbook, v *value) {
	if v == nil {
		return
	}
	if !v.isList {
		r.problem(v.line, v.column, "`loses` is a list of expressions", "")
		return
	}
	for _, w := range v.items {
		if !r.quoted(w, "loses") {
			continue
		}
		text, explain := cutExplanation(w.text)
		c := Condition{Text: strings.TrimSpace(text), Explain: explain, Line: w.line, Column: w.inside(0)}
		if explain == "" {
			r.problem(w.line, w.column, "`"+c.Text+"` does not say what is lost", "write it behind #: the debrief shows it")
		}
		e, err := gate.Compile(c.Text, r.scope)
		if err != nil {
			r.refuseInside(err, w)
			continue
		}
		c.Expr = e
		r.isBool(&c)
		b.Loses = append(b.Loses, c)
	}
}

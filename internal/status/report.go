// Package status is one look at the cluster for people, scripts and collectors: a verdict with its reasons, the table of the
// whole stack, JSON and OpenMetrics. docs/status.md documents all three.
//
// It is pure: a Report is made of a State, the findings and a moment, and nothing is asked or kept. What was not seen is
// never fine: it is told as a reason, is absent from the metrics, and never becomes a number. New is the place to start.
package status

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"recon/internal/findings"
	"recon/internal/gate"
	"recon/internal/inventory"
	"recon/internal/stack"
	"recon/probes"
)

// Verdict is the whole look in a word.
type Verdict string

// The verdicts. Wrong is a fact; Unknown says that too little was seen to call it fine.
const (
	Fine    Verdict = "fine"
	Wrong   Verdict = "wrong"
	Unknown Verdict = "unknown"
)

// Report is what was seen, and what is to be said about it. As JSON it is State with these fields beside the sections.
type Report struct {
	// V is the version of this form.
	V       int     `json:"v"`
	Verdict Verdict `json:"verdict"`
	// Reasons are why the verdict is not fine, each a sentence; never nil.
	Reasons []string `json:"reasons"`
	// Findings are the worst first; never nil. FindingsUnseen is why they are not known, or "".
	Findings       []Finding `json:"findings"`
	FindingsUnseen string    `json:"findings_unseen"`
	*probes.State

	cluster *inventory.Cluster
	sight   stack.Sight
}

// Finding is a book that applies, or applied a moment ago.
type Finding struct {
	Book      string   `json:"book"`
	Title     string   `json:"title"`
	Severity  int      `json:"severity"`
	Scenarios []string `json:"scenarios"`
	// Phase is pending, holds, blind or over, as in package findings.
	Phase   findings.Phase `json:"phase"`
	Because string         `json:"because"`
	// Since and Seen are when it was first and last seen to hold; Over when it was seen not to any more, nil before that.
	Since time.Time  `json:"since"`
	Seen  time.Time  `json:"seen"`
	Over  *time.Time `json:"over"`
	// Held is for how many seconds it was seen to hold, Needs how many more it takes before it is certain.
	Held  float64 `json:"held"`
	Needs float64 `json:"needs"`
	// Blind is why it cannot be seen now, or "".
	Blind string `json:"blind"`
	// Parts are the conditions and the values that made it true.
	Parts []Part `json:"parts"`
}

// Part is a piece of a finding's condition.
type Part struct {
	Text   string `json:"text"`
	Value  string `json:"value"`
	Answer string `json:"answer"`
}

// counts says whether a finding makes the verdict wrong: one of severity 1 to 3 that holds, or held when it was last seen.
func (f Finding) counts() bool { return f.Severity > 0 && f.Phase != findings.Over }

// New makes a report of a State at a moment. unseen is why the findings are not known, or "".
func New(c *inventory.Cluster, s *probes.State, now time.Time, set findings.Set, unseen string) *Report {
	r := &Report{V: 1, Reasons: []string{}, Findings: []Finding{}, FindingsUnseen: unseen, State: s, cluster: c, sight: stack.At(s, now)}
	for _, f := range append(set.Shown(), set.Pending()...) {
		r.Findings = append(r.Findings, told(f))
	}
	r.judge()
	return r
}

func told(f findings.Finding) Finding {
	out := Finding{
		Book: f.Book.ID, Title: f.Book.Title, Severity: f.Book.Severity, Scenarios: f.Book.Scenarios, Phase: f.Phase, Because: f.Because,
		Since: f.Since.UTC(), Seen: f.Seen.UTC(), Held: f.Held.Seconds(), Needs: f.Needs().Seconds(), Blind: f.Blind, Parts: []Part{},
	}
	if out.Scenarios == nil {
		out.Scenarios = []string{}
	}
	if !f.Over.IsZero() {
		over := f.Over.UTC()
		out.Over = &over
	}
	for _, p := range f.Result.Parts {
		if p.Answer != gate.Fail {
			out.Parts = append(out.Parts, Part{p.Text, p.Value, p.Answer.String()})
		}
	}
	return out
}

// judge collects what is wrong, then what is not known, and makes the verdict of them.
func (r *Report) judge() {
	var wrong, unknown []string
	for _, f := range r.Findings {
		if f.counts() {
			wrong = append(wrong, f.Book+": "+said(f.Because, f.Title))
		}
	}
	if text, tone := r.sight.Summary(); r.cluster.Patroni != nil && tone == stack.Bad {
		wrong = append(wrong, text)
	} else if r.cluster.Patroni != nil && tone == stack.Unseen {
		unknown = append(unknown, text)
	}
	silent, facts := map[[2]string]bool{}, 0
	for _, t := range r.Targets() {
		age := t.Age + r.sight.Late
		switch what := t.System + " on " + t.Node; {
		case t.Began.IsZero():
			unknown = append(unknown, what+": not asked yet")
		case !t.Reachable:
			wrong = append(wrong, what+": "+said(t.Error, "did not answer"))
			if t.Refused {
				facts++
			}
		case age > probes.StaleAfter.Seconds():
			unknown = append(unknown, what+": the answer is "+stack.Short(age)+" old")
		default:
			facts++
			continue
		}
		silent[[2]string{t.System, t.Node}] = true
	}
	// What answers may say something bad that no book recognises.
	for _, row := range r.rows() {
		for _, c := range row.Cells {
			what := row.Name + " on " + c.Node + ": " + c.Word
			switch {
			case silent[[2]string{row.System, c.Node}]:
			case c.Tone == stack.Bad && row.System == "vips":
				wrong = append(wrong, strings.TrimSpace(c.Word+" "+c.Number))
			case c.Tone == stack.Bad:
				wrong = append(wrong, what)
			case !c.Asked():
				unknown = append(unknown, what)
			}
		}
	}
	if r.FindingsUnseen != "" {
		unknown = append(unknown, "findings are not known: "+r.FindingsUnseen)
	}
	r.Reasons = append(append(r.Reasons, wrong...), unknown...)
	switch {
	case facts == 0:
		r.Verdict = Unknown
	case len(wrong) > 0:
		r.Verdict = Wrong
	case len(unknown) > 0:
		r.Verdict = Unknown
	default:
		r.Verdict = Fine
	}
}

// rows are all rows of the table, the entry first.
func (r *Report) rows() []stack.Row {
	entry, rows := r.sight.Matrix(r.cluster)
	return append([]stack.Row{entry}, rows...)
}

func said(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// Changed says whether two reports tell different things, apart from ages and numbers that move all the time: a word of the table,
// a finding, or anything in the State that is true or false. nil is different from every report.
func (r *Report) Changed(before *Report) bool {
	return before == nil || r.mark() != before.mark() || !slices.Equal(flags(nil, reflect.ValueOf(r.State)), flags(nil, reflect.ValueOf(before.State)))
}

// flags are all that is true or false below a value, in order; what is absent, and where a list or a map ends, has its place too.
func flags(out []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return append(out, '1')
		}
		return append(out, '0')
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return append(out, '-')
		}
		return flags(out, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out = flags(out, v.Field(i))
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			out = flags(out, v.Index(i))
		}
		return append(out, ']')
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
		for _, k := range keys {
			out = flags(append(out, k.String()...), v.MapIndex(k))
		}
		return append(out, '}')
	}
	return out
}

// mark is all that a change is told by.
func (r *Report) mark() string {
	summary, _ := r.sight.Summary()
	out := string(r.Verdict) + "\n" + summary + "\n" + r.FindingsUnseen + "\n"
	for _, f := range r.Findings {
		out += f.Book + " " + string(f.Phase) + "\n"
	}
	for _, row := range r.rows() {
		for _, c := range row.Cells {
			out += c.Glyph + " " + said(c.Kind, c.Word) + "\n"
			if !strings.ContainsAny(c.Number, "0123456789") {
				out += c.Number + "\n" // a word in a number's place: paused, nofailover
			}
		}
	}
	for _, t := range r.Targets() {
		out += fmt.Sprintln(t.System, t.Node, t.Reachable, t.Error)
	}
	return out
}

package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// timelineEntry is one record of the report: a heading, and what the record holds.
func timelineEntry(r Record, titles []string, rep Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %d. %s %s\n\n", r.Seq, r.At.UTC().Format("15:04:05.000Z"), prose(strings.ReplaceAll(string(r.Kind), "_", " ")))
	step, _ := stepWord(r)
	if step > 0 {
		fmt.Fprintf(&b, "Step %d: %s\n\n", step, prose(title(titles, step)))
	}
	if body := entryBody(r, rep); body != "" {
		b.WriteString(body + "\n")
	}
	return b.String()
}

// entryBody tells the kinds that have more to say than their fields; every other record is quoted as it stands.
func entryBody(r Record, rep Report) string {
	switch r.Kind {
	case KindStart:
		return "The walk began.\n" // all of it stands at the top of the report
	case KindGate:
		if d, err := As[Gate](r); err == nil {
			return fmt.Sprintf("Gates at %s, on state %d of %s:\n\n", prose(d.Phase), d.State.Seq, clock(d.State)) + lines(d.Lines)
		}
	case KindApproval:
		if d, err := As[Approval](r); err == nil {
			return approvalBody(d)
		}
	case KindIntent:
		if d, err := As[Intent](r); err == nil {
			return intentBody(d)
		}
	case KindResult:
		if d, err := As[Result](r); err == nil {
			return resultBody(d, rep)
		}
	case KindProof:
		if d, err := As[Proof](r); err == nil {
			s := fmt.Sprintf("**%s** after %s, on state %d of %s:\n\n", prose(proofWord(d.Answer)), took(d.Waited), d.State.Seq, clock(d.State)) + lines(d.Lines)
			if d.HeldBefore {
				s += "\nIt held before the step already, so it proves nothing.\n"
			}
			return s
		}
	case KindOverride:
		if d, err := As[Override](r); err == nil {
			word := "OVERRIDE"
			if d.BreakGlass {
				word += ", BREAK GLASS"
			}
			return fmt.Sprintf("> [!CAUTION]\n> **%s** by %s: %s\n\nThe gates that were passed:\n\n", word, prose(d.By), prose(d.Reason)) +
				lines(d.Lines) + signature(d.Second)
		}
	case KindChild:
		if d, err := As[Child](r); err == nil {
			return fmt.Sprintf("The walk of the book %s began: %s\n", code(d.Book), code(walkOf(d.Child)))
		}
	case KindChildEnd:
		if d, err := As[ChildEnd](r); err == nil {
			return fmt.Sprintf("The walk of the book %s ended: **%s**\n\n%s, %d records, head %s\n",
				code(d.Book), prose(ended(d.Status, d.Reason)), code(walkOf(d.Child)), d.Child.Seq, code(d.Child.Head))
		}
	case KindNote:
		if d, err := As[Note](r); err == nil {
			return fence("text", d.Text)
		}
	case KindReconcile:
		if d, err := As[Reconcile](r); err == nil {
			at := ""
			if d.Target != "" {
				at = " at " + code(d.Target)
			}
			return fmt.Sprintf("Intent %d%s: **%s**, because %s\n\n", d.Intent, at, prose(d.Verdict), prose(d.Reason)) + lines(d.Evidence)
		}
	}
	return fence("json", indented(r.Data))
}

func approvalBody(d Approval) string {
	s := fmt.Sprintf("Confirmed by %s with %s", prose(d.By), prose(d.How))
	if d.Text != "" {
		s += " " + code(d.Text)
	}
	s += ", plan " + code(d.Plan) + "\n"
	if d.BreakGlass {
		s += "\n> [!CAUTION]\n> **BREAK GLASS**: no second person was awake.\n"
	}
	return s + signature(d.Second)
}

func signature(s *Signature) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf("\nSecond person: %s with key %s, challenge %s\n", prose(s.By), code(s.Key), code(s.Challenge))
}

func intentBody(d Intent) string {
	var b strings.Builder
	undo := ""
	if d.Rollback > 0 {
		undo = fmt.Sprintf(", undoes intent %d", d.Rollback)
	}
	fmt.Fprintf(&b, "**%s** %s, attempt %d, limit %s%s, approved by record %d, plan %s\n\n", prose(strings.ToUpper(d.Risk)), prose(d.Kind),
		d.Attempt, took(d.Timeout), undo, d.Approval, code(d.Plan))
	for _, t := range d.Targets {
		who := ""
		if t.User != "" {
			who += " as " + code(t.User)
		}
		if t.Become != "" {
			who += ", then " + code(t.Become)
		}
		fmt.Fprintf(&b, "- on %s %s%s, wire sha256 %s\n", code(t.Name), code(t.Address), who, code(d.Wire[t.Name]))
	}
	for _, name := range d.Rest {
		fmt.Fprintf(&b, "- not yet on %s, which waits for a confirmation of its own\n", code(name))
	}
	b.WriteString("\n" + fence("text", assignments(d.Shown)+d.Shown.Script))
	if len(d.Gates) > 0 {
		fmt.Fprintf(&b, "\nGates at execution, on state %d of %s:\n\n", d.State.Seq, clock(d.State))
		b.WriteString(lines(d.Gates))
	}
	return b.String()
}

func assignments(s Shown) string {
	var b strings.Builder
	for _, a := range s.Assign {
		at := ""
		if a.Target != "" {
			at = "   # on " + a.Target
		}
		fmt.Fprintf(&b, "%s=%s%s\n", a.Name, a.Value, at)
	}
	return b.String()
}

func resultBody(d Result, rep Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Of intent %d:\n", d.Intent)
	for _, t := range d.Targets {
		fmt.Fprintf(&b, "\n%s: **%s**", code(t.Target), prose(outcomeWord(t)))
		if t.Reason != "" {
			b.WriteString(", " + prose(t.Reason))
		}
		fmt.Fprintf(&b, ", took %s\n", took(t.Duration))
		for _, name := range sortedKeys(t.Captures) {
			fmt.Fprintf(&b, "\nCaptured %s: %s\n", code(name), code(t.Captures[name]))
		}
		if t.Output != nil {
			b.WriteString("\n" + outputBody(*t.Output, rep))
		}
	}
	return b.String()
}

func outcomeWord(t TargetResult) string {
	switch {
	case t.Signal != "":
		return string(t.Outcome) + " " + t.Signal
	case t.Outcome == Failed, t.Code != 0:
		return fmt.Sprintf("%s (%d)", t.Outcome, t.Code)
	}
	return string(t.Outcome)
}

func outputBody(k Kept, rep Report) string {
	s := fmt.Sprintf("Output %s, %d bytes", code(k.File), k.Bytes)
	if k.Dropped > 0 {
		s += fmt.Sprintf(" of which %d were not kept", k.Dropped)
	}
	s += ", sha256 " + code(k.SHA256) + "\n"
	if k.Error != "" {
		s += "\nIt is not whole: " + prose(k.Error) + "\n"
	}
	if rep.Load == nil || k.Bytes == 0 {
		return s
	}
	b, err := rep.Load(k.File)
	if err != nil {
		return s + "\nIt can not be quoted: " + prose(err.Error()) + "\n"
	}
	if k.SHA256 != "" && hashOf(b) != k.SHA256 {
		s += "\n**The file is not what the trail says: its hash differs.**\n"
	}
	return s + "\n" + fence("text", excerpt(b))
}

// lines is a list of expressions with their answers and the values that made them.
func lines(all []Line) string {
	var b strings.Builder
	for _, l := range all {
		answer := l.Answer
		if answer != Pass {
			answer = "**" + prose(strings.ToUpper(answer)) + "**"
		}
		fmt.Fprintf(&b, "- %s %s", answer, code(l.Text))
		if l.About != "" {
			b.WriteString(": " + prose(l.About))
		}
		b.WriteString("\n")
		for _, p := range l.Parts {
			fmt.Fprintf(&b, "  - %s is %s\n", code(p.Text), code(p.Value))
		}
	}
	return b.String()
}

func clock(s Seen) string { return s.At.UTC().Format("15:04:05.000Z") }

func indented(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return string(raw)
	}
	return b.String()
}

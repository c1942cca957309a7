package audit

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Markdown is the report of one walk for people: who, where and when; overrides and the like first and loud; the steps
// with how they ended; then every record in order, with the exact bytes that ran, the gates at display and at execution,
// and what came back; the book at the end. Nothing that the trail or an output holds can break out of its quotation.
func Markdown(records []Record, rep Report) string {
	var b strings.Builder
	s := Summarize(records)
	var start Start
	if len(records) > 0 && records[0].Kind == KindStart {
		start, _ = As[Start](records[0]) // a start that does not decode shows up in the verification and as its record
	}
	fmt.Fprintf(&b, "# %s\n\n", prose(orElse(s.Title, "A walk without a title")))
	writeFacts(&b, s, start, rep)
	writeLoud(&b, records)
	writeSteps(&b, records, start.Book.Steps)
	writeInside(&b, records)
	b.WriteString("## Verification\n\n" + fence("text", rep.String()) + "\n")
	b.WriteString("## Timeline\n\n")
	for _, r := range records {
		b.WriteString(timelineEntry(r, start.Book.Steps, rep))
	}
	if start.Book.Text != "" {
		b.WriteString("## The book, as it was walked\n\n" + fence("markdown", start.Book.Text))
	}
	return b.String()
}

func writeFacts(b *strings.Builder, s Summary, start Start, rep Report) {
	status := string(s.Status)
	if s.Reason != "" {
		status += ": " + s.Reason
	}
	if s.Status == Open {
		status = "open: no end is recorded"
	}
	end := s.Ended
	if end.IsZero() {
		end = s.Last
	}
	b.WriteString("| | |\n| --- | --- |\n")
	row := func(name, value string) { fmt.Fprintf(b, "| %s | %s |\n", name, value) }
	row("Status", "**"+prose(status)+"**")
	row("Cluster", cell(s.Cluster)+" ("+prose(strings.ToUpper(orElse(s.Environment, "production")))+")")
	row("Operator", cell(s.Operator)+" on "+cell(start.Host))
	row("From, to", cell(s.Started.Format(time.RFC3339))+" to "+cell(end.Format(time.RFC3339)))
	row("Book", cell(s.Book)+" sha256 "+cell(start.Book.SHA256))
	row("Cluster file", cell(start.Inventory.Path)+" sha256 "+cell(start.Inventory.SHA256))
	row("Walk", cell(s.Walk))
	row("Trail", cell(rep.Path)+fmt.Sprintf(", %d records, head ", s.Records)+cell(s.Head))
	if start.Parent != nil {
		row("Part of", cell(walkOf(*start.Parent))+fmt.Sprintf(", which began it after record %d", start.Parent.Seq))
	}
	row("recon", cell(start.Version))
	for _, name := range sortedKeys(start.Inputs) {
		row("Input "+prose(name), cell(start.Inputs[name]))
	}
	if s.DryRun {
		row("**Dry run**", "nothing was changed")
	}
	if len(s.Open) > 0 {
		row("**Without result**", prose("intents "+numbers(s.Open)))
	}
	if len(s.Unknown) > 0 {
		row("**Outcome unknown**", prose("intents "+numbers(s.Unknown)))
	}
	b.WriteString("\n")
}

// writeLoud lists what went past a guard, before anything else is told.
func writeLoud(b *strings.Builder, records []Record) {
	var lines []string
	add := func(r Record, word, text, by string) {
		line := fmt.Sprintf("> - **%s** (record %d): %s", word, r.Seq, prose(text))
		if by != "" {
			line += ", by " + prose(by)
		}
		lines = append(lines, line+"\n")
	}
	for _, r := range records {
		switch r.Kind {
		case KindOverride:
			if d, err := As[Override](r); err == nil {
				word := "OVERRIDE"
				if d.BreakGlass {
					word += ", BREAK GLASS"
				}
				add(r, fmt.Sprintf("%s of step %d", word, d.Step), d.Reason, d.By)
			}
		case KindApproval:
			if d, err := As[Approval](r); err == nil && d.BreakGlass {
				add(r, fmt.Sprintf("BREAK GLASS at step %d", d.Step), "approved without the second person", d.By)
			}
		case KindWaive:
			if d, err := As[Waive](r); err == nil {
				add(r, "WAIVED guard "+prose(d.Guard), d.Reason, d.By)
			}
		case KindAttest:
			if d, err := As[Attest](r); err == nil {
				add(r, fmt.Sprintf("ATTESTED, not measured, step %d", d.Step), d.Note, d.By)
			}
		}
	}
	if len(lines) > 0 {
		b.WriteString("> [!CAUTION]\n> Guards were passed by hand:\n>\n" + strings.Join(lines, "") + "\n")
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func numbers(seqs []uint64) string {
	words := make([]string, len(seqs))
	for i, n := range seqs {
		words[i] = fmt.Sprint(n)
	}
	return strings.Join(words, ", ")
}

func sortedKeys[K int | string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

package audit

import (
	"fmt"
	"path"
	"strings"
)

// stepFacts is what the records say of one step. last is the newest record's word, not the walk's fold.
type stepFacts struct {
	first, latest Record
	runs          int
	last          string
}

func writeSteps(b *strings.Builder, records []Record, titles []string) {
	facts := map[int]*stepFacts{}
	stepOf := map[uint64]int{} // intent -> step
	for _, r := range records {
		step, word := stepWord(r)
		if r.Kind == KindResult || r.Kind == KindReconcile {
			if d, err := As[Result](r); err == nil { // both name their intent alike
				step = stepOf[d.Intent]
			}
		}
		if r.Kind == KindIntent {
			stepOf[r.Seq] = step
		}
		if step <= 0 {
			continue
		}
		f := facts[step]
		if f == nil {
			f = &stepFacts{first: r}
			facts[step] = f
		}
		f.latest = r
		if r.Kind == KindIntent || r.Kind == KindChild {
			f.runs++
		}
		f.last = orElse(word, f.last)
	}
	b.WriteString("## Steps\n\n| step | | ended | runs | from | took |\n| ---: | --- | --- | ---: | --- | ---: |\n")
	for _, step := range sortedKeys(facts) {
		f := facts[step]
		fmt.Fprintf(b, "| %d | %s | %s | %d | %s | %s |\n", step, prose(title(titles, step)), prose(orElse(f.last, "looked at")),
			f.runs, cell(f.first.At.Format("15:04:05Z")), took(between(f.first, f.latest)))
	}
	for i, t := range titles {
		if facts[i+1] == nil {
			fmt.Fprintf(b, "| %d | %s | not reached | 0 | | |\n", i+1, prose(t))
		}
	}
	b.WriteString("\n")
}

// stepWord is the step that a record belongs to and what it says about how the step ended, or "".
func stepWord(r Record) (int, string) {
	d, err := As[struct {
		Step    int            `json:"step"`
		Answer  string         `json:"answer"`
		Reason  string         `json:"reason"`
		Book    string         `json:"book"`
		Status  Status         `json:"status"`
		Verdict string         `json:"verdict"`
		Targets []TargetResult `json:"targets"`
	}](r)
	if err != nil {
		return 0, ""
	}
	switch r.Kind {
	case KindIntent:
		return d.Step, "started, no result"
	case KindResult:
		return 0, outcomes(d.Targets)
	case KindProof:
		return d.Step, proofWord(d.Answer)
	case KindSkip:
		return d.Step, "SKIPPED: " + d.Reason
	case KindNotNeeded:
		return d.Step, "not needed: " + d.Reason
	case KindAttest:
		return d.Step, "ATTESTED, not measured"
	case KindReconcile:
		return 0, "reconciled as " + d.Verdict
	case KindChild:
		return d.Step, "walks " + d.Book + ", which has not ended"
	case KindChildEnd:
		return d.Step, d.Book + " " + ended(d.Status, d.Reason)
	}
	return d.Step, ""
}

// writeInside lists the walks of other books that were a part of this one.
func writeInside(b *strings.Builder, records []Record) {
	type inside struct {
		step    int
		book    string
		outcome string
	}
	var walks []string
	all := map[string]inside{}
	note := func(at Ref, one inside) {
		name := walkOf(at)
		if _, known := all[name]; !known {
			walks = append(walks, name)
		}
		all[name] = one
	}
	for _, r := range records {
		switch r.Kind {
		case KindChild:
			if d, err := As[Child](r); err == nil {
				note(d.Child, inside{d.Step, d.Book, "has not ended"})
			}
		case KindChildEnd:
			if d, err := As[ChildEnd](r); err == nil {
				note(d.Child, inside{d.Step, d.Book, ended(d.Status, d.Reason)})
			}
		}
	}
	if len(walks) == 0 {
		return
	}
	b.WriteString("## Books inside\n\n| step | book | walk | ended |\n| ---: | --- | --- | --- |\n")
	for _, name := range walks {
		one := all[name]
		fmt.Fprintf(b, "| %d | %s | %s | %s |\n", one.step, cell(one.book), cell(name), prose(one.outcome))
	}
	b.WriteString("\nEach has a trail and a report of its own: `recon audit report WALK`.\n\n")
}

// walkOf is the name of the walk whose trail a Ref points at.
func walkOf(r Ref) string { return strings.TrimSuffix(path.Base(r.Path), ending) }

// ended says how a walk ended; what was not completed is loud.
func ended(status Status, reason string) string {
	if status == Completed {
		return string(status)
	}
	return strings.TrimSuffix(strings.ToUpper(string(status))+": "+reason, ": ")
}

func proofWord(answer string) string {
	switch answer {
	case Pass:
		return "proof passed"
	case Fail:
		return "proof FAILED"
	}
	return "proof UNKNOWN"
}

// outcomes says "ok", or where it was not.
func outcomes(targets []TargetResult) string {
	var bad []string
	for _, t := range targets {
		if t.Outcome != OK {
			bad = append(bad, strings.ToUpper(string(t.Outcome))+" at "+t.Target)
		}
	}
	if len(bad) == 0 {
		return "ran ok"
	}
	return strings.Join(bad, ", ")
}

func title(titles []string, step int) string {
	if step < 1 || step > len(titles) {
		return ""
	}
	return titles[step-1]
}

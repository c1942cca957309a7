package audit

import (
	"fmt"
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
		if r.Kind == KindIntent {
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
	}
	return d.Step, ""
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

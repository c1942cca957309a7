package audit

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// secondFile is the Where of the heads file's anchors.
const secondFile = "second file"

// Anchor is the head of record Seq as it is known from somewhere else than the trail: Where says from where ("journal of
// netbox-node-1"). Holds is filled by Verify.
type Anchor struct {
	Where string `json:"where"`
	Seq   uint64 `json:"seq"`
	Head  string `json:"head"`
	Holds bool   `json:"holds"`
}

// Finding is one thing that Verify saw: a problem, or a note that an auditor should know. Line 0 is the whole file.
type Finding struct {
	Line    int    `json:"line"`
	Problem bool   `json:"problem"`
	Text    string `json:"text"`

	cut string // for a cut end: where the missing head is known, so that each place reports it once
}

// Report is what Verify found.
type Report struct {
	Path     string    `json:"path"`
	Records  int       `json:"records"`
	Head     string    `json:"head"`
	Findings []Finding `json:"findings,omitempty"`
	Anchors  []Anchor  `json:"-"`
	// Anchored is the last record whose head is known elsewhere and agrees; 0 when none is.
	Anchored uint64 `json:"anchored"`
	// Load reads an output file by its Kept.File; Verify sets it to read beside the trail. Markdown quotes no output when
	// it is nil.
	Load func(file string) ([]byte, error) `json:"-"`
}

func (rep *Report) problem(line int, format string, args ...any) {
	rep.Findings = append(rep.Findings, Finding{Line: line, Problem: true, Text: fmt.Sprintf(format, args...)})
}

func (rep *Report) note(line int, format string, args ...any) {
	rep.Findings = append(rep.Findings, Finding{Line: line, Text: fmt.Sprintf(format, args...)})
}

// Intact says that nothing in the file, and no head known elsewhere, contradicts the trail. It does not say that the end
// is still there: Anchor does.
func (rep Report) Intact() bool {
	for _, f := range rep.Findings {
		if f.Problem {
			return false
		}
	}
	return true
}

// Anchor says, in words for the operator, where the end of the trail is known, and up to which record.
func (rep Report) Anchor() string {
	upTo := map[string]uint64{}
	var off []string
	for _, a := range rep.Anchors {
		if !a.Holds {
			continue
		}
		if upTo[a.Where] == 0 && a.Where != secondFile {
			off = append(off, a.Where)
		}
		upTo[a.Where] = max(upTo[a.Where], a.Seq)
	}
	if len(upTo) == 0 {
		return "tail not anchored: the head is known nowhere else, so records could have been cut off the end unseen"
	}
	var parts []string
	for _, where := range off {
		parts = append(parts, fmt.Sprintf("%s (up to record %d of %d)", where, upTo[where], rep.Records))
	}
	if n := upTo[secondFile]; n > 0 {
		word := "a second file on this machine"
		if len(off) == 0 {
			word += " only"
		}
		parts = append(parts, fmt.Sprintf("%s (up to record %d of %d)", word, n, rep.Records))
	}
	return "anchored in " + strings.Join(parts, "; ")
}

// String is the whole report, a line for each finding, for a terminal. It never says "fine": it says what was checked.
func (rep Report) String() string {
	var b strings.Builder
	word := "no change found in"
	if !rep.Intact() {
		word = "DAMAGED:"
	}
	fmt.Fprintf(&b, "%s %d records of %s, head %s\n", word, rep.Records, rep.Path, rep.Head)
	for _, f := range rep.Findings {
		kind := "note"
		if f.Problem {
			kind = "PROBLEM"
		}
		if f.Line > 0 {
			fmt.Fprintf(&b, "%s: line %d: %s\n", kind, f.Line, f.Text)
		} else {
			fmt.Fprintf(&b, "%s: %s\n", kind, f.Text)
		}
	}
	fmt.Fprintf(&b, "%s\n", rep.Anchor())
	return b.String()
}

// MarshalJSON adds the verdicts, so that no reader of the JSON takes an empty list of findings for one.
func (rep Report) MarshalJSON() ([]byte, error) {
	type fields Report // without this method
	return marshal(struct {
		Intact bool   `json:"intact"`
		Anchor string `json:"anchor"`
		fields
	}{rep.Intact(), rep.Anchor(), fields(rep)})
}

// outputLoader reads an output file of the trail at path, and no more of it than an Output ever writes.
func outputLoader(path string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if !plainName(name) {
			return nil, fmt.Errorf("read an output: %q is not a file name", name)
		}
		f, err := os.Open(filepath.Join(outFolder(path), name))
		if err != nil {
			return nil, fmt.Errorf("read an output: %w", err)
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, keepWhole+1<<10))
	}
}

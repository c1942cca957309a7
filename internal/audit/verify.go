package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// clockStep is how far the wall clock may run from the monotonic one between two records before Verify notes it.
const clockStep = 2 * time.Second

// Verify checks the trail at path from its raw bytes: the chain, the numbers, the torn end, the output files, the walk
// before, the clocks, and the heads that are known from elsewhere: the heads file beside it, and those given in more
// (found on hosts, in a signed note). It needs no lock and changes nothing; what it can not read is a problem in the
// report.
func Verify(path string, more ...Anchor) Report {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	rep := Report{Path: path, Load: outputLoader(path)}
	// The heads are read before the trail, and the lock is asked for before both: a console that writes meanwhile makes the
	// trail longer than its heads, never shorter.
	locked, err := held(path)
	if err != nil {
		rep.problem(0, "the trail can not be opened: %v", err)
		return rep
	}
	refs, bad, err := readHeads(trailsDir(path), relative(path))
	if err != nil {
		rep.problem(0, "%v", err)
	}
	if bad > 0 {
		rep.note(0, "%d lines of the heads file can not be read and anchor nothing", bad)
	}
	s, err := scanFile(path)
	if err != nil {
		rep.problem(0, "%v", err)
	}
	rep.Records, rep.Head = len(s.records), s.last().Hash
	rep.checkLines(s, locked)
	for _, r := range refs {
		rep.checkAnchor(s, Anchor{Where: secondFile, Seq: r.Seq, Head: r.Head})
	}
	for _, a := range more {
		rep.checkAnchor(s, a)
	}
	rep.checkClocks(s.records)
	rep.checkOutputs(s.records)
	rep.checkWalkBefore(s.records)
	rep.checkModes(path)
	return rep
}

func (rep *Report) checkLines(s scanned, locked bool) {
	for _, b := range s.broken {
		rep.problem(b.Line, "%s: this line or the one before it was changed, added or removed", b.Why)
	}
	switch {
	case s.torn != nil && locked:
		rep.note(s.torn.Line, "a console is writing this record now")
	case s.torn != nil:
		rep.problem(s.torn.Line, "the last %d bytes are a torn record (%s); resuming the walk moves them aside", s.torn.Bytes, s.torn.Why)
	}
	if len(s.lines) == 0 {
		rep.problem(0, "the trail holds no whole record")
		return
	}
	if len(s.records) > 0 && s.records[0].Kind != KindStart {
		rep.problem(1, "the trail does not begin with a start record")
	}
	for i, r := range s.records {
		if r.Kind == KindEnd && i < len(s.records)-1 {
			rep.problem(int(r.Seq)+1, "records follow the end of the walk")
			break
		}
	}
}

// disagrees says how a trail differs from a head that was left for it elsewhere, or "".
func disagrees(s scanned, r Ref) string {
	count := uint64(len(s.lines))
	switch {
	case r.Seq == 0:
		return "a head known elsewhere names no record"
	case r.Seq == count+1:
		return fmt.Sprintf("record %d was removed from the end: its head is known elsewhere", r.Seq)
	case r.Seq > count:
		return fmt.Sprintf("records %d to %d were removed from the end: the head of record %d is known elsewhere", count+1, r.Seq, r.Seq)
	case s.lines[r.Seq-1] != r.Head:
		return fmt.Sprintf("record %d was changed after it was written: its hash is %s, the head known elsewhere is %s",
			r.Seq, Short(s.lines[r.Seq-1]), Short(r.Head))
	}
	return ""
}

// checkAnchor compares one head. Of many removed records the last is named, so that a cut of a thousand is one finding.
func (rep *Report) checkAnchor(s scanned, a Anchor) {
	why := disagrees(s, Ref{Seq: a.Seq, Head: a.Head})
	a.Holds = why == ""
	rep.Anchors = append(rep.Anchors, a)
	switch {
	case a.Holds:
		rep.Anchored = max(rep.Anchored, a.Seq)
	case a.Seq > uint64(len(s.lines)):
		line := len(s.lines) + 1
		for i, f := range rep.Findings {
			if f.Line == line && f.cut == a.Where {
				rep.Findings[i].Text = why + " (" + a.Where + ")"
				return
			}
		}
		rep.Findings = append(rep.Findings, Finding{Line: line, Problem: true, Text: why + " (" + a.Where + ")", cut: a.Where})
	default:
		rep.problem(int(a.Seq), "%s (%s)", why, a.Where)
	}
}

// checkClocks notes where the wall clock was set. The order of records is their number, so that is no problem.
func (rep *Report) checkClocks(records []Record) {
	for i := 1; i < len(records); i++ {
		a, b := records[i-1], records[i]
		if a.Boot != b.Boot {
			continue
		}
		mono := time.Duration(b.Mono - a.Mono)
		if mono < 0 {
			rep.note(int(b.Seq), "the monotonic clock went back by %s although the machine did not boot", -mono)
		}
		if step := b.At.Sub(a.At) - mono; step > clockStep || step < -clockStep {
			rep.note(int(b.Seq), "the wall clock was set by %+.1f s between records %d and %d", step.Seconds(), a.Seq, b.Seq)
		}
	}
}

// checkOutputs compares every output file, and every torn end that was moved aside, with the hash in the trail.
func (rep *Report) checkOutputs(records []Record) {
	for _, r := range records {
		switch r.Kind {
		case KindResult:
			d, err := As[Result](r)
			if err != nil {
				rep.problem(int(r.Seq), "%v", err)
				continue
			}
			for _, t := range d.Targets {
				if k := t.Output; k != nil && k.Error != "" {
					rep.note(int(r.Seq), "the output of %s is not whole: %s", t.Target, k.Error)
				} else if k != nil {
					rep.checkFile(int(r.Seq), outFolder(rep.Path), k.File, k.SHA256)
				}
			}
		case KindResumed:
			if d, err := As[Resumed](r); err == nil && d.Torn != nil {
				rep.checkFile(int(r.Seq), filepath.Dir(rep.Path), d.Torn.File, d.Torn.SHA256)
			}
		}
	}
}

func (rep *Report) checkFile(line int, dir, name, want string) {
	if !plainName(name) {
		rep.problem(line, "%q is not the name of a file beside the trail", name)
		return
	}
	sum, err := hashFile(filepath.Join(dir, name))
	switch {
	case errors.Is(err, os.ErrNotExist):
		rep.problem(line, "the file %s is missing", name)
	case err != nil:
		rep.problem(line, "the file %s can not be read: %v", name, err)
	case sum != want:
		rep.problem(line, "the file %s was changed: its hash is %s, the trail says %s", name, Short(sum), Short(want))
	}
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// checkWalkBefore compares the head of the walk before, which this trail's first record holds, with that trail. So every
// walk anchors the one before it.
func (rep *Report) checkWalkBefore(records []Record) {
	if len(records) == 0 || records[0].Kind != KindStart {
		return
	}
	d, err := As[Start](records[0])
	if err != nil {
		rep.problem(1, "%v", err)
		return
	}
	if d.Book.SHA256 != hashOf([]byte(d.Book.Text)) {
		rep.problem(1, "the book's hash is not the hash of its text")
	}
	if d.Previous == nil {
		return
	}
	p := *d.Previous
	folder, name := filepath.Split(filepath.FromSlash(p.Path))
	if folder = filepath.Clean(folder); !plainName(folder) || !plainName(name) || p.Seq == 0 {
		rep.problem(1, "%q does not name the trail of the walk before", p.Path)
		return
	}
	s, err := scanFile(filepath.Join(trailsDir(rep.Path), folder, name))
	if errors.Is(err, os.ErrNotExist) {
		rep.note(1, "the trail of the walk before, %s, is not here", p.Path)
		return
	}
	if err != nil {
		rep.note(1, "the walk before: %v", err)
		return
	}
	if why := disagrees(s, p); why != "" {
		rep.problem(1, "the trail of the walk before, %s: %s (named by this trail's first record)", p.Path, why)
	}
}

func (rep *Report) checkModes(path string) {
	for _, name := range []string{trailsDir(path), filepath.Dir(path), path} {
		if info, err := os.Stat(name); err == nil {
			if err := private(name, info); err != nil {
				rep.note(0, "%v", err)
			}
		}
	}
}

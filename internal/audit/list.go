package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"time"
)

// Summary is one trail in a list.
type Summary struct {
	Path        string    `json:"path"`
	Walk        string    `json:"walk"`
	Book        string    `json:"book"`
	Title       string    `json:"title"`
	Cluster     string    `json:"cluster"`
	Environment string    `json:"environment"`
	Operator    string    `json:"operator"`
	DryRun      bool      `json:"dry_run,omitempty"`
	Started     time.Time `json:"started"`
	// Parent is the trail, relative to the trails folder, of the walk that this one is a part of; empty mostly.
	Parent string `json:"parent,omitempty"`
	// Last is when the newest record was written, Ended is the same for a walk that ended and zero otherwise.
	Last   time.Time `json:"last"`
	Ended  time.Time `json:"ended,omitzero"`
	Status Status    `json:"status"`
	Reason string    `json:"reason,omitempty"`
	// Head is the hash of the last record, Records how many there are.
	Head    string `json:"head"`
	Records int    `json:"records"`
	// Open are the intents (by seq) without a result at each target, Unknown those with an unknown outcome; neither holds
	// an intent that was reconciled as done or not done.
	Open    []uint64 `json:"open,omitempty"`
	Unknown []uint64 `json:"unknown,omitempty"`
	// Error says why the trail can not be read, is torn or broken; the rest is then what could be read.
	Error string `json:"error,omitempty"`
}

// List gives all trails in a trails folder, newest first. A folder that is not there holds none. A trail that can not be
// read is in the list, with its Error.
func List(dir string) ([]Summary, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the trails: %w", err)
	}
	var all []Summary
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		paths, err := trailsIn(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			all = append(all, summarize(path))
		}
	}
	sort.SliceStable(all, func(i, j int) bool {
		a, b := filepath.Base(all[i].Path), filepath.Base(all[j].Path)
		return a > b // names begin with the UTC time
	})
	return all, nil
}

func summarize(path string) Summary {
	// The lock is asked for first: a walk that ends in between is then seen with its end, never as interrupted.
	locked, lockErr := held(path)
	records, err := Read(path)
	s := Summarize(records)
	s.Path = path
	if s.Status == Open && !locked && lockErr == nil {
		s.Status = Interrupted
	}
	var torn *Torn
	if errors.As(err, &torn) && locked && !errors.As(err, new(*Broken)) {
		err = nil // a record is being written at this moment
	}
	if err := errors.Join(lockErr, err); err != nil {
		s.Error = err.Error()
	} else if len(records) == 0 {
		s.Error = "it holds no whole record: the console died before the walk began"
	}
	return s
}

// Summarize is the Summary of records: without a path, and Open where a file might be found to be Interrupted.
func Summarize(records []Record) Summary {
	s := Summary{Status: Open, Records: len(records)}
	for _, r := range records {
		s.Last, s.Head = r.At, r.Hash
		switch r.Kind {
		case KindStart:
			if d, err := As[Start](r); err == nil {
				s.Walk, s.Book, s.Title, s.DryRun = d.Walk, d.Book.ID, d.Book.Title, d.DryRun
				s.Cluster, s.Environment, s.Operator, s.Started = d.Cluster, d.Environment, d.Operator, r.At
				if d.Parent != nil {
					s.Parent = d.Parent.Path
				}
			}
		case KindEnd:
			if d, err := As[End](r); err == nil {
				s.Status, s.Reason, s.Ended = d.Status, d.Reason, r.At
			}
		}
	}
	s.Open, s.Unknown = unsettled(records)
	return s
}

// unsettled finds the intents that have no result at some target, and those whose outcome is unknown at some.
func unsettled(records []Record) (open, unknown []uint64) {
	type place struct {
		intent uint64
		target string
	}
	var intents []uint64
	targets := map[uint64][]Target{}
	outcome := map[place]Outcome{}
	for _, r := range records {
		switch r.Kind {
		case KindIntent:
			if d, err := As[Intent](r); err == nil {
				intents, targets[r.Seq] = append(intents, r.Seq), d.Targets
			}
		case KindResult:
			d, err := As[Result](r)
			for _, t := range d.Targets {
				if err == nil {
					outcome[place{d.Intent, t.Target}] = t.Outcome
				}
			}
		case KindReconcile:
			d, err := As[Reconcile](r)
			if err != nil || (d.Verdict != Done && d.Verdict != NotDone) {
				continue
			}
			for _, t := range targets[d.Intent] {
				if d.Target == "" || d.Target == t.Name {
					outcome[place{d.Intent, t.Name}] = OK // settled, one way or the other
				}
			}
		}
	}
	for _, seq := range intents {
		var missing, doubt bool
		for _, t := range targets[seq] {
			o, ok := outcome[place{seq, t.Name}]
			missing = missing || !ok
			doubt = doubt || o == OutcomeUnknown
		}
		if missing {
			open = append(open, seq)
		}
		if doubt {
			unknown = append(unknown, seq)
		}
	}
	return open, unknown
}

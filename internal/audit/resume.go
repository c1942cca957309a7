package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"
)

// Resume opens the trail at path for writing again. It takes the lock (*Locked if another console holds it), moves a
// torn end aside (Trail.Torn says where to), and appends a Resumed record, which is the last of the records returned.
//
// A trail that ended, one that is damaged (*Broken) and one whose end was cut off (*Broken too, the heads file knows) are
// refused: an intent may be missing from them, and its step would be offered as if it had never run.
func Resume(path string) (*Trail, []Record, error) { return resume(thisMachine(), path) }

func resume(m machine, path string) (*Trail, []Record, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, fmt.Errorf("find the trail: %w", err)
	}
	t := &Trail{m: m, path: path, head: noHash}
	if t.f, err = m.disk.open(path, os.O_RDWR|os.O_APPEND); err != nil {
		return nil, nil, fmt.Errorf("resume the trail: %w", err)
	}
	t.heads = openHeads(m.disk, trailsDir(path))
	records, err := t.takeOver()
	if err != nil {
		return nil, nil, errors.Join(err, t.Close())
	}
	return t, records, nil
}

// takeOver does Resume's work on the open file.
func (t *Trail) takeOver() ([]Record, error) {
	if err := t.checkPrivate(); err != nil {
		return nil, fmt.Errorf("resume the trail: %w", err)
	}
	switch err := lock(t.f); {
	case errors.Is(err, errHeld):
		return nil, t.holder()
	case err != nil:
		return nil, fmt.Errorf("lock the trail %s: %w", t.path, err)
	}
	s, err := scan(t.path, t.f)
	if err != nil {
		return nil, fmt.Errorf("read the trail %s: %w", t.path, err)
	}
	if err := t.fit(s); err != nil {
		return nil, err
	}
	t.First, t.size = s.records[0], s.size
	last := s.last()
	t.seq, t.head, t.last = last.Seq, last.Hash, last.At
	data := Resumed{Operator: currentOperator(), PID: t.m.pid, After: last.At}
	if data.Host, err = os.Hostname(); err != nil {
		data.Host = "unknown"
	}
	if s.torn != nil {
		if data.Torn, err = t.moveAside(s.torn); err != nil {
			return nil, err
		}
	}
	r, err := t.Append(KindResumed, data)
	if err != nil {
		return nil, err
	}
	return append(s.records, r), nil
}

// fit says why a trail can not be gone on with, or nil.
func (t *Trail) fit(s scanned) error {
	if len(s.broken) > 0 {
		return fmt.Errorf("resume the trail: %w", &s.broken[0])
	}
	count := len(s.records)
	refs, _, err := readHeads(trailsDir(t.path), relative(t.path))
	if err != nil {
		return fmt.Errorf("resume the trail %s: %w", t.path, err)
	}
	for _, r := range refs {
		if why := disagrees(s, r); why != "" {
			line := int(min(r.Seq, uint64(count)+1))
			return fmt.Errorf("resume the trail: %w", &Broken{Path: t.path, Line: line, Why: why})
		}
	}
	switch {
	case count == 0:
		return fmt.Errorf("resume the trail %s: it holds no whole record, so nothing ran; begin a new walk", t.path)
	case s.last().Kind == KindEnd:
		return fmt.Errorf("resume the trail %s: the walk ended at %s; begin a new one", t.path, s.last().At.Format(time.RFC3339))
	}
	return nil
}

// moveAside copies the torn end to a file of its own, durably, and then cuts it off. Dying in between leaves both, and
// the next Resume makes another copy.
func (t *Trail) moveAside(torn *Torn) (*TornTail, error) {
	fail := func(err error) error {
		return fmt.Errorf("move the torn end of %s aside: %w", t.path, err)
	}
	if _, err := t.f.Seek(torn.Offset, io.SeekStart); err != nil {
		return nil, fail(err)
	}
	tail, err := io.ReadAll(t.f)
	if err != nil {
		return nil, fail(err)
	}
	name := t.path + ".torn-" + t.m.now().UTC().Format("20060102T150405.000000000Z")
	if err := writeNew(t.m.disk, name, tail); err != nil {
		return nil, fail(err)
	}
	if err := t.f.Truncate(torn.Offset); err != nil {
		return nil, fail(err)
	}
	if err := t.f.Sync(); err != nil {
		return nil, fail(err)
	}
	torn.Moved = name
	t.Torn = torn
	return &TornTail{File: filepath.Base(name), SHA256: hashOf(tail), Bytes: int64(len(tail))}, nil
}

// writeNew makes a file that was not there, with its bytes and its name on disk.
func writeNew(d disk, name string, b []byte) error {
	f, err := d.open(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	n, err := f.Write(b)
	if err == nil && n != len(b) {
		err = io.ErrShortWrite
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return d.syncDir(filepath.Dir(name))
}

// checkPrivate refuses a trail, or a folder above it, that others can enter.
func (t *Trail) checkPrivate() error {
	info, err := t.f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", t.path)
	}
	if err := private(t.path, info); err != nil {
		return err
	}
	for _, dir := range []string{filepath.Dir(t.path), trailsDir(t.path)} {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if err := private(dir, info); err != nil {
			return err
		}
	}
	return nil
}

// holder says who holds the lock, as far as the trail tells.
func (t *Trail) holder() error {
	e := &Locked{Path: t.path}
	s, err := scanFile(t.path)
	if err != nil {
		return e // that it is locked is the news; who holds it is a courtesy
	}
	for _, r := range s.records {
		switch r.Kind {
		case KindStart:
			if d, err := As[Start](r); err == nil {
				e.PID, e.Host, e.Since = r.PID, d.Host, r.At
			}
		case KindResumed:
			if d, err := As[Resumed](r); err == nil {
				e.PID, e.Host, e.Since = r.PID, d.Host, r.At
			}
		}
	}
	return e
}

// currentOperator is the person at the keyboard, also behind sudo.
func currentOperator() string {
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return strconv.Itoa(os.Geteuid())
}

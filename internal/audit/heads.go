package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// heads is the second file: one line `PATH SEQ HEAD` for every record of every trail in the folder, appended by all
// consoles, never rewritten. A line is written after its record is on disk, so heads never knows more than the trail
// held: if it does now, records were taken away.
type heads struct {
	path string
	f    file
	err  error // the first one; afterwards nothing is written
}

// openHeads never fails: a trail without its mirror is still a trail, and Trail.AnchorErr says so.
func openHeads(d disk, dir string) *heads {
	h := &heads{path: filepath.Join(dir, headsName)}
	f, err := d.open(h.path, os.O_RDWR|os.O_APPEND|os.O_CREATE)
	if err != nil {
		h.err = fmt.Errorf("open the heads file: %w", err)
		return h
	}
	h.f = f
	info, err := f.Stat()
	if err == nil {
		err = private(h.path, info)
	}
	if err != nil {
		h.err = fmt.Errorf("open the heads file: %w", err)
	}
	return h
}

// add appends one head, and makes all heads so far durable if now is set.
func (h *heads) add(r Ref, now bool) {
	if h.err != nil {
		return
	}
	err := h.append(r)
	if err == nil && now {
		err = h.f.Sync() // outside the lock: a slow disk of one console must not cost another its heads
	}
	if err != nil {
		h.err = fmt.Errorf("mirror the head of record %d in %s: %w; the end of this trail is not anchored from here on", r.Seq, h.path, err)
	}
}

// append holds the file's lock for one line, so that a line that a dying console left half written is closed by the next
// writer instead of swallowing its line.
func (h *heads) append(r Ref) (err error) {
	if err := lock(h.f); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, flock(h.f.Fd(), unix.LOCK_UN)) }()
	line := fmt.Sprintf("%s %d %s\n", r.Path, r.Seq, r.Head)
	info, err := h.f.Stat()
	if err != nil {
		return err
	}
	if info.Size() > 0 {
		if _, err := h.f.Seek(-1, io.SeekEnd); err != nil {
			return err
		}
		var last [1]byte
		if _, err := io.ReadFull(h.f, last[:]); err != nil {
			return err
		}
		if last[0] != '\n' {
			line = "\n" + line
		}
	}
	n, err := h.f.Write([]byte(line))
	if err == nil && n != len(line) {
		err = io.ErrShortWrite
	}
	return err
}

func (h *heads) close() error {
	if h.f == nil {
		return nil
	}
	return h.f.Close()
}

// readHeads gives the heads that the folder dir holds of the trail named rel. No file is no heads and no error; bad
// counts the lines that are not heads.
func readHeads(dir, rel string) (refs []Ref, bad int, err error) {
	f, err := os.Open(filepath.Join(dir, headsName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read the heads file: %w", err)
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 64<<10)
	for {
		line, n, _, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return refs, bad, fmt.Errorf("read the heads file %s: %w", f.Name(), err)
		}
		if len(line) > 0 {
			switch r, ok := parseHead(string(line)); {
			case !ok:
				bad++
			case r.Path == rel:
				refs = append(refs, r)
			}
		}
		if err != nil || n == 0 {
			return refs, bad, nil
		}
	}
}

func parseHead(line string) (Ref, bool) {
	parts := strings.Split(line, " ")
	if len(parts) != 3 || len(parts[2]) != len(noHash) {
		return Ref{}, false
	}
	seq, err := strconv.ParseUint(parts[1], 10, 64)
	if err != nil || seq == 0 {
		return Ref{}, false
	}
	return Ref{Path: parts[0], Seq: seq, Head: parts[2]}, true
}

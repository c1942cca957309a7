package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Read gives the records of the trail at path, also of one that a console is writing; it takes no lock. Beside the
// records the error may hold a *Torn (the end is not a whole record) and a *Broken (the first line that is damaged or
// does not follow from the line before); lines that can not be parsed are left out.
func Read(path string) ([]Record, error) {
	s, err := scanFile(path)
	if err != nil {
		return s.records, err
	}
	return s.records, s.err()
}

func scanFile(path string) (scanned, error) {
	f, err := os.Open(path)
	if err != nil {
		return scanned{}, fmt.Errorf("read the trail: %w", err)
	}
	defer f.Close()
	s, err := scan(path, f)
	if err != nil {
		return s, fmt.Errorf("read the trail %s: %w", path, err)
	}
	return s, nil
}

// scanned is what one pass over a trail's bytes found.
type scanned struct {
	records []Record
	lines   []string // the hash of every whole line, whether it is a record or not
	size    int64    // bytes up to the torn end
	torn    *Torn
	broken  []Broken
}

func (s scanned) err() error {
	var errs []error
	if len(s.broken) > 0 {
		errs = append(errs, &s.broken[0])
	}
	if s.torn != nil {
		errs = append(errs, s.torn)
	}
	return errors.Join(errs...)
}

// last is the last record, or one that is all zero.
func (s scanned) last() Record {
	if len(s.records) == 0 {
		return Record{}
	}
	return s.records[len(s.records)-1]
}

// scan reads all lines. Its error is the reader's; damage is in the answer.
func scan(path string, r io.Reader) (scanned, error) {
	var s scanned
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		line, n, whole, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return s, err
		}
		if whole {
			s.add(path, line, n)
		} else if n > 0 {
			s.torn = &Torn{Path: path, Line: len(s.lines) + 1, Offset: s.size, Bytes: n, Why: "it does not end with a newline"}
		}
		if err != nil {
			s.lastLine(path)
			return s, nil
		}
	}
}

// readLine reads up to a newline, which is not part of line but counts in n; of a longer line than MaxRecord it keeps
// the beginning. whole is false when the input ended first.
func readLine(in *bufio.Reader) (line []byte, n int64, whole bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		n += int64(len(part))
		whole = err == nil
		if whole {
			part = part[:len(part)-1]
		}
		if room := MaxRecord + 1 - len(line); len(part) > room {
			part = part[:room]
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, n, whole, err
		}
	}
}

// add takes one whole line of n bytes with its newline.
func (s *scanned) add(path string, line []byte, n int64) {
	number := len(s.lines) + 1
	r, err := decode(line)
	prev := noHash
	if number > 1 {
		prev = s.lines[number-2]
	}
	switch {
	case err != nil:
		s.broken = append(s.broken, Broken{Path: path, Line: number, Why: err.Error()})
		s.torn = &Torn{Path: path, Line: number, Offset: s.size, Bytes: n, Why: "it ends with a newline but " + err.Error()}
	case r.Seq != uint64(number):
		s.broken = append(s.broken, Broken{Path: path, Line: number, Why: fmt.Sprintf("it has sequence number %d", r.Seq)})
	case r.Prev != prev && number == 1:
		s.broken = append(s.broken, Broken{Path: path, Line: number, Why: "the first record names a record before it"})
	case r.Prev != prev:
		s.broken = append(s.broken, Broken{
			Path: path, Line: number,
			Why: fmt.Sprintf("it names %s as the hash of line %d, which is %s", Short(r.Prev), number-1, Short(prev)),
		})
	}
	if err == nil {
		s.records = append(s.records, r)
		s.torn = nil
	}
	s.lines = append(s.lines, hashOf(line))
	s.size += n
}

// lastLine turns a last line that ends with its newline but is no record into a torn one: a machine that loses power may
// keep the last block of a write and lose the one before it. Further up such a line is damage, and stays so.
func (s *scanned) lastLine(path string) {
	n := len(s.lines)
	if s.torn == nil || s.torn.Line > n {
		return
	}
	s.broken = s.broken[:len(s.broken)-1]
	s.lines = s.lines[:n-1]
	s.size = s.torn.Offset
}

// newestHead points at the last record of the newest trail in a cluster's folder that can be read, or is nil when there
// is none. A trail that can not be read (somebody walked with sudo) must not keep the operator from the next walk.
func newestHead(folder string) (*Ref, error) {
	paths, err := trailsIn(folder)
	if err != nil {
		return nil, err
	}
	for i := len(paths) - 1; i >= 0; i-- {
		s, err := scanFile(paths[i])
		if r := s.last(); err == nil && r.Seq > 0 {
			return &Ref{Path: relative(paths[i]), Seq: r.Seq, Head: r.Hash}, nil
		}
	}
	return nil, nil
}

// trailsIn lists the trails of one cluster, oldest first by name.
func trailsIn(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("list the trails in %s: %w", folder, err)
	}
	var paths []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ending) && e.Type().IsRegular() {
			paths = append(paths, filepath.Join(folder, e.Name()))
		}
	}
	sort.Strings(paths)
	return paths, nil
}

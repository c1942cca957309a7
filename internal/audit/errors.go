package audit

import (
	"fmt"
	"time"
)

// Locked is the error of a trail that another console holds.
type Locked struct {
	Path string
	// PID and Host are of the console that opened it last, Since is when; zero when the trail has no whole record yet.
	PID   int
	Host  string
	Since time.Time
}

func (e *Locked) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("open the trail %s: another console holds it; look for a running recon", e.Path)
	}
	return fmt.Sprintf("open the trail %s: process %d on %s has held it since %s; leave it there first, or follow it read-only",
		e.Path, e.PID, e.Host, e.Since.Format(time.RFC3339))
}

// Torn is the end of a file that is not a whole record: a console or a machine died while it was written, so its Append
// never returned. The records before it are whole.
type Torn struct {
	Path string
	// Line is the number the torn line would have, Offset its first byte, Bytes its length.
	Line   int
	Offset int64
	Bytes  int64
	Why    string
	// Moved is the file that Resume moved it to, or "".
	Moved string
}

func (e *Torn) Error() string {
	s := fmt.Sprintf("%s:%d: the last %d bytes are a torn record (%s), never acknowledged", e.Path, e.Line, e.Bytes, e.Why)
	if e.Moved != "" {
		return s + "; moved to " + e.Moved
	}
	return s + "; resuming the walk moves them aside"
}

// Broken is the error of a trail that is damaged in a way that no crash explains.
type Broken struct {
	Path string
	Line int
	Why  string
}

func (e *Broken) Error() string {
	return fmt.Sprintf("%s:%d: %s; see `recon audit verify`, and begin a new walk", e.Path, e.Line, e.Why)
}

// Poisoned is the error of a trail that can not be written any more. The process that met it never writes or syncs the
// file again: after a failed fsync nobody knows what is on disk.
type Poisoned struct {
	Path string
	// Seq is the record that could not be made durable, Op what failed.
	Seq   uint64
	Op    string
	Cause error
}

func (e *Poisoned) Error() string {
	return fmt.Sprintf("%s record %d of the trail %s: %v; no changing step runs on it any more: mend the disk, then resume the walk",
		e.Op, e.Seq, e.Path, e.Cause)
}

func (e *Poisoned) Unwrap() error { return e.Cause }

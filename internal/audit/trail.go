package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Trail is one walk's trail, open for writing and locked. Its methods may be called from several goroutines.
type Trail struct {
	// First is the Start record. Torn is set by Resume when the end of the file was moved aside.
	First Record
	Torn  *Torn

	m    machine
	path string

	mu     sync.Mutex
	f      file
	size   int64 // bytes of whole, acknowledged records
	seq    uint64
	head   string
	last   time.Time
	ended  bool
	closed bool
	err    *Poisoned
	heads  *heads
}

// Create begins a trail in the folder dir/CLUSTER, which it makes if need be: it takes the lock, fills first.Walk,
// first.Book.SHA256 and first.Previous where they are empty, and returns when
// the first record and the file's name are on disk. Folders or files that others can enter are refused.
func Create(dir string, first Start) (*Trail, error) { return create(thisMachine(), dir, first) }

func create(m machine, dir string, first Start) (*Trail, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the trails folder %s: %w", dir, err)
	}
	folder := filepath.Join(dir, clusterFolder(first.Cluster))
	for _, d := range []string{dir, folder} {
		if err := ensureDir(m.disk, d); err != nil {
			return nil, fmt.Errorf("create a trail: %w", err)
		}
	}
	name, err := trailName(m.now(), first.Book.ID)
	if err != nil {
		return nil, fmt.Errorf("create a trail in %s: %w", folder, err)
	}
	if first.Walk == "" {
		first.Walk = name[:len(name)-len(ending)]
	}
	if first.Book.SHA256 == "" {
		first.Book.SHA256 = hashOf([]byte(first.Book.Text))
	}
	if first.Previous == nil {
		if first.Previous, err = newestHead(folder); err != nil {
			return nil, fmt.Errorf("create a trail: %w", err)
		}
	}
	t := &Trail{m: m, path: filepath.Join(folder, name), head: noHash}
	if t.f, err = m.disk.open(t.path, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL); err != nil {
		return nil, fmt.Errorf("create the trail %s: %w", t.path, err)
	}
	if err := lock(t.f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the trail %s: %w", t.path, err), t.f.Close())
	}
	t.heads = openHeads(m.disk, dir)
	if t.First, err = t.Append(KindStart, first); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	for _, d := range []string{folder, dir} {
		if err := m.disk.syncDir(d); err != nil {
			return nil, errors.Join(fmt.Errorf("create the trail %s: sync the folder %s: %w", t.path, d, err), t.Close())
		}
	}
	return t, nil
}

// Append writes one record and returns it when it is on disk. An error of the data (it does not encode, it is too long)
// leaves the trail as it was. An error of the disk is a *Poisoned, and so is the answer of every later Append: nothing is
// tried again. Nothing can follow an End.
func (t *Trail) Append(kind Kind, data any) (Record, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.err != nil:
		return Record{}, t.err
	case t.closed:
		return Record{}, fmt.Errorf("write a %s record to the trail %s: %w", kind, t.path, fs.ErrClosed)
	case t.ended:
		return Record{}, fmt.Errorf("write a %s record to the trail %s: the walk has ended; begin a new one", kind, t.path)
	case kind == "":
		return Record{}, fmt.Errorf("write a record to the trail %s: it has no kind", t.path)
	}
	mono, err := t.m.mono()
	if err != nil {
		return Record{}, fmt.Errorf("write a %s record to the trail %s: read the monotonic clock: %w", kind, t.path, err)
	}
	r := Record{
		V: Version, Seq: t.seq + 1, At: t.m.now().UTC().Round(0), Mono: mono, Boot: t.m.boot, PID: t.m.pid,
		Kind: kind, Prev: t.head,
	}
	line, err := r.encode(data)
	if err != nil {
		return Record{}, fmt.Errorf("write to the trail %s: %w", t.path, err)
	}
	if err := t.write(r.Seq, append(line, '\n')); err != nil {
		return Record{}, err
	}
	t.seq, t.head, t.last, t.ended = r.Seq, r.Hash, r.At, kind == KindEnd
	t.heads.add(Ref{Path: relative(t.path), Seq: t.seq, Head: t.head}, mirroredNow(kind))
	return r, nil
}

// write makes the line durable or poisons the trail.
func (t *Trail) write(seq uint64, line []byte) error {
	poison := func(op string, cause error) error {
		t.err = &Poisoned{Path: t.path, Seq: seq, Op: op, Cause: cause}
		return t.err
	}
	info, err := t.f.Stat()
	if err != nil {
		return poison("look before writing", err)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Nlink == 0 {
		return poison("write", errors.New("the file was removed or replaced while the console held it"))
	}
	if info.Size() != t.size {
		return poison("write", fmt.Errorf("the file has %d bytes where this console left %d: something else changed it", info.Size(), t.size))
	}
	switch n, err := t.f.Write(line); {
	case err != nil:
		return poison("write", err)
	case n != len(line):
		return poison("write", io.ErrShortWrite)
	}
	if err := t.f.Sync(); err != nil {
		return poison("sync", err)
	}
	t.size += int64(len(line))
	return nil
}

// mirroredNow says whether the head after a record of this kind is fsynced into the heads file at once; the others are
// written there and become durable with the next one that is.
func mirroredNow(kind Kind) bool {
	return kind == KindStart || kind == KindResumed || kind == KindResult || kind == KindEnd
}

// Head is the hash of the last record that is on disk.
func (t *Trail) Head() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.head
}

// Ref points at the last record that is on disk.
func (t *Trail) Ref() Ref {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Ref{Path: relative(t.path), Seq: t.seq, Head: t.head}
}

// Path is the absolute path of the file.
func (t *Trail) Path() string { return t.path }

// Err is nil, or the *Poisoned that every Append returns from now on.
func (t *Trail) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		return nil
	}
	return t.err
}

// AnchorErr is nil, or why heads are no longer mirrored in the second file. The trail itself goes on; until then a cut
// end of it is detected only up to the last head that was mirrored, and the operator should know.
func (t *Trail) AnchorErr() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.heads.err
}

// Close releases the lock. It writes nothing: the walk stays open unless an End record was appended.
func (t *Trail) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	t.closed = true
	err := errors.Join(t.f.Close(), t.heads.close())
	if err != nil {
		return fmt.Errorf("close the trail %s: %w", t.path, err)
	}
	return nil
}

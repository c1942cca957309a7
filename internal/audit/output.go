package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Of an output up to keepWhole bytes everything is kept, of a longer one the first and the last keepHead bytes.
const (
	keepWhole = 8 << 20
	keepHead  = keepWhole / 2
)

// Output is what came back from one target of one intent, on its way into a file beside the trail. It belongs to one
// goroutine. The first 8 MiB are in the file while the step runs, so that a killed console leaves them.
type Output struct {
	path string
	f    file
	err  error // the first one; afterwards bytes are counted and dropped

	total int64
	sum   hash.Hash // of the first keepHead bytes
	tail  []byte    // the bytes after them, the newest keepHead
	next  int       // where the tail's next byte goes once it is full
	kept  Kept
}

// Output opens the file for what target says to the intent with this seq. It fails when the folder or the file can not
// be made; that alone does not poison the trail.
func (t *Trail) Output(intent uint64, target string) (*Output, error) {
	dir := outFolder(t.path)
	if err := ensureDir(t.m.disk, dir); err != nil {
		return nil, fmt.Errorf("keep the output of %s: %w", target, err)
	}
	base := fmt.Sprintf("%06d-%s", intent, safeName(target))
	for n := 1; ; n++ {
		name := base + outEnding
		if n > 1 {
			name = fmt.Sprintf("%s-%d%s", base, n, outEnding)
		}
		path := filepath.Join(dir, name)
		f, err := t.m.disk.open(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
		if errors.Is(err, fs.ErrExist) && n < 1000 {
			continue // two targets whose names differ only in what a file name can not hold
		}
		if err != nil {
			return nil, fmt.Errorf("keep the output of %s: %w", target, err)
		}
		if err := t.m.disk.syncDir(dir); err != nil {
			return nil, errors.Join(fmt.Errorf("keep the output of %s: sync the folder %s: %w", target, dir, err), f.Close())
		}
		return &Output{path: path, f: f, sum: sha256.New(), kept: Kept{File: name}}, nil
	}
}

// Write takes all bytes and never fails: a full disk must not stop the reader of a command that is running on a host.
// What went wrong is in Kept.Error.
func (o *Output) Write(p []byte) (int, error) {
	n := len(p)
	if room := keepWhole - o.total; room > 0 {
		o.put(p[:min(int64(len(p)), room)])
	}
	if room := keepHead - o.total; room > 0 {
		part := p[:min(int64(len(p)), room)]
		o.sum.Write(part)
		p = p[len(part):]
	}
	o.remember(p)
	o.total += int64(n)
	return n, nil
}

// remember keeps the newest keepHead bytes of what follows the head.
func (o *Output) remember(p []byte) {
	if len(p) > keepHead {
		p = p[len(p)-keepHead:]
	}
	if room := keepHead - len(o.tail); room > 0 {
		part := p[:min(len(p), room)]
		o.tail = append(o.tail, part...)
		p = p[len(part):]
	}
	for len(p) > 0 {
		n := copy(o.tail[o.next:], p)
		o.next = (o.next + n) % keepHead
		p = p[n:]
	}
}

// put writes to the file until the first error.
func (o *Output) put(p []byte) {
	if o.err != nil || len(p) == 0 {
		return
	}
	n, err := o.f.Write(p)
	if err == nil && n != len(p) {
		err = io.ErrShortWrite
	}
	o.err = err
}

// Close completes the file, makes it durable and fills Kept. Its error says that the file is not whole; the trail and
// the step are not touched by it, but the operator should know. A second Close does nothing.
func (o *Output) Close() error {
	if o.f == nil {
		return nil
	}
	o.kept.Bytes = o.total
	if o.total > keepWhole {
		o.cutMiddle()
	} else {
		o.sum.Write(o.tail)
	}
	if o.err == nil {
		o.err = o.f.Sync()
	}
	if err := o.f.Close(); o.err == nil {
		o.err = err
	}
	o.f, o.tail = nil, nil
	if o.err != nil {
		o.kept.Error = o.err.Error()
		return fmt.Errorf("keep the output in %s: %w; it is not whole", o.path, o.err)
	}
	o.kept.SHA256 = hex.EncodeToString(o.sum.Sum(nil))
	return nil
}

// cutMiddle puts the marker and the newest bytes behind the head, in the place of what came right after it.
func (o *Output) cutMiddle() {
	o.kept.Dropped = o.total - keepWhole
	marker := fmt.Sprintf("\n--- recon left out %d bytes here ---\n", o.kept.Dropped)
	if o.err == nil {
		if _, err := o.f.Seek(keepHead, io.SeekStart); err != nil {
			o.err = err
		} else {
			o.err = o.f.Truncate(keepHead)
		}
	}
	for _, part := range [][]byte{[]byte(marker), o.tail[o.next:], o.tail[:o.next]} {
		o.put(part)
		o.sum.Write(part)
	}
}

// Kept is what a Result says of this output. It is complete after Close.
func (o *Output) Kept() Kept { return o.kept }

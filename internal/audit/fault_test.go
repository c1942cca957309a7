package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// faultyDisk counts every operation that changes the disk, does something at one of them, and remembers what is not
// durable yet.
type faultyDisk struct {
	osDisk
	n     int                                // operations so far
	at    func(n int, op, name string) error // what happens instead of operation n, if not nil
	half  bool                               // a failing write writes its first half
	log   []string                           // "op name" of all operations
	dirty map[string]bool                    // files with unsynced bytes and folders with unsynced names
	files map[string]*faultyFile             // the newest handle by name
}

type faultyFile struct {
	file
	d    *faultyDisk
	name string
}

func newFaultyDisk() *faultyDisk {
	return &faultyDisk{dirty: map[string]bool{}, files: map[string]*faultyFile{}}
}

func (d *faultyDisk) step(op, name string) error {
	d.n++
	d.log = append(d.log, op+" "+filepath.Base(name))
	if d.at != nil {
		return d.at(d.n, op, name)
	}
	return nil
}

func (d *faultyDisk) open(name string, flag int) (file, error) {
	if err := d.step("open", name); err != nil {
		return nil, err
	}
	_, statErr := os.Lstat(name)
	f, err := d.osDisk.open(name, flag)
	if err != nil {
		return nil, err
	}
	if errors.Is(statErr, fs.ErrNotExist) {
		d.dirty[filepath.Dir(name)] = true
	}
	ff := &faultyFile{file: f, d: d, name: name}
	d.files[name] = ff
	return ff, nil
}

func (d *faultyDisk) mkdir(name string) error {
	if err := d.step("mkdir", name); err != nil {
		return err
	}
	d.dirty[filepath.Dir(name)] = true
	return d.osDisk.mkdir(name)
}

func (d *faultyDisk) syncDir(name string) error {
	if err := d.step("syncdir", name); err != nil {
		return err
	}
	delete(d.dirty, name)
	return d.osDisk.syncDir(name)
}

func (f *faultyFile) Write(p []byte) (int, error) {
	if err := f.d.step("write", f.name); err != nil {
		n := 0
		if f.d.half {
			n, _ = f.file.Write(p[:len(p)/2])
		}
		return n, err
	}
	f.d.dirty[f.name] = true
	return f.file.Write(p)
}

func (f *faultyFile) Sync() error {
	if err := f.d.step("sync", f.name); err != nil {
		return err
	}
	delete(f.d.dirty, f.name)
	return nil // the tests look at what was asked for, the disk need not do it
}

func (f *faultyFile) Truncate(size int64) error {
	if err := f.d.step("truncate", f.name); err != nil {
		return err
	}
	f.d.dirty[f.name] = true
	return f.file.Truncate(size)
}

func (f *faultyFile) Close() error {
	return errors.Join(f.d.step("close", f.name), f.file.Close())
}

// closeAll is what the kernel does when a process dies.
func (d *faultyDisk) closeAll() {
	for _, f := range d.files {
		_ = f.file.Close()
	}
}

func (d *faultyDisk) machine() machine {
	m := thisMachine()
	m.disk = d
	return m
}

// script is one walk; acked gets every record that was acknowledged. It stops at the first error.
func script(m machine, dir string, acked *[]Record) (path string, err error) {
	tr, err := create(m, dir, sampleStart())
	if err != nil {
		return "", err
	}
	*acked = append(*acked, tr.First)
	path = tr.Path()
	defer func() { err = errors.Join(err, tr.Close()) }()
	for _, add := range []struct {
		kind Kind
		data any
	}{{KindApproval, Approval{Step: 2}}, {KindIntent, sampleIntent()}, {KindResult, nil}, {KindNote, Note{}}, {KindEnd, End{Status: Completed}}} {
		if add.kind == KindResult {
			out, err := tr.Output(3, "netbox-node-1")
			if err != nil {
				return path, err
			}
			fmt.Fprintln(out, "restarted")
			_ = out.Close() // what it says is in Kept
			kept := out.Kept()
			add.data = Result{Intent: 3, Targets: []TargetResult{{Target: "netbox-node-1", Outcome: OK, Output: &kept}}}
		}
		r, err := tr.Append(add.kind, add.data)
		if err != nil {
			if err := afterPoison(tr, m.disk.(*faultyDisk)); err != nil {
				return path, err
			}
			return path, err
		}
		*acked = append(*acked, r)
	}
	return path, tr.AnchorErr()
}

// afterPoison says what is wrong with a trail that should be poisoned: it must stay so, and touch its file no more.
func afterPoison(tr *Trail, d *faultyDisk) error {
	n := len(d.log)
	for range 3 {
		_, err := tr.Append(KindNote, Note{Text: "again"})
		if !errors.As(err, new(*Poisoned)) || tr.Err() == nil {
			return fmt.Errorf("WRONG: append to a poisoned trail: %w", err)
		}
	}
	if len(d.log) != n {
		return fmt.Errorf("WRONG: a poisoned trail did %q", d.log[n:])
	}
	return nil
}

// Every operation fails once, in every way: what was acknowledged is there, and can be gone on with.
func TestEveryFault(t *testing.T) {
	clean := newFaultyDisk()
	_, err := script(clean.machine(), t.TempDir()+"/trails", new([]Record))
	must(t, err)
	t.Logf("%d operations: %s", clean.n, strings.Join(clean.log, ", "))
	if clean.n < 30 {
		t.Fatalf("the script does %d operations only", clean.n)
	}
	for _, cause := range []error{syscall.ENOSPC, syscall.EIO} {
		for _, half := range []bool{false, true} {
			for n := 1; n <= clean.n; n++ {
				d := newFaultyDisk()
				d.half = half
				var failed string
				d.at = func(i int, op, name string) error {
					if i != n {
						return nil
					}
					failed = op + " " + filepath.Base(name)
					return cause
				}
				var acked []Record
				dir := t.TempDir() + "/trails"
				path, err := script(d.machine(), dir, &acked)
				d.closeAll()
				where := fmt.Sprintf("%v at operation %d (%s), half %v", cause, n, failed, half)
				if err == nil || !errors.Is(err, cause) {
					// An output that is not whole is not an error of the trail: its result says so.
					if !strings.HasSuffix(failed, outEnding) {
						t.Fatalf("%s: the error is %v", where, err)
					}
				}
				if err != nil && strings.Contains(err.Error(), "WRONG") {
					t.Fatalf("%s: %v", where, err)
				}
				checkSurvivors(t, where, path, acked)
			}
		}
	}
}

// checkSurvivors reads what a walk that broke off left, and goes on with it.
func checkSurvivors(t *testing.T, where, path string, acked []Record) {
	t.Helper()
	if len(acked) == 0 {
		return
	}
	records, err := Read(path)
	if errors.As(err, new(*Broken)) || len(records) < len(acked) {
		t.Fatalf("%s: %d records of %d acknowledged, %v", where, len(records), len(acked), err)
	}
	for i, r := range acked {
		if records[i].Hash != r.Hash {
			t.Fatalf("%s: record %d is another one", where, i+1)
		}
	}
	if records[len(records)-1].Kind == KindEnd {
		return
	}
	tr, _, err := Resume(path)
	must(t, err)
	must(t, tr.Close())
	if rep := Verify(path); !rep.Intact() {
		t.Fatalf("%s: after resume: %s", where, rep)
	}
}

// An acknowledged record is on disk, with every name on the way to it; and its head is mirrored after it, not before.
func TestAcknowledgedIsDurable(t *testing.T) {
	d := newFaultyDisk()
	dir := filepath.Join(t.TempDir(), "state", "recon", "trails")
	tr, err := create(d.machine(), dir, sampleStart())
	must(t, err)
	if len(d.dirty) > 0 {
		t.Errorf("after Create these are not durable: %v", d.dirty)
	}
	for _, kind := range []Kind{KindNote, KindIntent, KindResult, KindEnd} {
		from := len(d.log)
		_, err := tr.Append(kind, struct{}{})
		must(t, err)
		name := filepath.Base(tr.Path())
		want := []string{"write " + name, "sync " + name, "write heads"}
		if mirroredNow(kind) {
			want = append(want, "sync heads")
		}
		if got := d.log[from:]; strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("append of %s did %q, want %q", kind, got, want)
		}
		if d.dirty[tr.Path()] {
			t.Errorf("append of %s left unsynced bytes", kind)
		}
	}
	must(t, tr.Close())
}

// The console dies before, within and after every operation, of a first walk and of one that is resumed with a torn end.
func TestDeathAtEveryOperation(t *testing.T) {
	type death struct{}
	run := func(n int, half bool, f func(machine)) (d *faultyDisk, died bool) {
		d = newFaultyDisk()
		d.half = half
		d.at = func(i int, op, _ string) error {
			switch {
			case i < n:
				return nil
			case half && i == n && op == "write":
				return errors.New("the first half is written, then comes death")
			}
			panic(death{})
		}
		defer d.closeAll()
		defer func() {
			if p := recover(); p != nil {
				if _, ok := p.(death); !ok {
					panic(p)
				}
				died = true
			}
		}()
		f(d.machine())
		return d, false
	}
	for _, half := range []bool{false, true} {
		for n := 1; ; n++ {
			var acked []Record
			dir := t.TempDir() + "/trails"
			_, died := run(n, half, func(m machine) { _, _ = script(m, dir, &acked) })
			paths, err := filepath.Glob(filepath.Join(dir, "netbox-prod", "*"+ending))
			must(t, err)
			if len(paths) == 1 {
				checkSurvivors(t, fmt.Sprintf("death at operation %d, half %v", n, half), paths[0], acked)
			} else if len(acked) > 0 {
				t.Fatalf("death at operation %d: %d records acknowledged in %d files", n, len(acked), len(paths))
			}
			if !died {
				break
			}
		}
		for n := 1; ; n++ {
			_, path := walked(t, false)
			f := must2(os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0))
			must2(f.WriteString(`{"v":1,"seq":5,"at":`))
			must(t, f.Close())
			before, _ := Read(path)
			_, died := run(n, half, func(m machine) {
				if tr, _, err := resume(m, path); err == nil {
					_ = tr.Close()
				}
			})
			checkSurvivors(t, fmt.Sprintf("death at operation %d of resume, half %v", n, half), path, before)
			if !died {
				break
			}
		}
	}
}

// A trail goes on when its mirror does not, and says so.
func TestHeadsFail(t *testing.T) {
	d := newFaultyDisk()
	tr, err := create(d.machine(), t.TempDir()+"/trails", sampleStart())
	must(t, err)
	defer tr.Close()
	must(t, tr.AnchorErr())
	d.at = func(_ int, op, name string) error {
		if op == "sync" && filepath.Base(name) == headsName {
			return syscall.EIO
		}
		return nil
	}
	_, err = tr.Append(KindResult, Result{})
	must(t, err)
	if !errors.Is(tr.AnchorErr(), syscall.EIO) {
		t.Errorf("anchor error %v", tr.AnchorErr())
	}
	n := len(d.log)
	_, err = tr.Append(KindResult, Result{})
	must(t, err)
	if got := d.log[n:]; len(got) != 2 {
		t.Errorf("after the mirror failed, append did %q", got)
	}
	if rep := Verify(tr.Path()); !rep.Intact() || rep.Anchored != 2 || !strings.Contains(rep.Anchor(), "up to record 2 of 3") {
		t.Errorf("verify: %s", rep)
	}
}

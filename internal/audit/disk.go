package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Modes of everything that is written here. What is wider is refused.
const (
	fileMode   fs.FileMode = 0o600
	folderMode fs.FileMode = 0o700
)

// disk is every operation that changes what is on disk, so that the tests can make each of them fail.
type disk interface {
	// open is os.OpenFile, and never follows a symbolic link at the end of name.
	open(name string, flag int) (file, error)
	// mkdir makes one folder; it is fs.ErrExist when there is one.
	mkdir(name string) error
	// syncDir makes the names in a folder durable.
	syncDir(name string) error
}

// file is what the trail needs of an *os.File.
type file interface {
	io.Reader
	io.Writer
	io.Closer
	Sync() error
	Truncate(size int64) error
	Seek(offset int64, whence int) (int64, error)
	Stat() (fs.FileInfo, error)
	Fd() uintptr
}

// machine is what a trail takes from its surroundings.
type machine struct {
	disk disk
	now  func() time.Time
	mono func() (int64, error)
	boot string
	pid  int
}

func thisMachine() machine {
	return machine{disk: osDisk{}, now: time.Now, mono: monotonic, boot: bootID(), pid: os.Getpid()}
}

type osDisk struct{}

func (osDisk) open(name string, flag int) (file, error) {
	f, err := os.OpenFile(name, flag|syscall.O_NOFOLLOW, fileMode)
	if err != nil {
		return nil, err // a nil *os.File must not become a file that is not nil
	}
	return f, nil
}

func (osDisk) mkdir(name string) error { return os.Mkdir(name, folderMode) }

func (osDisk) syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// ensureDir makes the folder dir, and its parents, durably, and refuses one that others can enter.
func ensureDir(d disk, dir string) error {
	switch info, err := os.Stat(dir); {
	case err == nil:
		return private(dir, info)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("open the folder %s: %w", dir, err)
	}
	parent := filepath.Dir(dir)
	if info, err := os.Stat(parent); err != nil || !info.IsDir() {
		if err := ensureDir(d, parent); err != nil {
			return err
		}
	}
	if err := d.mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the folder %s: %w", dir, err)
	}
	if err := d.syncDir(parent); err != nil {
		return fmt.Errorf("sync the folder %s: %w", parent, err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("open the folder %s: %w", dir, err)
	}
	return private(dir, info)
}

// private refuses a file or folder that belongs to somebody else or that others can read or write.
func private(name string, info fs.FileInfo) error {
	want, what := fileMode, "file"
	if info.IsDir() {
		want, what = folderMode, "folder"
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("the %s %s belongs to user %d, not to you (%d); to take it over: chown %d %s",
			what, name, st.Uid, os.Geteuid(), os.Geteuid(), quote(name))
	}
	if info.Mode().Perm()&^want != 0 {
		return fmt.Errorf("the %s %s has mode %04o, others could read or change it; run: chmod %o %s",
			what, name, info.Mode().Perm(), want, quote(name))
	}
	return nil
}

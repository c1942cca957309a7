package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// File is one file to write.
type File struct {
	Name string
	Mode fs.FileMode
	Data []byte
}

// ExistsError is a file that is there already. Nothing was written.
type ExistsError struct{ Path string }

func (e *ExistsError) Error() string {
	return e.Path + " exists already and is never overwritten, and nothing was written; move it away, or name another folder with --dir"
}

// Free is an ExistsError when one of the files is in dir already.
func Free(dir string) error {
	for _, name := range Names() {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); err == nil {
			return &ExistsError{path}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look for %s: %w", path, err)
		}
	}
	return nil
}

// Write writes all files into dir, which is made when it is not there, or none of them. It never writes over a file, also not
// over one that appears meanwhile.
func Write(dir string, files []File) (err error) {
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(dir, f.Name)); err == nil {
			return &ExistsError{filepath.Join(dir, f.Name)}
		}
	}
	_, missing := os.Stat(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder %s: %w", dir, err)
	}
	var made []string
	defer func() {
		if err == nil {
			return
		}
		for _, path := range made {
			os.Remove(path)
		}
		if errors.Is(missing, fs.ErrNotExist) {
			os.Remove(dir)
		}
	}()
	temps := make([]string, len(files))
	for i, f := range files {
		if temps[i], err = writeTemp(dir, f); err != nil {
			return fmt.Errorf("write %s: %w", f.Name, err)
		}
		made = append(made, temps[i])
	}
	for i, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := publish(temps[i], path); err != nil {
			return err
		}
		made = append(made, path)
	}
	for _, temp := range temps {
		os.Remove(temp)
	}
	return syncDir(dir)
}

// writeTemp writes a file under a name that nobody looks for, and waits until it is on the disk.
func writeTemp(dir string, f File) (path string, err error) {
	t, err := os.CreateTemp(dir, "."+f.Name+".*")
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, t.Close()); err != nil {
			os.Remove(t.Name())
		}
	}()
	if err := t.Chmod(f.Mode); err != nil {
		return "", err
	}
	if _, err := t.Write(f.Data); err != nil {
		return "", err
	}
	return t.Name(), t.Sync()
}

// publish gives a file its name, if nobody has it. A rename would take it from whoever has.
func publish(temp, path string) error {
	err := os.Link(temp, path)
	if errors.Is(err, fs.ErrExist) {
		return &ExistsError{path}
	}
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.ENOSYS) {
		// A file system without second names: look, then rename.
		if _, err := os.Lstat(path); err == nil {
			return &ExistsError{path}
		}
		err = os.Rename(temp, path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("write into %s: %w", dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("write into %s: %w", dir, err)
	}
	return nil
}

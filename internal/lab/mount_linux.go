package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// overlay is a guest's tree: a writable folder above read-only ones.
type overlay struct {
	upper, work, root string
	// lower is the topmost first.
	lower []string
}

func (o overlay) mount() error {
	for _, dir := range []string{o.upper, o.work, o.root} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	// redirect_dir: without it a folder of a lower layer cannot be renamed, which PostgreSQL does with replication slots
	// and Patroni with data directories. volatile: nothing here must survive the machine, and fsync is what three
	// databases on one disk wait for.
	opts := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s,redirect_dir=on,volatile", strings.Join(o.lower, ":"), o.upper, o.work)
	if err := unix.Mount("overlay", o.root, "overlay", 0, opts); err != nil {
		return fmt.Errorf("overlay on %s: %w", o.root, err)
	}
	return nil
}

// unmount may be called again.
func (o overlay) unmount() error {
	if err := unix.Unmount(o.root, 0); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("unmount %s: %w", o.root, err)
	}
	if err := os.Remove(o.root); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// mountsBelow lists what is mounted at or below dir, the newest first.
func mountsBelow(dir string) ([]string, error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	return parseMounts(string(data), dir), nil
}

func parseMounts(mountinfo, dir string) []string {
	var found []string
	for line := range strings.Lines(mountinfo) {
		fields := strings.Fields(line)
		if len(fields) > 4 && (fields[4] == dir || strings.HasPrefix(fields[4], dir+"/")) {
			found = append(found, fields[4])
		}
	}
	slices.Reverse(found)
	return found
}

// unmountBelow unmounts everything at or below dir, whoever mounted it.
func unmountBelow(dir string) error {
	mounts, err := mountsBelow(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, m := range mounts {
		err := unix.Unmount(m, 0)
		if errors.Is(err, unix.EBUSY) {
			err = unix.Unmount(m, unix.MNT_DETACH)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("unmount %s: %w", m, err))
		}
	}
	return errors.Join(errs...)
}

// clear removes a folder of the lab with all that is mounted in it.
func (l *Lab) clear(dir string) error {
	if err := unmountBelow(dir); err != nil {
		return err
	}
	if left, err := mountsBelow(dir); err != nil || len(left) > 0 {
		return fmt.Errorf("still mounted below %s: %v %w", dir, left, err)
	}
	return os.RemoveAll(dir)
}

// dropOthers removes cached folders of one kind but the one with that key.
func (l *Lab) dropOthers(kind, keep string) error {
	all, err := filepath.Glob(l.path("cache", kind+"*"))
	if err != nil {
		return err
	}
	for _, dir := range all {
		if filepath.Base(dir) != kind+keep {
			if err := l.clear(dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// file is one file of a guest.
type file struct {
	path, text string
	mode       os.FileMode
	// owner is the uid and gid.
	owner int
}

// writeAll writes files below root; folders that are missing belong to the file's owner.
func writeAll(root string, all []file) error {
	for _, f := range all {
		path := filepath.Join(root, f.path)
		if err := makeDirs(root, filepath.Dir(f.path), f.owner); err != nil {
			return err
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.WriteFile(path, []byte(f.text), 0o600); err != nil {
			return err
		}
		if err := errors.Join(os.Chown(path, f.owner, f.owner), os.Chmod(path, f.mode)); err != nil {
			return err
		}
	}
	return nil
}

func makeDirs(root, dir string, owner int) error {
	path := filepath.Join(root, dir)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := makeDirs(root, filepath.Dir(dir), owner); err != nil {
		return err
	}
	mode := os.FileMode(0o755)
	if owner != 0 {
		mode = 0o700
	}
	return errors.Join(os.Mkdir(path, mode), os.Chown(path, owner, owner), os.Chmod(path, mode))
}

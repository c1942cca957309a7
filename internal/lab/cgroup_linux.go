package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cgroupRoots are the trees that systemd in a guest uses: the unified one, or on a hybrid machine also systemd's named
// one. Three guests in one cgroup would take each other for their own services.
func cgroupRoots() []string {
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		return []string{"/sys/fs/cgroup"}
	}
	var roots []string
	for _, r := range []string{"/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"} {
		if _, err := os.Stat(filepath.Join(r, "cgroup.procs")); err == nil {
			roots = append(roots, r)
		}
	}
	return roots
}

// cgroups are the folders of one guest, or of the whole lab when name is empty.
func (l *Lab) cgroups(name string) []string {
	var dirs []string
	for _, r := range cgroupRoots() {
		dirs = append(dirs, filepath.Join(r, l.name, name))
	}
	return dirs
}

// procsBelow lists the processes in a cgroup and its children.
func procsBelow(dir string) ([]int, error) {
	var pids []int
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // cgroups come and go while we walk
		}
		if err != nil || !d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		if err != nil {
			return nil
		}
		for _, f := range strings.Fields(string(data)) {
			if pid, err := strconv.Atoi(f); err == nil && pid > 0 {
				pids = append(pids, pid)
			}
		}
		return nil
	})
	return pids, err
}

// kill ends every process in the cgroups of a guest (of the lab when name is empty) and removes them. All that is in
// there was started by the lab, so no name or pid file has to be trusted.
func (l *Lab) kill(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		left := 0
		for _, dir := range l.cgroups(name) {
			pids, err := procsBelow(dir)
			if err != nil {
				return err
			}
			left += len(pids)
			for _, pid := range pids {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		if left == 0 {
			break
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("%d processes of %s do not end: %w", left, l.name, err)
		}
	}
	for _, dir := range l.cgroups(name) {
		for {
			err := removeCgroup(dir)
			if err == nil {
				break
			}
			if pause(ctx, 20*time.Millisecond) != nil {
				return err
			}
		}
	}
	return nil
}

// removeCgroup removes a cgroup with its children, the deepest first: rmdir is the only call that works there.
func removeCgroup(dir string) error {
	var dirs []string
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	for _, d := range slices.Backward(dirs) {
		if err := syscall.Rmdir(d); err != nil && !errors.Is(err, syscall.ENOENT) {
			return fmt.Errorf("cgroup %s: %w", d, err)
		}
	}
	return nil
}

// pause waits unless the context ends first.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

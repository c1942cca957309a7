package shell_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"recon/internal/twin/shell"
)

func TestTree(t *testing.T) {
	f := shell.NewFS(func() time.Time { return noon })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(f.MkdirAll("/var/lib/pg/main", 0o700, "postgres:postgres"))
	must(f.WriteFile("/var/lib/pg/main/a", []byte("one"), 0o600, "postgres:postgres"))
	must(f.Append("/var/lib/pg/main/a", []byte("two")))
	must(f.Symlink("/var/lib/pg", "/data"))
	must(f.Symlink("../pg/main", "/var/lib/rel"))
	for _, name := range []string{"/data/main/a", "/var/lib/pg/../pg/main/./a", "data/main/a"} {
		b, err := f.ReadFile(name)
		if err != nil || string(b) != "onetwo" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	i, err := f.Stat("/data/main/a")
	must(err)
	if i.Path != "/var/lib/pg/main/a" || i.Size != 6 || i.User != "postgres" || i.Mode != 0o600 || !i.ModTime.Equal(noon) {
		t.Errorf("%+v", i)
	}
	if l, err := f.Lstat("/data"); err != nil || l.Link != "/var/lib/pg" || l.Mode&fs.ModeSymlink == 0 {
		t.Errorf("%+v, %v", l, err)
	}
	must(f.Rename("/var/lib/pg/main", "/var/lib/pg/old"))
	must(f.CopyTree("/var/lib/pg/old", "/var/lib/pg/main"))
	if i, err := f.Stat("/var/lib/pg/main/a"); err != nil || i.User != "postgres" || i.Mode != 0o600 {
		t.Errorf("the copy: %+v, %v", i, err)
	}
	must(f.RemoveAll("/var/lib/pg/old"))
	must(f.RemoveAll("/var/lib/pg/old"))
	list, err := f.ReadDir("/data")
	must(err)
	if len(list) != 1 || list[0].Name != "main" || !list[0].Dir {
		t.Errorf("%+v", list)
	}
}

func TestTreeRefuses(t *testing.T) {
	f := shell.NewFS(nil)
	_ = f.MkdirAll("/d/e", 0o755, "")
	_ = f.WriteFile("/file", nil, 0, "")
	_ = f.Symlink("/loop", "/loop")
	f.Mount(shell.Mount{Point: "/ro", Options: "ro"})
	cases := []struct {
		what string
		err  error
		want syscall.Errno
		said string
	}{
		{"read nothing", read(f, "/none"), syscall.ENOENT, "No such file or directory"},
		{"read a directory's child of a file", read(f, "/file/x"), syscall.ENOTDIR, "Not a directory"},
		{"read a loop", read(f, "/loop"), syscall.ELOOP, "Too many levels of symbolic links"},
		{"write into nothing", f.WriteFile("/none/x", nil, 0, ""), syscall.ENOENT, "No such file or directory"},
		{"write a directory", f.WriteFile("/d", nil, 0, ""), syscall.EISDIR, "Is a directory"},
		{"remove a full directory", f.Remove("/d"), syscall.ENOTEMPTY, "Directory not empty"},
		{"rename into itself", f.Rename("/d", "/d/e/f"), syscall.EINVAL, "Invalid argument"},
		{"rename across mounts", f.Rename("/file", "/dev"), 0, ""},
		{"read-only", f.WriteFile("/ro/x", nil, 0, ""), syscall.EROFS, "Read-only file system"},
		{"remove a mount", f.Remove("/ro"), syscall.EBUSY, "Device or resource busy"},
		{"mkdir over a file", f.MkdirAll("/dev/x", 0o755, ""), syscall.ENOTDIR, "Not a directory"},
	}
	for _, c := range cases {
		var pe *fs.PathError
		switch {
		case c.want == 0 && c.err == nil:
		case !errors.Is(c.err, c.want) || !errors.As(c.err, &pe):
			t.Errorf("%s: %v", c.what, c.err)
		case shell.Reason(c.err) != c.said:
			t.Errorf("%s: said %q", c.what, shell.Reason(c.err))
		}
	}
}

func read(f *shell.FS, name string) error {
	_, err := f.ReadFile(name)
	return err
}

func TestSpace(t *testing.T) {
	f := shell.NewFS(nil)
	f.Mount(shell.Mount{Point: "/data", Source: "/dev/vdb", Type: "ext4", Bytes: 1 << 20, Inodes: 5, Base: 100 << 10})
	use := func() shell.Usage {
		u, err := f.Usage("/data")
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	if u := use(); u.Used != 104<<10 || u.Free != 1<<20-104<<10 || u.InodesUsed != 1 {
		t.Fatalf("%+v", u)
	}
	err := f.WriteFile("/data/big", make([]byte, 2<<20), 0, "")
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("%v", err)
	}
	if i, _ := f.Stat("/data/big"); i.Size != 1<<20-104<<10 {
		t.Errorf("what fits is written: %d", i.Size)
	}
	if u := use(); u.Free != 0 || u.Used != 1<<20 {
		t.Errorf("%+v", u)
	}
	if err := f.WriteFile("/data/more", []byte("x"), 0, ""); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("more: %v", err)
	}
	_ = f.Remove("/data/big")
	f.SetSize("/data/wal", 512<<10)
	if u := use(); u.Used != (104+512)<<10 {
		t.Errorf("a size without content: %+v", u)
	}
	if b, _ := f.ReadFile("/data/wal"); len(b) != 0 {
		t.Errorf("it holds nothing, %d bytes read", len(b))
	}
	for i := range 5 {
		err = f.WriteFile(fmt.Sprint("/data/f", i), nil, 0, "")
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("no inode is left: %v", err)
	}
	f.SetSize("/data/wal", 2<<20)
	if u := use(); u.Free != 0 {
		t.Errorf("past the end: %+v", u)
	}
	if err := f.RemoveAll("/data"); err != nil {
		t.Fatal(err)
	}
	if u := use(); u.Used != 104<<10 || u.InodesUsed != 1 {
		t.Errorf("after all is gone: %+v", u)
	}
}

func TestDynamic(t *testing.T) {
	f := shell.NewFS(nil)
	value := "0"
	f.Dynamic("/proc/sys/net/ipv4/ip_nonlocal_bind", func() []byte { return []byte(value + "\n") }, func(b []byte) error {
		value = strings.TrimSpace(string(b))
		return nil
	})
	f.Dynamic("/proc/loadavg", func() []byte { return []byte("1 2 3\n") }, nil)
	if err := f.WriteFile("/proc/sys/net/ipv4/ip_nonlocal_bind", []byte("1\n"), 0, ""); err != nil || value != "1" {
		t.Errorf("%q, %v", value, err)
	}
	if b, _ := f.ReadFile("/proc/sys/net/ipv4/ip_nonlocal_bind"); string(b) != "1\n" {
		t.Errorf("%q", b)
	}
	if err := f.WriteFile("/proc/loadavg", []byte("x"), 0, ""); !errors.Is(err, syscall.EACCES) {
		t.Errorf("%v", err)
	}
}

// The tree may be used from many goroutines.
func TestConcurrentTree(t *testing.T) {
	f := shell.NewFS(nil)
	_ = f.MkdirAll("/d", 0o755, "")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 50 {
				name := fmt.Sprintf("/d/%d-%d", i, n)
				_ = f.WriteFile(name, []byte(name), 0o644, "")
				_, _ = f.ReadDir("/d")
				_ = f.Append("/d/shared", []byte("line\n"))
				_ = f.Rename(name, name+"x")
				_ = f.Remove(name + "x")
			}
		})
	}
	wg.Wait()
	if b, _ := f.ReadFile("/d/shared"); strings.Count(string(b), "line\n") != 400 {
		t.Errorf("%d lines", strings.Count(string(b), "\n"))
	}
	if u, _ := f.Usage("/d"); u.InodesUsed != 3 {
		t.Errorf("%+v", u)
	}
}

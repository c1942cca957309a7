package shell

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// errPredicate is a test that find may have and this one has not.
var errPredicate = errors.New("this predicate is not known to a training host")

var always predicate = func(*found) bool { return true }

// compared reads +N, -N and N.
func compared(word string) (func(n int64) bool, bool) {
	n, err := strconv.ParseInt(strings.TrimLeft(word, "+-"), 10, 64)
	if err != nil {
		return nil, false
	}
	switch word[0] {
	case '+':
		return func(v int64) bool { return v > n }, true
	case '-':
		return func(v int64) bool { return v < n }, true
	}
	return func(v int64) bool { return v == n }, true
}

func (f *find) primary() (predicate, error) {
	name := f.next()
	switch name {
	case "-print":
		f.acts = true
		return func(e *found) bool { return f.print(e, "\n") }, nil
	case "-print0":
		f.acts = true
		return func(e *found) bool { return f.print(e, "\x00") }, nil
	case "-ls":
		f.acts = true
		return func(e *found) bool {
			fmt.Fprintf(f.c.Stdout, "%9d %6d %s %3d %-8s %-8s %8d %s %s\n", e.Inode, allocated(e.Info)/1024, modeString(e.Mode), e.Links,
				e.User, e.Group, e.Size, e.ModTime.In(f.c.zone()).Format("Jan _2 15:04"), e.name)
			return true
		}, nil
	case "-delete":
		f.acts, f.depthFirst = true, true
		return func(e *found) bool {
			err := f.c.Host.FS.remove(f.c.Path(e.name), either, f.c.proc.who)
			if err != nil {
				f.status = f.c.Fail(1, "cannot delete '%s': %s", e.name, Reason(err))
			}
			return err == nil
		}, nil
	case "-quit":
		f.acts = true
		return func(*found) bool { f.quit = true; return true }, nil
	case "-prune":
		return func(e *found) bool { e.prune = true; return true }, nil
	case "-depth", "-d":
		f.depthFirst = true
		return always, nil
	case "-xdev", "-mount":
		f.oneSystem = true
		return always, nil
	case "-true":
		return always, nil
	case "-false":
		return func(*found) bool { return false }, nil
	case "-follow":
		f.follow = true
		return always, nil
	case "-empty":
		return func(e *found) bool {
			if e.Dir {
				list, err := f.c.Host.FS.readDir(f.c.Path(e.name), f.c.proc.who)
				return err == nil && len(list) == 0
			}
			return e.Mode.IsRegular() && e.Size == 0
		}, nil
	case "-executable", "-readable", "-writable":
		want := map[string]fs.FileMode{"-executable": 1, "-readable": 4, "-writable": 2}[name]
		return func(e *found) bool { return f.c.Host.FS.access(f.c.Path(e.name), want, f.c.proc.who) == nil }, nil
	case "-exec":
		f.acts = true
		return f.exec()
	}
	if !slices.Contains(tests, name) {
		return nil, fmt.Errorf("%w: %s", errPredicate, name)
	}
	v, err := f.value(name)
	if err != nil {
		return nil, err
	}
	return f.test(name, v)
}

// tests are those with a value.
var tests = []string{
	"-name", "-iname", "-path", "-wholename", "-type", "-maxdepth", "-mindepth", "-size", "-mmin", "-mtime", "-cmin", "-ctime", "-amin", "-atime",
	"-newer", "-newermt", "-user", "-group", "-links", "-inum", "-perm", "-printf",
}

func (f *find) test(name, v string) (predicate, error) {
	bad := fmt.Errorf("invalid argument '%s' to '%s'", v, name)
	switch name {
	case "-name", "-iname":
		fold := func(s string) string { return s }
		if name == "-iname" {
			fold = strings.ToLower
		}
		return func(e *found) bool { return match(fold(v), fold(path.Base(e.name))) }, nil
	case "-path", "-wholename":
		return func(e *found) bool { return match(v, e.name) }, nil
	case "-type":
		kinds := strings.Split(v, ",")
		for _, k := range kinds {
			if len(k) != 1 || strings.IndexByte("fdlcbps", k[0]) < 0 {
				return nil, bad
			}
		}
		return func(e *found) bool { return slices.Contains(kinds, kindLetter(e.Info)) }, nil
	case "-maxdepth", "-mindepth":
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return nil, bad
		}
		if name == "-maxdepth" {
			f.max = n
		} else {
			f.min = n
		}
		return always, nil
	case "-size":
		return sizeTest(v)
	case "-mmin", "-mtime", "-cmin", "-ctime", "-amin", "-atime":
		is, ok := compared(v)
		if !ok {
			return nil, bad
		}
		unit := time.Minute
		if strings.HasSuffix(name, "time") {
			unit = 24 * time.Hour
		}
		exact := strings.HasSuffix(name, "min") && !strings.HasPrefix(v, "+")
		return func(e *found) bool {
			age := f.now.Sub(e.ModTime)
			n := int64(age / unit)
			if exact && age%unit != 0 {
				n++ // minutes are rounded up, days down
			}
			return is(n)
		}, nil
	case "-newer":
		i, err := f.c.Stat(v)
		if err != nil {
			return nil, fmt.Errorf("'%s': %s", v, Reason(err))
		}
		return func(e *found) bool { return e.ModTime.After(i.ModTime) }, nil
	case "-newermt":
		t, err := f.c.parseDate(v)
		if err != nil {
			return nil, err
		}
		return func(e *found) bool { return e.ModTime.After(t) }, nil
	case "-user":
		return func(e *found) bool { return e.User == v || strconv.Itoa(f.c.Host.uid(e.User)) == v }, nil
	case "-group":
		return func(e *found) bool { return e.Group == v || strconv.Itoa(f.c.Host.gid(e.Group)) == v }, nil
	case "-links", "-inum":
		is, ok := compared(v)
		if !ok {
			return nil, bad
		}
		return func(e *found) bool {
			if name == "-inum" {
				return is(int64(e.Inode))
			}
			return is(int64(e.Links))
		}, nil
	case "-perm":
		return permTest(v, bad)
	case "-printf":
		f.acts = true
		return func(e *found) bool {
			text, err := f.format(v, e)
			if err != nil {
				f.status, f.quit = f.c.Fail(1, "%s", err), true
				return false
			}
			_, werr := fmt.Fprint(f.c.Stdout, text)
			f.quit = f.quit || werr != nil
			return true
		}, nil
	}
	return nil, fmt.Errorf("%w: %s", errPredicate, name)
}

func kindLetter(i Info) string {
	switch {
	case i.Dir:
		return "d"
	case i.Mode&fs.ModeSymlink != 0:
		return "l"
	case i.Mode&fs.ModeCharDevice != 0:
		return "c"
	case i.Mode&fs.ModeDevice != 0:
		return "b"
	case i.Mode&fs.ModeNamedPipe != 0:
		return "p"
	case i.Mode&fs.ModeSocket != 0:
		return "s"
	}
	return "f"
}

// sizeTest is -size: units are rounded up.
func sizeTest(v string) (predicate, error) {
	unit := int64(512)
	word := v
	if n := len(v); n > 0 {
		if at := strings.IndexByte("cwbkMG", v[n-1]); at >= 0 {
			unit = []int64{1, 2, 512, 1 << 10, 1 << 20, 1 << 30}[at]
			word = v[:n-1]
		}
	}
	is, ok := compared(word)
	if !ok {
		return nil, fmt.Errorf("invalid argument '%s' to '-size'", v)
	}
	return func(e *found) bool { return is((e.Size + unit - 1) / unit) }, nil
}

func permTest(v string, bad error) (predicate, error) {
	how := byte('=')
	if v != "" && (v[0] == '-' || v[0] == '/') {
		how, v = v[0], v[1:]
	}
	m, err := parseMode(v, 0, false, 0)
	if err != nil {
		return nil, bad
	}
	want := toUnix(m)
	return func(e *found) bool {
		have := toUnix(e.Mode)
		switch how {
		case '-':
			return have&want == want
		case '/':
			return want == 0 || have&want != 0
		}
		return have == want
	}, nil
}

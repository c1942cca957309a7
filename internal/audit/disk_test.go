package audit

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestModes(t *testing.T) {
	dir, path := walked(t, false)
	must(t, filepath.WalkDir(filepath.Dir(dir), func(p string, e fs.DirEntry, err error) error {
		must(t, err)
		if info := must2(e.Info()); p != filepath.Dir(dir) && private(p, info) != nil {
			t.Errorf("%s has mode %v", p, info.Mode())
		}
		return nil
	}))
	for _, c := range []struct {
		name string
		mode fs.FileMode
		hint string
	}{
		{path, 0o640, "chmod 600 " + path},
		{path, 0o604, "chmod 600 " + path},
		{filepath.Dir(path), 0o750, "chmod 700 " + filepath.Dir(path)},
		{dir, 0o701, "chmod 700 " + dir},
	} {
		was := must2(os.Stat(c.name)).Mode()
		must(t, os.Chmod(c.name, c.mode))
		if tr, _, err := Resume(path); err == nil || !strings.Contains(err.Error(), c.hint) {
			t.Errorf("resume with %s at %o: %v, want the hint %q", c.name, c.mode, err, c.hint)
			_ = tr.Close()
		}
		if c.name != path {
			if tr, err := Create(dir, sampleStart()); err == nil || !strings.Contains(err.Error(), c.hint) {
				t.Errorf("create with %s at %o: %v", c.name, c.mode, err)
				_ = tr.Close()
			}
		}
		// Reading does no harm, and says what is wrong.
		if rep := Verify(path); !rep.Intact() || !strings.Contains(rep.String(), c.hint) {
			t.Errorf("verify with %s at %o: %s", c.name, c.mode, rep)
		}
		must(t, os.Chmod(c.name, was))
	}
	out := outFolder(path)
	must(t, os.Chmod(out, 0o755))
	tr, _, err := Resume(path)
	must(t, err)
	defer tr.Close()
	if _, err := tr.Output(3, "netbox-node-1"); err == nil || !strings.Contains(err.Error(), "chmod 700 "+out) {
		t.Errorf("output into an open folder: %v", err)
	}
}

// A heads file that others can write anchors nothing, and the console says so.
func TestModeOfHeads(t *testing.T) {
	dir, path := walked(t, false)
	must(t, os.Chmod(filepath.Join(dir, headsName), 0o666))
	tr, _, err := Resume(path)
	must(t, err)
	defer tr.Close()
	if err := tr.AnchorErr(); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("anchor error: %v", err)
	}
}

// owned is what stat says of somebody else's file.
type owned struct {
	fs.FileInfo
	sys any
}

func (o owned) Sys() any { return o.sys }

func TestOwner(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	must(t, os.WriteFile(name, nil, 0o600))
	info := must2(os.Stat(name))
	must(t, private(name, info))
	if err := private(name, owned{info, otherOwner(info)}); err == nil || !strings.Contains(err.Error(), "chown") {
		t.Errorf("a file of somebody else: %v", err)
	}
}

// otherOwner is the system's answer for a file, with another owner in it.
func otherOwner(info fs.FileInfo) any {
	st := *info.Sys().(*syscall.Stat_t)
	st.Uid++
	return &st
}

package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Lab is the lab below one state folder. Its methods may be called from several processes: those that change something
// take a lock.
type Lab struct {
	dir string
	// name is what its cgroups and guests are called on this machine.
	name string
}

// Open names the lab below dir (DefaultDir when empty). It creates nothing.
func Open(dir string) (*Lab, error) {
	if os.Geteuid() != 0 {
		return nil, &Error{What: "the lab starts hosts of its own", Err: ErrUnsupported, Hint: "run it with sudo"}
	}
	if dir == "" {
		dir = DefaultDir
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, &Error{What: "state folder", Err: err}
	}
	if strings.ContainsAny(dir, ":,\\ \t\n") {
		// The path becomes part of overlay mount options and of /proc/self/mountinfo.
		return nil, &Error{What: "state folder " + quote(dir), Hint: "choose a path without blanks, colons and commas"}
	}
	name := "recon-lab"
	if dir != DefaultDir {
		sum := sha256.Sum256([]byte(dir))
		name += "-" + hex.EncodeToString(sum[:4])
	}
	return &Lab{dir: dir, name: name}, nil
}

func (l *Lab) path(parts ...string) string {
	return filepath.Join(append([]string{l.dir}, parts...)...)
}

// means checks that this machine has what Up calls.
func means() error {
	packages := map[string]string{
		"debootstrap": "debootstrap", "systemd-nspawn": "systemd-container", "ip": "iproute2",
		"nsenter": "util-linux", "unshare": "util-linux",
	}
	for _, tool := range []string{"debootstrap", "systemd-nspawn", "ip", "nsenter", "unshare"} {
		if _, err := exec.LookPath(tool); err != nil {
			return &Error{What: "the lab calls " + tool, Err: err, Hint: "apt install " + packages[tool]}
		}
	}
	if _, err := os.Stat("/usr/share/debootstrap/scripts/" + suite); err != nil {
		return &Error{What: "debootstrap does not know " + suite, Err: err, Hint: "install a newer debootstrap"}
	}
	return nil
}

// lock keeps a second up, down, break or mend out until the returned function is called.
func (l *Lab) lock() (func(), error) {
	if err := os.MkdirAll(l.dir, 0o755); err != nil {
		return nil, &Error{What: "state folder", Err: err}
	}
	f, err := os.OpenFile(l.path("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, &Error{What: "lock", Err: err}
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 16))
		f.Close()
		return nil, &Error{
			What: "another lab command runs (pid " + strings.TrimSpace(string(holder)) + ")", Err: err,
			Hint: "wait for it, or end it first",
		}
	}
	f.Truncate(0)
	fmt.Fprintf(f, "%d\n", os.Getpid())
	return func() { f.Close() }, nil
}

// record is what an Up leaves behind about itself, in run/state.json.
type record struct {
	// Phase is "starting" until the lab is up.
	Phase string    `json:"phase"`
	Bare  bool      `json:"bare"`
	Since time.Time `json:"since"`
	// Faults are those that were made and not undone, in their order.
	Faults []ActiveFault `json:"faults,omitempty"`
}

func (l *Lab) readRecord() (record, bool) {
	var r record
	data, err := os.ReadFile(l.path("run", "state.json"))
	if errors.Is(err, os.ErrNotExist) {
		return r, false
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		// A torn record is one of an Up that did not finish.
		r.Phase = "starting"
	}
	return r, true
}

func (l *Lab) writeRecord(r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(l.path("run"), 0o755); err != nil {
		return err
	}
	return os.WriteFile(l.path("run", "state.json"), append(data, '\n'), 0o644)
}

package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// guest is one host of the lab as it runs, or could.
type guest struct {
	lab *Lab
	host
}

func (l *Lab) guest(name string) (guest, error) {
	h, err := find(name)
	return guest{l, h}, err
}

func (g guest) dir(parts ...string) string {
	return g.lab.path(append([]string{"run", "hosts", g.name}, parts...)...)
}

// tree is the guest's overlay; snapshot is the folder of uppers it starts from, or empty.
func (g guest) tree(snapshot string) overlay {
	lower := []string{g.lab.imageDir() + "/" + g.layer, g.lab.imageDir() + "/base"}
	if snapshot != "" {
		lower = append([]string{snapshot + "/" + g.name}, lower...)
	}
	return overlay{upper: g.dir("upper"), work: g.dir("work"), root: g.dir("root"), lower: lower}
}

// boot starts the guest and returns when its systemd says that everything is started.
func (g guest) boot(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	fail := func(err error) error {
		return &Error{What: "starting " + g.name, Err: err, Hint: "its console is in " + g.dir("console.log")}
	}
	if err := g.lab.plug(ctx, g.name, true); err != nil {
		return fail(err)
	}
	sock := g.dir("notify")
	os.Remove(sock)
	ready, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: sock, Net: "unixgram"})
	if err != nil {
		return fail(err)
	}
	defer ready.Close()
	log, err := os.OpenFile(g.dir("console.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fail(err)
	}
	defer log.Close()
	dirs := g.lab.cgroups(g.name)
	for _, dir := range dirs {
		if err := os.MkdirAll(filepath.Join(dir, "power"), 0o755); err != nil {
			return fail(err)
		}
	}
	cmd := exec.Command("sh", nspawn(g, dirs)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+sock, "SYSTEMD_NSPAWN_API_VFS_WRITABLE=network")
	// A session of its own: the operator's ctrl-C is for recon, not for the hosts.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	// Files that we inherited are not for the hosts either: a lock of the caller's would be held for as long as they run.
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil && !errors.Is(err, unix.ENOSYS) {
		return fail(err)
	}
	if err := cmd.Start(); err != nil {
		return fail(err)
	}
	if err := g.remember(cmd.Process.Pid); err != nil {
		return fail(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			return fail(fmt.Errorf("systemd-nspawn ended: %w", err))
		case <-ctx.Done():
			return fail(ctx.Err())
		default:
		}
		ready.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		buf := make([]byte, 4096)
		n, err := ready.Read(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if err != nil {
			return fail(err)
		}
		if _, _, up := g.pids(); up && saysReady(string(buf[:n])) {
			return nil
		}
	}
}

// saysReady reads nspawn's messages: whether the guest is ready.
func saysReady(message string) bool {
	for line := range strings.Lines(message) {
		if strings.TrimSpace(line) == "READY=1" {
			return true
		}
	}
	return false
}

// powered is what a guest's power supply does, as a shell in a cgroup of its own below the guest's: nspawn runs in the
// guest's cgroups, and is started again when the guest asked for a reboot, which nspawn with --keep-unit says by 133. A
// real host is away for longer than systemd needs, hence the pause. Ready is told of the first start only.
const powered = `
for dir; do [ "$dir" != -- ] || break; echo $$ >"$dir/power/cgroup.procs"; done
while :; do
  sh -ec 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"' sh "$@" && exit || code=$?
  [ "$code" = 133 ] || exit "$code"
  unset NOTIFY_SOCKET
  sleep 8
done`

// nspawn is the command line: the shell, the guest's cgroups, and nspawn with its arguments.
func nspawn(g guest, cgroups []string) []string {
	args := append([]string{"-ec", powered, "sh"}, cgroups...)
	return append(args, "--", "systemd-nspawn", "--quiet", "--boot",
		"--directory="+g.dir("root"), "--machine="+g.lab.name+"-"+g.name, "--hostname="+g.name,
		"--network-namespace-path="+g.lab.netFile(g.name), "--capability=CAP_NET_ADMIN,CAP_NET_RAW",
		"--register=no", "--keep-unit", "--notify-ready=yes", "--console=pipe",
		"--link-journal=no", "--resolv-conf=off", "--timezone=off", "--kill-signal=SIGRTMIN+3")
}

// remember writes down which shell runs the guest. The pid goes with its start time, for numbers are used again.
func (g guest) remember(power int) error {
	return os.WriteFile(g.dir("pids"), fmt.Appendf(nil, "%d %s\n", power, started(power)), 0o600)
}

// pids gives nspawn and the guest's first process, and false when they are gone: the guest is off, or between two boots.
func (g guest) pids() (nspawn, leader int, up bool) {
	data, err := os.ReadFile(g.dir("pids"))
	if err != nil {
		return 0, 0, false
	}
	f := strings.Fields(string(data))
	if len(f) != 2 || started(atoi(f[0])) != f[1] {
		return 0, 0, false
	}
	for _, nspawn := range children(atoi(f[0])) {
		for _, leader := range children(nspawn) {
			if firstInside(leader) {
				return nspawn, leader, true
			}
		}
	}
	return 0, 0, false
}

// children are the processes that a process started and that live.
func children(pid int) []int {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	var pids []int
	for _, f := range strings.Fields(string(data)) {
		pids = append(pids, atoi(f))
	}
	return pids
}

// firstInside says that a process is number one of the innermost of two or more process namespaces.
func firstInside(pid int) bool {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(data)) {
		if numbers, found := strings.CutPrefix(line, "NSpid:"); found {
			f := strings.Fields(numbers)
			return len(f) > 1 && f[len(f)-1] == "1"
		}
	}
	return false
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// started is a process's start time in clock ticks since the machine's boot, or "gone".
func started(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "gone"
	}
	// The name in brackets may hold anything; the fields after it are numbered from 3.
	f := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(f) < 20 || f[0] == "Z" {
		return "gone"
	}
	return f[19]
}

// halt shuts the guest down cleanly, as `poweroff` does, and takes its cable out. It waits longer than systemd does for a unit
// that does not stop (90 s), before it kills it.
func (g guest) halt(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 150*time.Second)
	defer cancel()
	nspawn, _, up := g.pids()
	if up {
		if err := syscall.Kill(nspawn, syscall.SIGTERM); err != nil {
			return &Error{What: "halting " + g.name, Err: err}
		}
		if err := waitExit(ctx, nspawn); err != nil {
			return &Error{What: "halting " + g.name, Err: err, Hint: "its console is in " + g.dir("console.log")}
		}
	}
	return g.off(ctx)
}

// off leaves nothing of the guest running.
func (g guest) off(ctx context.Context) error {
	if err := g.lab.plug(ctx, g.name, false); err != nil {
		return err
	}
	if err := g.lab.kill(ctx, g.name); err != nil {
		return err
	}
	os.Remove(g.dir("pids"))
	return nil
}

// waitExit waits for a process that may be nobody's child of ours.
func waitExit(ctx context.Context, pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("pidfd of %d: %w", pid, err)
	}
	defer unix.Close(fd)
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 100)
		if n > 0 {
			return nil
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

package lab

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// buildImage makes the image unless it is cached: a base by debootstrap, and a layer of packages above it for nodes and
// console. It grows under another name and is renamed when it is whole, so an interrupted one is never used.
func (l *Lab) buildImage(ctx context.Context, mirror string, p *progress) error {
	if _, err := os.Stat(l.imageDir()); err == nil {
		return nil
	}
	grow := l.imageDir() + ".tmp"
	if err := l.clear(grow); err != nil {
		return err
	}
	p.say("building the image (packages of %s; minutes, once)", suite)
	log, err := p.log("image.log")
	if err != nil {
		return err
	}
	defer log.Close()
	lowest := filepath.Join(grow, "base")
	if err := os.MkdirAll(lowest, 0o755); err != nil {
		return &Error{What: "image", Err: err}
	}
	b := base()
	args := []string{"debootstrap", "--variant=minbase", "--include=" + strings.Join(b.packages, ","), suite, lowest}
	if mirror != "" {
		args = append(args, mirror)
	}
	if err := isolated(ctx, log, args...); err != nil {
		return &Error{What: "debootstrap of " + suite, Err: err, Hint: "see " + log.Name()}
	}
	if err := finishBase(lowest, b); err != nil {
		return &Error{What: "image base", Err: err}
	}
	for _, up := range upper() {
		p.say("building the %s layer", up.name)
		if err := l.buildLayer(ctx, grow, lowest, up, log); err != nil {
			return &Error{What: "image layer " + up.name, Err: err, Hint: "see " + log.Name()}
		}
	}
	if err := os.Rename(grow, l.imageDir()); err != nil {
		return &Error{What: "image", Err: err}
	}
	return l.dropOthers("image-", imageKey())
}

func (l *Lab) imageDir() string { return l.path("cache", "image-"+imageKey()) }

// finishBase makes the base a host that starts nothing by itself and holds no key that all guests would share.
func finishBase(root string, b layer) error {
	for _, user := range []string{User, "berta"} {
		if err := chroot(root, nil, "/usr/sbin/useradd", "--create-home", "--shell", "/bin/bash", "--user-group", user); err != nil {
			return err
		}
	}
	// pam_systemd and sudo ask for the host's own name; nothing else may need a name server.
	for _, gone := range []string{"etc/resolv.conf", "etc/hostname", "etc/machine-id", "var/lib/dbus/machine-id"} {
		if err := os.RemoveAll(filepath.Join(root, gone)); err != nil {
			return err
		}
	}
	keys, err := filepath.Glob(filepath.Join(root, "etc/ssh/ssh_host_*"))
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := os.Remove(k); err != nil {
			return err
		}
	}
	err = writeAll(root, []file{
		{"etc/default/locale", "LANG=C.UTF-8\n", 0o644, 0},
		{"etc/systemd/journald.conf.d/lab.conf", "[Journal]\nStorage=persistent\nSystemMaxUse=64M\nRateLimitIntervalSec=0\n", 0o644, 0},
		// ping without rights of its own; file capabilities do not survive every image
		{"etc/sysctl.d/50-ping.conf", "-net.ipv4.ping_group_range = 0 2147483647\n", 0o644, 0},
		{"etc/sudoers.d/anna", User + " ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440, 0},
	})
	if err != nil {
		return err
	}
	return mask(root, b.masked)
}

// buildLayer installs one layer's packages into an overlay of its own above the base.
func (l *Lab) buildLayer(ctx context.Context, grow, lowest string, up layer, log *os.File) error {
	m := overlay{
		upper: filepath.Join(grow, up.name), work: filepath.Join(grow, up.name+".work"),
		root: filepath.Join(grow, up.name+".root"), lower: []string{lowest},
	}
	if err := m.mount(); err != nil {
		return err
	}
	defer m.unmount()
	apt, err := hostApt(ctx)
	if err != nil {
		return err
	}
	resolv, _ := os.ReadFile("/etc/resolv.conf")
	hosts, _ := os.ReadFile("/etc/hosts")
	err = writeAll(m.root, []file{
		{"usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755, 0},
		{"etc/apt/apt.conf.d/99lab", apt, 0o644, 0},
		{"etc/resolv.conf", string(resolv), 0o644, 0},
		{"etc/hosts", string(hosts), 0o644, 0},
		{"etc/postgresql-common/createcluster.conf", "create_main_cluster = false\n", 0o644, 0},
	})
	if err != nil {
		return err
	}
	if err := mask(m.root, up.masked); err != nil {
		return err
	}
	script := `mount -t proc proc "$0/proc" && exec chroot "$0" sh -ec '
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin
apt-get update
apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-unsafe-io "$@"
apt-get clean' sh "$@"`
	if err := isolated(ctx, log, append([]string{"sh", "-ec", script, m.root}, up.packages...)...); err != nil {
		return err
	}
	for _, gone := range []string{"usr/sbin/policy-rc.d", "etc/apt/apt.conf.d/99lab", "etc/resolv.conf", "etc/hosts"} {
		if err := os.Remove(filepath.Join(m.root, gone)); err != nil {
			return err
		}
	}
	if err := m.unmount(); err != nil {
		return err
	}
	return os.RemoveAll(m.work)
}

// hostApt is this machine's own way to its package source (proxies, certificates, date checks), for apt in the image.
func hostApt(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("apt-config"); err != nil {
		return "", nil // not a Debian; debootstrap got its mirror by hand
	}
	out, err := exec.CommandContext(ctx, "apt-config", "dump").Output()
	if err != nil {
		return "", fmt.Errorf("apt-config dump: %w", err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(out)) {
		name, _, _ := strings.Cut(line, " ")
		for _, wanted := range []string{"Acquire::http", "Acquire::https", "Acquire::Check-", "Acquire::Retries"} {
			if strings.HasPrefix(name, wanted) {
				b.WriteString(line)
			}
		}
	}
	return b.String(), nil
}

// mask keeps units from starting.
func mask(root string, units []string) error {
	dir := filepath.Join(root, "etc/systemd/system")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, unit := range units {
		if err := os.Symlink("/dev/null", filepath.Join(dir, unit)); err != nil && !os.IsExist(err) {
			return err
		}
	}
	return nil
}

// isolated runs a command in mount and pid namespaces of its own, so that whatever it mounts or starts ends with it, and
// it ends with us.
func isolated(ctx context.Context, log *os.File, argv ...string) error {
	runtime.LockOSThread() // Pdeathsig is about the thread that started the child
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, "unshare", append([]string{"--mount", "--pid", "--fork", "--kill-child", "--"}, argv...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	return cmd.Run()
}

// chroot runs one program of a guest's tree.
func chroot(root string, stdin []byte, argv ...string) error {
	cmd := &exec.Cmd{Path: argv[0], Args: argv, Dir: "/", Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	cmd.Stdin = bytes.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s in %s: %w: %s", argv[0], root, err, bytes.TrimSpace(out))
	}
	return nil
}

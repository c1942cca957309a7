package shell

import (
	"crypto/rand"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Facts are what StandardProc writes into /proc and /etc. Zero values get those of a small Debian 13 guest: two CPUs, 4 GB
// of memory of which 2.6 GB are free, no swap, no load, booted a day ago.
type Facts struct {
	CPUs int
	// Memory is asked for kilobytes.
	Memory func() Memory
	// Load is asked for the load of 1, 5 and 15 minutes.
	Load func() [3]float64
	// Boot is asked for the time of the boot by the host's clock.
	Boot func() time.Time
	// Kernel is uname -r, Machine the content of /etc/machine-id.
	Kernel, Machine string
	// Address is the host's own in /etc/hosts; empty is Debian's 127.0.1.1.
	Address string
}

// Memory is in kilobytes, as /proc/meminfo says it.
type Memory struct {
	Total, Free, Available, Buffers, Cached, SwapTotal, SwapFree int64
}

const kernelVersion = "6.12.48+deb13-amd64"

func (f Facts) complete(h *Host) Facts {
	if f.CPUs == 0 {
		f.CPUs = 2
	}
	if f.Memory == nil {
		f.Memory = func() Memory {
			return Memory{Total: 4012344, Free: 1203400, Available: 2650120, Buffers: 68220, Cached: 1502600}
		}
	}
	if f.Load == nil {
		f.Load = func() [3]float64 { return [3]float64{0.08, 0.03, 0.01} }
	}
	if f.Boot == nil {
		boot := h.now().Add(-24 * time.Hour)
		f.Boot = func() time.Time { return boot }
	}
	if f.Kernel == "" {
		f.Kernel = kernelVersion
	}
	if f.Machine == "" {
		f.Machine = fmt.Sprintf("%032x", fnv(h.Name))
	}
	if f.Address == "" {
		f.Address = "127.0.1.1"
	}
	return f
}

// fnv is a number that a name always has.
func fnv(s string) uint64 {
	n := uint64(14695981039346656037)
	for i := range len(s) {
		n = (n ^ uint64(s[i])) * 1099511628211
	}
	return n
}

// StandardProc fills the host's tree with what every Debian host has: the folders, /etc/passwd and /etc/group of Users and
// the system's accounts, /etc/hostname, /etc/os-release, /proc, the mounts of /, /proc, /sys, /dev, /run and /dev/shm, and
// a file on the PATH for each command. What exists stays as it is.
func StandardProc(h *Host, facts Facts) {
	facts = facts.complete(h)
	standardFolders(h)
	standardMounts(h)
	standardEtc(h, facts)
	standardKernel(h, facts)
	standardDevices(h)
	standardPrograms(h)
	h.FS.processes = func() []Process {
		list := h.Processes()
		if h.Daemons != nil {
			list = append(list, h.Daemons()...)
		}
		return list
	}
}

// try leaves what exists alone. A tree that is full or closed gets no standard files.
func (f *FS) try(name, text string, mode fs.FileMode, owner string) {
	if f.Exists(name) || f.MkdirAll(path.Dir(name), 0o755, "root:root") != nil {
		return
	}
	_ = f.WriteFile(name, []byte(text), mode, owner) // as above
}

func standardFolders(h *Host) {
	f := h.FS
	for _, d := range []string{
		"/usr/bin", "/usr/sbin", "/usr/lib", "/usr/local/bin", "/usr/local/sbin", "/usr/share", "/etc/default", "/etc/sysctl.d",
		"/etc/cron.d", "/etc/cron.daily", "/etc/apt/apt.conf.d", "/etc/systemd/system", "/var/lib", "/var/log", "/var/cache/apt", "/var/spool/cron",
		"/opt", "/srv", "/home", "/mnt", "/boot", "/proc", "/sys", "/dev", "/run",
	} {
		_ = f.MkdirAll(d, 0o755, "root:root") // a builder may have put something else there
	}
	for _, d := range []string{"/tmp", "/var/tmp"} {
		if !f.Exists(d) {
			_ = f.MkdirAll(d, fs.ModeSticky|0o777, "root:root") // as above
		}
	}
	for link, to := range map[string]string{"/bin": "usr/bin", "/sbin": "usr/sbin", "/lib": "usr/lib", "/var/run": "/run", "/var/lock": "/run/lock"} {
		if !f.Exists(link) {
			_ = f.Symlink(to, link) // as above
		}
	}
	if !f.Exists("/root") {
		_ = f.MkdirAll("/root", 0o700, "root:root") // as above
	}
	for _, u := range h.Users {
		a := complete(u)
		if !f.Exists(a.Home) {
			_ = f.MkdirAll(path.Dir(a.Home), 0o755, "root:root")  // as above
			_ = f.MkdirAll(a.Home, 0o755, a.Name+":"+a.Groups[0]) // as above
			_ = f.Chown(a.Home, a.Name+":"+a.Groups[0])           // as above
		}
	}
}

func standardMounts(h *Host) {
	f := h.FS
	have := map[string]bool{}
	for _, m := range f.Mounts() {
		have[m.Point] = true
		if m.Point == "/" && m.Bytes == 0 {
			m.Bytes, m.Inodes, m.Base = 20<<30, 1310720, 3<<30
			f.Mount(m)
		}
	}
	for _, m := range []Mount{
		{Point: "/sys", Source: "sysfs", Type: "sysfs", Options: "rw,nosuid,nodev,noexec,relatime"},
		{Point: "/proc", Source: "proc", Type: "proc", Options: "rw,nosuid,nodev,noexec,relatime"},
		{Point: "/dev", Source: "udev", Type: "devtmpfs", Options: "rw,nosuid,relatime", Bytes: 1980 << 20},
		{Point: "/run", Source: "tmpfs", Type: "tmpfs", Options: "rw,nosuid,nodev,noexec,relatime", Bytes: 400 << 20},
		{Point: "/dev/shm", Source: "tmpfs", Type: "tmpfs", Options: "rw,nosuid,nodev", Bytes: 1959 << 20},
		{Point: "/run/lock", Source: "tmpfs", Type: "tmpfs", Options: "rw,nosuid,nodev,noexec,relatime", Bytes: 5 << 20},
	} {
		if !have[m.Point] {
			f.Mount(m)
		}
	}
	_ = f.Chmod("/dev/shm", fs.ModeSticky|0o777)  // it was made above
	_ = f.Chmod("/run/lock", fs.ModeSticky|0o777) // as above
}

// system are Debian's own accounts that files and probes meet.
var system = []User{
	{Name: "root", UID: 0, GID: 0, Home: "/root", Shell: "/bin/bash"},
	{Name: "daemon", UID: 1, GID: 1, Home: "/usr/sbin", Shell: "/usr/sbin/nologin"},
	{Name: "bin", UID: 2, GID: 2, Home: "/bin", Shell: "/usr/sbin/nologin"},
	{Name: "mail", UID: 8, GID: 8, Home: "/var/mail", Shell: "/usr/sbin/nologin"},
	{Name: "www-data", UID: 33, GID: 33, Home: "/var/www", Shell: "/usr/sbin/nologin"},
	{Name: "nobody", UID: 65534, GID: 65534, Groups: []string{"nogroup"}, Home: "/nonexistent", Shell: "/usr/sbin/nologin"},
	{Name: "messagebus", UID: 100, GID: 107, Home: "/nonexistent", Shell: "/usr/sbin/nologin"},
	{Name: "sshd", UID: 101, GID: 65534, Groups: []string{"nogroup"}, Home: "/run/sshd", Shell: "/usr/sbin/nologin"},
}

func standardEtc(h *Host, facts Facts) {
	f := h.FS
	users := slices.Clone(system)
	for _, u := range h.Users {
		users = slices.DeleteFunc(users, func(o User) bool { return o.Name == u.Name })
		users = append(users, u)
	}
	var passwd strings.Builder
	ids := map[string]int{"adm": 4, "tty": 5, "disk": 6, "sudo": 27, "shadow": 42, "systemd-journal": 999, "ssl-cert": 105}
	members := map[string][]string{}
	for _, u := range users {
		a := complete(u)
		fmt.Fprintf(&passwd, "%s:x:%d:%d::%s:%s\n", a.Name, a.UID, a.GID, a.Home, a.Shell)
		ids[a.Groups[0]] = a.GID
		for _, g := range a.Groups[1:] {
			members[g] = append(members[g], a.Name)
			if _, ok := ids[g]; !ok {
				ids[g] = 900 + len(ids)
			}
		}
	}
	var group strings.Builder
	for _, g := range slices.SortedFunc(maps.Keys(ids), func(a, b string) int { return ids[a] - ids[b] }) {
		fmt.Fprintf(&group, "%s:x:%d:%s\n", g, ids[g], strings.Join(members[g], ","))
	}
	f.try("/etc/passwd", passwd.String(), 0o644, "root:root")
	f.try("/etc/group", group.String(), 0o644, "root:root")
	f.try("/etc/shadow", "", 0o640, "root:shadow")
	f.try("/etc/hostname", h.Name+"\n", 0o644, "root:root")
	f.try("/etc/hosts", "127.0.0.1\tlocalhost\n"+facts.Address+"\t"+h.Name+"\n", 0o644, "root:root")
	f.try("/etc/machine-id", facts.Machine+"\n", 0o444, "root:root")
	f.try("/etc/debian_version", "13.1\n", 0o644, "root:root")
	f.try("/etc/timezone", "Etc/UTC\n", 0o644, "root:root")
	f.try("/etc/sysctl.conf", "", 0o644, "root:root")
	f.try("/etc/crontab", "SHELL=/bin/sh\nPATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin\n", 0o644, "root:root")
	f.try("/etc/fstab", "/dev/vda1 / ext4 errors=remount-ro 0 1\n", 0o644, "root:root")
	f.try("/usr/lib/os-release", `PRETTY_NAME="Debian GNU/Linux 13 (trixie)"
NAME="Debian GNU/Linux"
VERSION_ID="13"
VERSION="13 (trixie)"
VERSION_CODENAME=trixie
DEBIAN_VERSION_FULL=13.1
ID=debian
HOME_URL="https://www.debian.org/"
SUPPORT_URL="https://www.debian.org/support"
BUG_REPORT_URL="https://bugs.debian.org/"
`, 0o644, "root:root")
	if !f.Exists("/etc/os-release") {
		_ = f.Symlink("../usr/lib/os-release", "/etc/os-release") // a builder may have put something else there
	}
}

func standardDevices(h *Host) {
	f := h.FS
	swallow := func([]byte) error { return nil }
	nothing := func() []byte { return nil }
	for _, d := range []string{"/dev/null", "/dev/tty"} {
		if !f.Exists(d) {
			f.device(d, 0o666, nothing, swallow)
		}
	}
	for name, fill := range map[string]func([]byte){
		"/dev/zero":    func(p []byte) { clear(p) },
		"/dev/urandom": func(p []byte) { _, _ = rand.Read(p) }, // it does not fail
		"/dev/random":  func(p []byte) { _, _ = rand.Read(p) }, // as above
	} {
		if f.Exists(name) {
			continue
		}
		f.device(name, 0o666, nothing, swallow)
		f.mu.Lock()
		if at, err := f.lookup(name, false, root); err == 0 && at.node != nil {
			at.node.stream = fill
		}
		f.mu.Unlock()
	}
	for link, to := range map[string]string{"/dev/stdin": "/proc/self/fd/0", "/dev/stdout": "/proc/self/fd/1", "/dev/stderr": "/proc/self/fd/2"} {
		if _, err := f.Lstat(link); err != nil {
			_ = f.Symlink(to, link) // as above
		}
	}
}

// python are the commands that are scripts of Python, which books tell by their first line.
var python = []string{"patroni", "patronictl", "ansible", "ansible-playbook"}

// standardPrograms puts a file for each command where Debian has it.
func standardPrograms(h *Host) {
	body := "\x7fELF\x02\x01\x01\x00"
	list := Commands()
	for name := range h.Commands {
		list = append(list, name)
	}
	for _, name := range list {
		file := name
		if !strings.HasPrefix(name, "/") {
			file = home(name) + "/" + name
		}
		if slices.Contains(python, name) {
			h.FS.try(file, "#!/usr/bin/python3\n", 0o755, "root:root")
			continue
		}
		h.FS.try(file, body, 0o755, "root:root")
		if i, err := h.FS.Stat(file); err == nil && i.Size == int64(len(body)) {
			h.FS.SetSize(file, 30000+int64(fnv(file)%90000))
		}
	}
}

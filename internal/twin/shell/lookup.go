package shell

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
)

// program is something that can be run: a command of Go code, or a script and what runs it.
type program struct {
	path string
	fn   Command
	// interpreter are the words of a #! line; empty for a command.
	interpreter []string
}

// sbin are the commands that Debian keeps in /usr/sbin.
var sbin = []string{
	"sysctl", "nologin", "runuser", "haproxy", "keepalived", "nginx", "chpasswd", "dumpe2fs", "e2fsck", "ethtool", "fsck", "fstrim",
	"iptables", "modprobe", "nft", "pgbouncer", "reboot", "shutdown", "poweroff", "sshd", "useradd", "usermod", "arp", "lvs", "vgs", "pvs",
}

func home(name string) string {
	if slices.Contains(sbin, name) {
		return "/usr/sbin"
	}
	return "/usr/bin"
}

// command finds the code for a program's name or path.
func (h *Host) command(file string) Command {
	if c := h.Commands[file]; c != nil {
		return c
	}
	name := path.Base(file)
	if c := h.Commands[name]; c != nil {
		return c
	}
	if isBin(path.Dir(file)) {
		return general(name)
	}
	return nil
}

// resolve finds what runs for a name: by its path when it has a slash, on the PATH otherwise. A command that has no file in
// the tree is found in Debian's place for it.
func (h *Host) resolve(name, dir, pathList string, who identity) (program, syscall.Errno) {
	if strings.Contains(name, "/") {
		return h.executable(name, dir, who)
	}
	if name == "" {
		return program{}, syscall.ENOENT
	}
	found := syscall.ENOENT
	for _, d := range strings.Split(pathList, ":") {
		if d == "" {
			d = "."
		}
		p, err := h.executable(d+"/"+name, dir, who)
		if err == 0 {
			return p, 0
		}
		if err == syscall.EACCES {
			found = err
		}
	}
	return program{}, found
}

func (h *Host) executable(file, dir string, who identity) (program, syscall.Errno) {
	full := file
	if !strings.HasPrefix(full, "/") {
		full = strings.TrimSuffix(dir, "/") + "/" + file
	}
	shown := path.Clean(full)
	i, err := h.FS.stat(full, true, who)
	if err != nil {
		no := err.(*fs.PathError).Err.(syscall.Errno)
		if fn := h.command(shown); no == syscall.ENOENT && fn != nil && isHome(shown) {
			return program{path: shown, fn: fn}, 0
		}
		return program{}, no
	}
	if i.Dir || i.Mode&0o111 == 0 {
		return program{}, syscall.EACCES
	}
	if err := h.FS.access(full, 1, who); err != nil {
		return program{}, syscall.EACCES
	}
	for _, name := range []string{shown, i.Path} {
		if fn := h.command(name); fn != nil {
			return program{path: shown, fn: fn}, 0
		}
	}
	head, err := h.FS.ReadFile(full)
	if err != nil {
		return program{}, syscall.EACCES
	}
	if line, ok := bytes.CutPrefix(head, []byte("#!")); ok {
		line, _, _ = bytes.Cut(line, []byte("\n"))
		if words := strings.Fields(string(line)); len(words) > 0 {
			return program{path: shown, interpreter: words}, 0
		}
	}
	if bytes.IndexByte(head[:min(len(head), 512)], 0) < 0 {
		return program{path: shown, interpreter: []string{"/bin/sh"}}, 0
	}
	return program{}, syscall.ENOEXEC
}

func isBin(dir string) bool {
	return slices.Contains([]string{"/bin", "/usr/bin", "/sbin", "/usr/sbin"}, dir)
}

// isHome says whether a path is where Debian would have a command that has no file in the tree.
func isHome(file string) bool {
	dir, name := path.Split(file)
	want := home(name)
	dir = path.Clean(dir)
	return dir == want || "/usr"+dir == want
}

// run runs the program as a process that exists, and returns its status.
func (p program) run(proc *process, args, env []string, dir string, umask fs.FileMode, fds fdTable) int {
	fn := p.fn
	if len(p.interpreter) > 0 {
		next, err := proc.host.executable(p.interpreter[0], dir, proc.who)
		if err != 0 || len(next.interpreter) > 0 {
			return 127
		}
		fn = next.fn
		args = append(append(slices.Clone(p.interpreter), p.path), args[1:]...)
	}
	c := &Call{
		Host: proc.host, Args: args, Dir: dir, User: proc.who.user, PID: proc.pid, proc: proc, env: env, fds: fds, umask: umask,
		Stdin: end{proc, fds[0]}, Stdout: end{proc, fds[1]}, Stderr: end{proc, fds[2]},
	}
	return safely(proc.ctx, fn, c)
}

// safely turns a panic of a command into the end of a process that crashed, so that a bug here ends no console.
func safely(ctx context.Context, fn Command, c *Call) (status int) {
	defer func() {
		if e := recover(); e != nil {
			fmt.Fprintf(c.Stderr, "Segmentation fault (%v)\n", e)
			status = 128 + int(syscall.SIGSEGV)
		}
	}()
	return fn(ctx, c)
}

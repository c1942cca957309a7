package actions

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/internal/scrub"
)

const (
	// playGrace is how long an interrupted playbook may take to end before SIGTERM, and then before SIGKILL.
	playGrace = 10 * time.Second
	// playLinger is how long the process's output is read after its end, when something that it left behind holds it open.
	playLinger = 2 * time.Second
	// playLine is the longest event in bytes; a longer one is passed over.
	playLine = 1 << 20
	// playEnd is the line with which recon ends the events.
	playEnd = "end of the run"
)

// runPlay runs one ansible-playbook for all targets, and judges each of them by what the callback plugin reported.
func (h *Hands) runPlay(ctx context.Context, p *Plan, sink func(target string) io.Writer) []Outcome {
	began := time.Now()
	l := &ledger{
		dry: p.Command.Play.DryRun, writers: map[string]io.Writer{}, follow: map[string]func(Tasks){},
		hosts: map[string]*Tasks{}, running: map[string]bool{},
	}
	var open []*joined
	for _, s := range p.Shots {
		w := sink(s.Target)
		clean := &joined{w: scrub.NewWriter(w, h.masks)}
		open = append(open, clean)
		l.targets, l.writers[s.Target] = append(l.targets, s.Target), clean
		if f, ok := w.(Follower); ok {
			l.follow[s.Target] = func(t Tasks) { f.Follow(h.cleanTasks(t)) }
		}
	}
	kind, code, why := h.play(ctx, p.Command, l)
	out := make([]Outcome, len(p.Shots))
	for i, s := range p.Shots {
		o := Outcome{Target: s.Target, Kind: kind, Reason: why}
		if kind != remote.NotStarted {
			o = l.outcome(s.Target, kind, why)
		}
		if err := open[i].w.Close(); err != nil && o.Kind == remote.OK {
			o.Reason += "; its output could not be kept: " + err.Error()
		}
		if o.Kind == remote.Failed {
			o.Code = code
		}
		if o.Tasks != nil {
			t := h.cleanTasks(*o.Tasks)
			o.Tasks = &t
		}
		o.Reason = scrub.Line(h.masks.Mask(scrub.Text(o.Reason)))
		o.Began, o.Duration = began, time.Since(began)
		out[i] = o
	}
	return out
}

// cleanTasks takes out of the words what must not be shown.
func (h *Hands) cleanTasks(t Tasks) Tasks {
	for _, s := range []*string{&t.Now, &t.Failure, &t.Message} {
		*s = scrub.Line(h.masks.Mask(scrub.Text(*s)))
	}
	return t
}

// play runs the process in a private folder that is gone afterwards. NotStarted says that nothing ran; Failed, TimedOut and
// Cancelled leave it to the ledger what that means for each host.
func (h *Hands) play(ctx context.Context, cmd Command, l *ledger) (kind remote.ExitKind, code int, why string) {
	if err := ctx.Err(); err != nil {
		return remote.NotStarted, 0, "cancelled before it began"
	}
	dir, err := h.prepare(ctx, cmd)
	if dir != "" {
		defer func() {
			if err := os.RemoveAll(dir); err != nil && why == "" {
				why = "the private folder of the run could not be removed: " + err.Error()
			}
		}()
	}
	if err != nil {
		return remote.NotStarted, 0, "prepare the run: " + err.Error()
	}
	args, err := playArgs(h.cluster, cmd)
	if err != nil {
		return remote.NotStarted, 0, err.Error()
	}
	events, err := fifo(filepath.Join(dir, "events"))
	if err != nil {
		return remote.NotStarted, 0, "make the pipe for the events: " + err.Error()
	}
	defer events.Close()
	said := &lastWords{w: l.writers[l.targets[0]]}
	c := exec.Command(args[0], args[1:]...)
	c.Dir, c.Env = dir, h.playEnv(dir)
	c.Stdout, c.Stderr = said, said
	c.WaitDelay = playLinger
	// A session of its own is a process group of its own, and has no terminal: neither ssh nor a playbook can ask for a password
	// across recon's screen.
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := c.Start(); err != nil {
		return remote.NotStarted, 0, err.Error()
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		follow(events, l, func() { forget(dir) })
	}()
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	kind, why = h.watch(ctx, cmd.Timeout, c.Process.Pid, ended)
	// The last line is ours: what the plugin wrote stands before it, whoever may still hold the pipe open.
	if _, err := events.WriteString("\n" + playEnd + "\n"); err != nil {
		return remote.Unknown, 0, "end the events: " + err.Error()
	}
	<-read
	code = c.ProcessState.ExitCode()
	if kind == remote.OK && code != 0 {
		kind, why = remote.Failed, l.broken(said.error(code))
	}
	return kind, code, why
}

// watch waits for the end of the process, and ends it when its time is over: interrupted first, so that Ansible ends its
// workers and connections itself.
func (h *Hands) watch(ctx context.Context, limit time.Duration, pid int, ended <-chan error) (remote.ExitKind, string) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	kind, why := remote.Cancelled, "cancelled"
	select {
	case <-ended:
		return remote.OK, ""
	case <-timer.C:
		kind, why = remote.TimedOut, fmt.Sprintf("stopped after %s", limit)
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			kind, why = remote.TimedOut, "stopped at its deadline"
		}
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		// An error is ESRCH: it has ended meanwhile, which the channel says as well.
		_ = syscall.Kill(-pid, signal)
		select {
		case <-ended:
			// Whatever of the group outlived its leader is ended as well.
			_ = syscall.Kill(-pid, syscall.SIGKILL)
			return kind, why
		case <-time.After(h.grace):
		}
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	<-ended
	return kind, why + ", with SIGKILL"
}

// prepare makes the private folder: the inventory, the playbooks that recon brings, the callback plugin and the passwords.
//
// The passwords are in files (0600, in a folder 0700, in memory where XDG_RUNTIME_DIR is) and not in pipes: every host may have
// another one, and Ansible takes only one from a pipe; and a wrapper around ansible-playbook (pipx, a virtual environment)
// may close descriptors. They are removed at the first event, when Ansible has read them, so they exist for about a second.
func (h *Hands) prepare(ctx context.Context, cmd Command) (dir string, err error) {
	dir, err = os.MkdirTemp(os.Getenv("XDG_RUNTIME_DIR"), "recon-ansible-")
	if err != nil {
		if dir, err = os.MkdirTemp("", "recon-ansible-"); err != nil {
			return "", err
		}
	}
	var nodes bytes.Buffer
	if err := h.cluster.WriteAnsibleFile(&nodes); err != nil {
		return dir, err
	}
	secrets, vault, err := h.playSecrets(ctx)
	if err != nil {
		return dir, err
	}
	if err := unpack(cmd.Play.Brought, filepath.Join(dir, playBrought)); err != nil {
		return dir, err
	}
	files := map[string]string{playInventory: nodes.String(), playSecrets: secrets, playVault: vault}
	for name, text := range files {
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return dir, err
		}
	}
	return dir, nil
}

// playSecrets are the file with the hosts' passwords and that with the vault's; empty where there is none.
func (h *Hands) playSecrets(ctx context.Context) (hosts, vault string, err error) {
	passwords := passwords(h.cluster)
	if len(passwords) > 0 {
		hosts = inventory.AnsibleSecrets + ":\n"
		for _, n := range h.cluster.Nodes {
			if passwords[n.Name] == nil {
				continue
			}
			hosts += "  " + `"` + n.Name + `":` + "\n"
			for what, ref := range passwords[n.Name] {
				value, err := h.secret(ctx, ref)
				if err != nil {
					return "", "", fmt.Errorf("the %s password of %s: %w", what, n.Name, err)
				}
				text, err := plainJSON(value)
				if err != nil {
					return "", "", err
				}
				hosts += "    " + what + ": !unsafe " + text + "\n"
			}
		}
	}
	if d := h.cluster.Deployment; d != nil && !d.Vault.IsZero() {
		value, err := h.secret(ctx, d.Vault)
		if err != nil {
			return "", "", fmt.Errorf("the vault's password: %w", err)
		}
		vault = value + "\n"
	}
	return hosts, vault, nil
}

// forget removes the passwords.
func forget(dir string) {
	for _, name := range []string{playSecrets, playVault} {
		// It may not be there; and the whole folder is removed at the end, with an error that is told.
		_ = os.Remove(filepath.Join(dir, name))
	}
}

// unpack writes a tree of files.
func unpack(from fs.FS, to string) error {
	return fs.WalkDir(from, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, filepath.FromSlash(path))
		if d.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		b, err := fs.ReadFile(from, path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, b, 0o600)
	})
}

// playEnv is the environment of the process: ours, and what makes Ansible report to us.
func (h *Hands) playEnv(dir string) []string {
	folder := filepath.Join(dir, playBrought)
	env := append(
		os.Environ(), "ANSIBLE_STDOUT_CALLBACK=recon_events", "ANSIBLE_CALLBACK_PLUGINS="+filepath.Join(folder, "callback_plugins"),
		"RECON_EVENTS="+filepath.Join(dir, "events"), "ANSIBLE_NOCOLOR=1", "ANSIBLE_FORCE_COLOR=0", "ANSIBLE_RETRY_FILES_ENABLED=0",
		"ANSIBLE_HOST_KEY_CHECKING=1", "PYTHONUNBUFFERED=1",
	)
	if d := h.cluster.Deployment; d != nil && d.Playbooks != "" {
		folder = d.Playbooks
	}
	// Ansible looks for its settings where it is started, which is the private folder.
	if conf := filepath.Join(folder, "ansible.cfg"); exists(conf) {
		env = append(env, "ANSIBLE_CONFIG="+conf)
	}
	return env
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// fifo makes a named pipe and opens it at both ends, so that it is open before the plugin comes and after it left.
func fifo(path string) (*os.File, error) {
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_RDWR, 0)
}

// follow reads events until their end. first is called before the first of them.
func follow(events io.Reader, l *ledger, first func()) {
	b := bufio.NewReaderSize(events, playLine)
	seen := false
	for {
		line, err := b.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = b.ReadSlice('\n')
			}
			line = nil
		}
		if string(bytes.TrimSpace(line)) == playEnd {
			return
		}
		if len(bytes.TrimSpace(line)) > 0 {
			if !seen {
				seen = true
				first()
			}
			l.take(line)
		}
		if err != nil {
			return
		}
	}
}

// lastWords hands on what the process itself says (warnings and errors) and keeps the end of it.
type lastWords struct {
	mu   sync.Mutex
	w    io.Writer
	kept []byte
}

func (l *lastWords) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, p...)
	if n := len(l.kept) - 16<<10; n > 0 {
		l.kept = l.kept[n:]
	}
	_, _ = l.w.Write(p) // the writer is the screen's and the trail's; the run does not depend on it
	return len(p), nil
}

// error is the line that says why it ended with this code.
func (l *lastWords) error(code int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	last, stopped := "", ""
	for line := range strings.Lines(string(l.kept)) {
		line = strings.TrimSpace(line)
		origin, isOrigin := strings.CutPrefix(line, "Origin: ")
		switch {
		case stopped != "" && isOrigin:
			return stopped + " (" + origin + ")" // the file, and the place in it
		case stopped != "":
			return stopped
		case strings.HasPrefix(line, "ERROR!") || strings.HasPrefix(line, "[ERROR]"):
			stopped = "Ansible stopped: " + strings.TrimSuffix(line, ".")
		}
		if line != "" {
			last = line
		}
	}
	if stopped != "" {
		return stopped
	}
	if last == "" {
		return fmt.Sprintf("Ansible ended with exit status %d", code)
	}
	return fmt.Sprintf("Ansible ended with exit status %d: %s", code, last)
}

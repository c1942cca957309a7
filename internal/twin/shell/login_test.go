package shell_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"recon/internal/twin/shell"
)

// The lines are those that internal/remote puts around a command.
const (
	marker   = "recon-0123456789abcdef0123456789abcdef"
	preamble = "echo " + marker + " >&2; read -r go; [ \"$go\" = recon-go ] || exit 125; unset go\n"
)

func TestSudoWithoutPassword(t *testing.T) {
	line := "sudo -n -u root -- /bin/sh -c '" + preamble + "id -un; cat; exit 3'"
	got := do(t, host(t), "deploy", line, "recon-go\nthe rest\n")
	if want := (said{"root\nthe rest\n", marker + "\n", 3}); got != want {
		t.Errorf("got %#v", got)
	}
	got = do(t, host(t), "deploy", line, "late password\nrecon-go\n")
	if got.status != 125 || got.out != "" {
		t.Errorf("another word than the console's: %#v", got)
	}
}

func TestSudoWithPassword(t *testing.T) {
	h := host(t)
	h.SudoPassword = "secret"
	line := "sudo -S -p '" + marker + "-password:' -u root -- /bin/sh -c '" + preamble + "id -un; cat'"
	prompt := marker + "-password:"
	got := do(t, h, "deploy", line, "secret\nrecon-go\nrest")
	if want := (said{"root\nrest", prompt + marker + "\n", 0}); got != want {
		t.Errorf("got %#v", got)
	}
	got = do(t, h, "deploy", line, "wrong\nsecret\nrecon-go\n")
	if want := (said{"root\n", prompt + "Sorry, try again.\n" + prompt + marker + "\n", 0}); got != want {
		t.Errorf("second try: got %#v", got)
	}
	got = do(t, h, "deploy", line, "1\n2\n3\n4\n")
	if got.status != 1 || !strings.HasSuffix(got.err, "sudo: 3 incorrect password attempts\n") {
		t.Errorf("three tries: got %#v", got)
	}
	got = do(t, h, "deploy", "sudo -n true", "")
	if want := (said{"", "sudo: a password is required\n", 1}); got != want {
		t.Errorf("-n: got %#v", got)
	}
	got = do(t, h, "postgres", "sudo -S -p '' true", "secret\n")
	if got.status != 1 || !strings.Contains(got.err, "postgres is not in the sudoers file") {
		t.Errorf("postgres: got %#v", got)
	}
}

func TestSu(t *testing.T) {
	h := host(t)
	h.RootPassword = "toor"
	line := "env LC_ALL=C su -s /bin/sh -c 'unset LC_ALL; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; " + preamble + "id -un; command -v sysctl; cat' root"
	got := do(t, h, "deploy", line, "toor\nrecon-go\nrest")
	if want := (said{"root\n/usr/sbin/sysctl\nrest", "Password: \n" + marker + "\n", 0}); got != want {
		t.Errorf("got %#v", got)
	}
	got = do(t, h, "deploy", line, "wrong\nrecon-go\n")
	if want := (said{"", "Password: \nsu: Authentication failure\n", 1}); got != want {
		t.Errorf("wrong: got %#v", got)
	}
}

func TestRunuser(t *testing.T) {
	got := do(t, host(t), "root", "runuser -u postgres -- id -un; su - postgres -c 'id -un; pwd'; runuser -u none -- id", "")
	if !strings.HasPrefix(got.out, "postgres\npostgres\n/var/lib/postgresql\n") || got.status != 1 {
		t.Errorf("got %#v", got)
	}
	if got := do(t, host(t), "deploy", "runuser -u postgres -- id", ""); got.status == 0 {
		t.Errorf("a user may not: %#v", got)
	}
}

// The commands of /usr/sbin are on root's PATH only.
func TestPath(t *testing.T) {
	h := host(t)
	if got := do(t, h, "deploy", sh("sysctl -n kernel.ostype"), ""); got.err != "/bin/sh: 1: sysctl: not found\n" {
		t.Errorf("deploy: %#v", got)
	}
	if got := do(t, h, "root", sh("sysctl -n kernel.ostype"), ""); got.out != "Linux\n" {
		t.Errorf("root: %#v", got)
	}
}

func TestCancelKillsTheSession(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan struct{})
	h := host(t)
	h.Commands = map[string]shell.Command{"hang": func(ctx context.Context, c *shell.Call) int {
		close(started)
		<-ctx.Done()
		return 0
	}}
	go func() { <-started; cancel() }()
	if status := h.Run(ctx, shell.Spec{Line: "sleep 100 & hang", User: "deploy"}); status != 137 {
		t.Errorf("status %d", status)
	}
	eventually(t, func() bool { return len(h.Processes()) == 0 })
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatal("it did not happen")
		}
		time.Sleep(time.Millisecond)
	}
}

// A job whose output is nobody's lives on, one that holds the session's output keeps the session.
func TestBackgroundJobs(t *testing.T) {
	h := host(t)
	got := do(t, h, "deploy", sh("sleep 100 >/dev/null 2>&1 & echo $!"), "")
	if got.status != 0 || len(h.Processes()) != 1 {
		t.Fatalf("%#v, %d processes", got, len(h.Processes()))
	}
	if got := do(t, h, "postgres", sh("kill "+strings.TrimSpace(got.out)), ""); got.status != 1 || !strings.Contains(got.err, "Operation not permitted") {
		t.Errorf("another user's: %#v", got)
	}
	h.KillAll()
	eventually(t, func() bool { return len(h.Processes()) == 0 })
	if got := do(t, h, "deploy", sh("(sleep 0.05; echo late) & echo first"), ""); got.out != "first\nlate\n" {
		t.Errorf("%#v", got)
	}
}

// units is systemd as far as the wrapper of a step that survives wants it.
type units struct {
	mu      sync.Mutex
	running map[string]*shell.Detached
}

func (u *units) run(_ context.Context, c *shell.Call) int {
	spec := shell.DetachedSpec{}
	name := ""
	for i, a := range c.Args[1:] {
		if !strings.HasPrefix(a, "--") {
			spec.Args = c.Args[1+i:]
			break
		}
		if v, ok := strings.CutPrefix(a, "--unit="); ok {
			name = v
		}
		if v, ok := strings.CutPrefix(a, "--property=StandardOutput=append:"); ok {
			spec.StdoutFile, spec.StderrFile = v, v
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	spec.Done = func(int) {
		u.mu.Lock()
		delete(u.running, name)
		u.mu.Unlock()
	}
	d, err := c.Host.RunDetached(context.Background(), spec)
	if err != nil {
		return c.Fail(1, "%v", err)
	}
	u.running[name] = d
	return 0
}

func (u *units) systemctl(_ context.Context, c *shell.Call) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	if slices.Contains(c.Args, "is-active") && u.running[c.Args[len(c.Args)-1]] == nil {
		return 3
	}
	if slices.Contains(c.Args, "Result") {
		fmt.Fprintln(c.Stdout, "success")
	}
	return 0
}

func surviving(body string) string {
	q := quote
	run := "/bin/sh -eu \"$b.sh\"; echo $? >\"$b.rc.new\"; mv \"$b.rc.new\" \"$b.rc\"\n"
	return "set -eu; umask 077; mkdir -p /run/recon; u=recon-x; b=/run/recon/$u\n" +
		"printf %s " + q(body) + " >\"$b.sh\"; printf 'b=%s\\n%s' \"$b\" " + q(run) + " >\"$b.run\"; : >\"$b.out\"\n" +
		"systemd-run --quiet --unit=\"$u\" --service-type=exec --property=RuntimeMaxSec=60" +
		" --property=StandardOutput=append:\"$b.out\" --property=StandardError=append:\"$b.out\" /bin/sh \"$b.run\"\n" +
		"tail -c +1 -f \"$b.out\" & t=$!\n" +
		"while [ ! -e \"$b.rc\" ] && systemctl is-active --quiet \"$u\"; do sleep 0.2; done\n" +
		"sleep 0.3; kill $t; wait $t 2>/dev/null || :\n" +
		"if [ -e \"$b.rc\" ]; then exit \"$(cat \"$b.rc\")\"; fi\n" +
		"r=$(systemctl show -p Result --value \"$u\" || :); [ \"$r\" = timeout ] && exit 124\n" +
		"exit 113"
}

func TestSurvivingWrapper(t *testing.T) {
	u := &units{running: map[string]*shell.Detached{}}
	h := host(t)
	h.Commands = map[string]shell.Command{"systemd-run": u.run, "systemctl": u.systemctl}
	got := do(t, h, "deploy", "sudo -n -u root -- /bin/sh -c "+quote(surviving("echo one; echo two >&2; id -un; sleep 0.3; echo three; false; echo no")), "")
	if got.out != "one\ntwo\nroot\nthree\n" || got.status != 1 {
		t.Errorf("got %#v", got)
	}
	if i, err := h.FS.Stat("/run/recon/recon-x.sh"); err != nil || i.Mode.Perm() != 0o600 || i.User != "root" {
		t.Errorf("the script's file: %+v, %v", i, err)
	}
	// A unit that dies without leaving a status.
	done := make(chan said, 1)
	go func() {
		done <- do(t, h, "root", surviving("rm -f /run/recon/recon-x.rc; echo started; sleep 100"), "")
	}()
	eventually(t, func() bool {
		b, err := h.FS.ReadFile("/run/recon/recon-x.out")
		return err == nil && string(b) == "started\n"
	})
	u.mu.Lock()
	d := u.running["recon-x"]
	u.mu.Unlock()
	d.Signal(syscall.SIGKILL)
	if got := <-done; got.status != 113 {
		t.Errorf("killed unit: got %#v", got)
	}
}

// screen is what a terminal shows.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

func TestInteractive(t *testing.T) {
	h := host(t)
	h.SudoPassword = "secret"
	in, keys := io.Pipe()
	out := &screen{}
	status := make(chan int)
	go func() {
		status <- h.Interactive(t.Context(), shell.Spec{User: "deploy", Stdin: in, Stdout: out})
		_ = in.Close()
	}()
	step := func(typed, until string) {
		t.Helper()
		if _, err := io.WriteString(keys, typed); err != nil {
			t.Fatal(err)
		}
		end := time.Now().Add(10 * time.Second)
		for !strings.HasSuffix(out.String(), until) {
			if time.Now().After(end) {
				t.Fatalf("after %q: %q", typed, out.String())
			}
			time.Sleep(time.Millisecond)
		}
	}
	prompt := "deploy@pg1:~$ "
	step("", prompt)
	step("echo hellp\x7fo\r", "echo hellp\b \bo\r\nhello\r\n"+prompt)
	step("for i in 1 2; do\r", "> ")
	step("echo $i; done\r", "1\r\n2\r\n"+prompt)
	step("sleep 100\r", "sleep 100\r\n")
	eventually(t, func() bool {
		return slices.ContainsFunc(h.Processes(), func(p shell.Process) bool { return p.Args[0] == "sleep" })
	})
	step("\x03", "^C\r\n"+prompt)
	step("echo $?\r", "130\r\n"+prompt)
	step("half a line\x03", "^C\r\n"+prompt)
	step("cat\r", "cat\r\n")
	step("copied\r", "copied\r\ncopied\r\n")
	step("\x04", prompt)
	step("sudo id -un\r", "[sudo] password for deploy: ")
	step("secret\r", "deploy: \r\nroot\r\n"+prompt)
	step("cd /etc; nope\r", "-bash: nope: command not found\r\ndeploy@pg1:/etc$ ")
	step("[ -t 0 ] && tty\r", "/dev/pts/0\r\ndeploy@pg1:/etc$ ")
	step("sudo -i\r", "[sudo] password for deploy: ")
	step("secret\r", "root@pg1:~# ")
	step("exit\r", "deploy@pg1:/etc$ ")
	step("(exit 4)\r", "(exit 4)\r\ndeploy@pg1:/etc$ ")
	step("\x04", "exit\r\n")
	if s := <-status; s != 4 {
		t.Errorf("status %d", s)
	}
	_ = keys.Close()
}

package remote

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"recon/internal/inventory"
)

// The programs below behave as sudo 1.9 and util-linux su 2.38 do without a terminal, and as the faulty ones of the field.
// Each reading of a password leaves a line in $READS.
const fakeSudo = `#!/bin/sh
ask=no prompt=
while [ $# -gt 0 ]; do
	case $1 in
	-n) ;;
	-S) ask=yes ;;
	-p) prompt=$2; shift ;;
	-u) shift ;;
	--) shift; break ;;
	*) exit 99 ;;
	esac
	shift
done
answer() {
	printf '%s' "$prompt" >&2
	read -r word || { echo 'sudo: no password was provided' >&2; exit 1; }
	echo "$word" >>"$READS"
}
try() {
	for i in 1 2 3; do
		answer
		[ "$word" = "$PASSWORD" ] && return
		echo 'Sorry, try again.' >&2
	done
	echo 'sudo: 3 incorrect password attempts' >&2
	exit 1
}
case $FAKE in
cached) ;;
required) echo 'sudo: a password is required' >&2; exit 1 ;;
forbidden) try; echo 'deploy is not in the sudoers file.' >&2; exit 1 ;;
lecture) printf 'We trust you have received the usual lecture.\n\n' >&2; echo 'a line on stdout'; try ;;
late) sleep 0.4; try ;;
split) whole=$prompt; prompt=${whole%%password:}; printf '%s' "$prompt" >&2; sleep 0.1; prompt=password:; try ;;
never) sleep 60 ;;
other) prompt='Verification code: '; try ;;
leak) answer; echo "sudo: $word is not it, sorry" >&2; exit 1 ;;
stuck) answer; sleep 60 ;;
blind) answer; exec "$@" ;;
*) [ $ask = yes ] && try ;;
esac
exec "$@"
`

const fakeSu = `#!/bin/sh
[ "$LC_ALL" = C ] || exit 98
[ "$1 $2 $3" = '-s /bin/sh -c' ] || exit 99
case $FAKE in
german) printf 'Passwort: ' >&2 ;;
split) printf 'Pass' >&2; sleep 0.1; printf 'word:' >&2; sleep 0.1; printf ' ' >&2 ;;
late) sleep 0.4; printf 'Password: ' >&2 ;;
stdout) printf 'Password: ' ;;
motd) echo 'Your Password: is old' >&2; printf 'Password: ' >&2 ;;
free) exec /bin/sh -c "$4" ;;
*) printf 'Password: ' >&2 ;;
esac
read -r word || { echo 'su: Authentication failure' >&2; exit 1; }
echo "$word" >>"$READS"
[ "$word" = "$PASSWORD" ] || { echo; sleep 0.1; echo 'su: Authentication failure' >&2; exit 1; }
exec /bin/sh -c "$4"
`

const rightWord = "hunter22 'x"

// becomer is a host with the fake programs.
func becomer(t *testing.T, method inventory.BecomeMethod, fake, password string, tm timing) (*sshServer, *Pool, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"sudo": fakeSudo, "su": fakeSu} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	key, _ := newKey(t)
	s := serve(t, key)
	s.set(func() {
		s.env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "FAKE=" + fake, "PASSWORD=" + rightWord, "READS=" + filepath.Join(dir, "reads")}
	})
	n := s.node(t, "db1", key.PublicKey())
	n.SSH.Become = inventory.Become{Method: method, User: "root"}
	if password != "" {
		n.SSH.Become.Password = secret(t, password)
	}
	return s, pool(t, Options{}, tm, n), dir
}

// secret is a reference to a file with this value.
func secret(t testing.TB, value string) inventory.Secret {
	t.Helper()
	s, err := inventory.NewSecret("file:"+write(t, "secret", value), "become.password")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBecome(t *testing.T) {
	t.Parallel()
	short := quick()
	short.become = 700 * time.Millisecond
	for _, c := range []struct {
		method   inventory.BecomeMethod
		fake     string
		password string
		kind     ExitKind
		says     string
		// reads is how often a password was read.
		reads int
	}{
		{"sudo", "", "", OK, "", 0},
		{"sudo", "required", "", NotStarted, "become.password", 0},
		{"sudo", "never", "", NotStarted, "neither asked", 0},
		{"sudo", "", rightWord, OK, "", 1},
		{"sudo", "cached", rightWord, OK, "", 0},
		{"sudo", "lecture", rightWord, OK, "", 1},
		{"sudo", "late", rightWord, OK, "", 1},
		{"sudo", "split", rightWord, OK, "", 1},
		{"sudo", "", "wrong word", NotStarted, "sudo refused the password (Sorry, try again. sudo: no password was provided); nothing ran", 1},
		{"sudo", "leak", "wrong word", NotStarted, "‹password› is not it", 1},
		{"sudo", "forbidden", rightWord, NotStarted, "sudo did not become root (deploy is not in the sudoers file.); nothing ran", 1},
		{"sudo", "other", rightWord, NotStarted, "Verification code:", 0},
		{"sudo", "stuck", rightWord, NotStarted, "did not answer within 700ms of the password", 1},
		{"sudo", "never", rightWord, NotStarted, "neither asked for the password nor became root within 700ms", 0},
		{"su", "", rightWord, OK, "", 1},
		{"su", "late", rightWord, OK, "", 1},
		{"su", "split", rightWord, OK, "", 1},
		{"su", "stdout", rightWord, OK, "", 1},
		{"su", "motd", rightWord, OK, "", 1},
		{"su", "free", rightWord, OK, "", 0},
		{"su", "free", "", OK, "", 0},
		{"su", "", "wrong word", NotStarted, "su refused the password (su: Authentication failure); nothing ran", 1},
		{"su", "", "", NotStarted, "the cluster file names none (become.password)", 0},
		{"su", "german", rightWord, NotStarted, "neither asked for the password nor became root within 700ms (Passwort:); nothing ran", 0},
	} {
		t.Run(string(c.method)+" "+c.fake+" "+c.password, func(t *testing.T) {
			t.Parallel()
			s, p, dir := becomer(t, c.method, c.fake, c.password, short)
			mark := filepath.Join(dir, "ran")
			line, who, err := p.Wire("db1", "echo out; echo err >&2; cat; touch "+mark+"; exit 0", true)
			if err != nil || who != "root ("+string(c.method)+")" {
				t.Fatalf("%q, %v", who, err)
			}
			var out, errs bytes.Buffer
			e := p.Run(within(t), "db1", Command{Line: line, Become: true, Stdin: []byte("in\nput"), Stdout: &out, Stderr: &errs})
			want(t, e, c.kind, c.says)
			if got := s.got(); len(got) != 1 || got[0] != line {
				t.Fatalf("sent %q", got)
			}
			_, err = os.Stat(mark)
			switch {
			case c.kind == OK && (err != nil || out.String() != "out\nin\nput" || errs.String() != "err\n"):
				t.Fatalf("%v, output %q and %q", err, out.String(), errs.String())
			case c.kind != OK && (err == nil || out.Len() > 0 || errs.Len() > 0 || e.Code != 0):
				t.Fatalf("%v, output %q and %q, code %d", err, out.String(), errs.String(), e.Code)
			}
			reads, _ := os.ReadFile(filepath.Join(dir, "reads"))
			if n := strings.Count(string(reads), "\n"); n != c.reads || n == 1 && string(reads) != c.password+"\n" {
				t.Fatalf("passwords were read: %q", reads)
			}
			if c.password != "" && strings.Contains(line+out.String()+errs.String()+e.Reason, c.password) {
				t.Fatalf("the password shows in %q %q %q %q", line, out.String(), errs.String(), e.Reason)
			}
		})
	}
}

func TestStatusUnderBecome(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line string
		kind ExitKind
		code int
	}{
		{"exit 0", OK, 0},
		{"exit 1", Failed, 1},
		{"exit 125", Failed, 125},
		{"exit 128", Failed, 128},
		{"exit 200", Failed, 200},
		{"exit 143", Unknown, 143},
		{"kill -TERM $$", Unknown, 143},
	} {
		_, p, _ := becomer(t, "sudo", "cached", "", quick())
		line, _, err := p.Wire("db1", c.line, true)
		if err != nil {
			t.Fatal(err)
		}
		e := p.Run(within(t), "db1", Command{Line: line, Become: true})
		if e.Kind != c.kind || e.Code != c.code {
			t.Errorf("%s: %+v", c.line, e)
		}
	}
}

func TestNothingRunsBeforeTheWord(t *testing.T) {
	// sudo that hands the password on as the command's input: it must not be taken for the word.
	_, p, dir := becomer(t, "sudo", "blind", "some word", quick())
	p.nodes["db1"].node.SSH.Become.Password = secret(t, goAhead+"x")
	mark := filepath.Join(dir, "ran")
	line, _, err := p.Wire("db1", "touch "+mark, true)
	if err != nil {
		t.Fatal(err)
	}
	want(t, p.Run(within(t), "db1", Command{Line: line, Become: true}), OK)
	if err := os.Remove(mark); err != nil {
		t.Fatal(err)
	}
	// The same line from somebody who says nothing, or the wrong thing.
	s := p.nodes["db1"].current.client
	for _, word := range []string{"", "\n", "yes\n", "recon-go please\n"} {
		session, err := s.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		session.Stdin = strings.NewReader("password\n" + word)
		if err := session.Run(line); err == nil {
			t.Fatalf("%q was taken for the word", word)
		}
		if _, err := os.Stat(mark); err == nil {
			t.Fatalf("it ran after %q", word)
		}
	}
}

func TestRefusedPasswordIsAskedForAgainOnlyByPeople(t *testing.T) {
	var asked int
	answers := []string{"wrong word", rightWord}
	_, p, dir := becomer(t, "sudo", "", "x", quick())
	prompt, err := inventory.NewSecret("prompt", "ssh.become.password")
	if err != nil {
		t.Fatal(err)
	}
	p.nodes["db1"].node.SSH.Become.Password = prompt
	p.vault.ask = func(context.Context, string) (string, error) {
		asked++
		return answers[asked-1], nil
	}
	var masked []string
	p.vault.mask = func(_, value string) error { masked = append(masked, value); return nil }
	line, _, err := p.Wire("db1", "true", true)
	if err != nil {
		t.Fatal(err)
	}
	run := func(patient bool) Exit {
		return p.Run(within(t), "db1", Command{Line: line, Become: true, Patient: patient})
	}
	want(t, run(false), NotStarted, "refused the password")
	want(t, run(true), NotStarted, "refused the password")
	if asked != 1 {
		t.Fatalf("asked %d times", asked)
	}
	want(t, run(false), OK)
	want(t, run(false), OK)
	if asked != 2 || len(masked) != 2 {
		t.Fatalf("asked %d times, masked %q", asked, masked)
	}
	reads, _ := os.ReadFile(filepath.Join(dir, "reads"))
	if string(reads) != "wrong word\n"+strings.Repeat(rightWord+"\n", 2) {
		t.Fatalf("read %q", reads)
	}
}

func TestCancelUnderBecomeIsUnknown(t *testing.T) {
	_, p, dir := becomer(t, "sudo", "cached", "", quick())
	mark := filepath.Join(dir, "pid")
	line, _, err := p.Wire("db1", "echo $$ >"+mark+"; exec sleep 60", true)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan Exit, 1)
	go func() { done <- p.Run(ctx, "db1", Command{Line: line, Become: true}) }()
	pid := pidIn(t, mark)
	defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
	cancel()
	e := <-done
	want(t, e, Unknown, "cancelled", "may still be running")
	if !alive(pid) {
		t.Fatal("the test is void: the command ended")
	}
}

func TestCancelBeforeTheWordIsNotStarted(t *testing.T) {
	t.Parallel()
	_, p, dir := becomer(t, "su", "late", rightWord, quick())
	mark := filepath.Join(dir, "ran")
	line, _, err := p.Wire("db1", "touch "+mark, true)
	if err != nil {
		t.Fatal(err)
	}
	want(t, p.Run(within(t), "db1", Command{Line: "true"}), OK)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	want(t, p.Run(ctx, "db1", Command{Line: line, Become: true}), NotStarted, "before the other user was reached")
	want(t, p.Run(within(t), "db1", Command{Line: "sleep 0.6"}), OK)
	if _, err := os.Stat(mark); err == nil {
		t.Fatal("it ran")
	}
}

func TestConnectionLostBeforeTheWordIsNotStarted(t *testing.T) {
	s, p, _ := becomer(t, "su", "", rightWord, quick())
	s.set(func() { s.exec = func(string, ssh.Channel) { s.reset() } })
	line, _, err := p.Wire("db1", "true", true)
	if err != nil {
		t.Fatal(err)
	}
	want(t, p.Run(within(t), "db1", Command{Line: line, Become: true}), NotStarted, "lost", "nothing ran")
}

func TestLineOfAnotherBecomeIsRefused(t *testing.T) {
	s, p, _ := becomer(t, "su", "", rightWord, quick())
	line, _, err := p.Wire("db1", "true", true)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"true", strings.Replace(line, " root", " postgres", 1)[4:], strings.Replace(line, "su -s", "sudo -s", 1)} {
		want(t, p.Run(within(t), "db1", Command{Line: bad, Become: true}), NotStarted, "make it with Wire")
	}
	if len(s.got()) != 0 {
		t.Fatalf("sent %q", s.got())
	}
}

func TestTimeoutCountsFromTheCommand(t *testing.T) {
	t.Parallel()
	_, p, _ := becomer(t, "sudo", "late", rightWord, quick())
	line, _, err := p.Wire("db1", "true", true)
	if err != nil {
		t.Fatal(err)
	}
	want(t, p.Run(within(t), "db1", Command{Line: line, Become: true, Timeout: 300 * time.Millisecond}), OK)
}

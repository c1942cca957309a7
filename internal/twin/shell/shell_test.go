package shell_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"recon/internal/twin/shell"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is the clock of the test's hosts.
var noon = time.Date(2025, 11, 3, 12, 0, 0, 0, time.UTC)

// host is a small Debian host with a user deploy, who may use sudo without a password, and postgres.
func host(t *testing.T) *shell.Host {
	t.Helper()
	h := &shell.Host{
		Name: "pg1",
		FS:   shell.NewFS(func() time.Time { return noon }),
		Now:  func() time.Time { return noon },
		Users: []shell.User{
			{Name: "deploy", UID: 1000, GID: 1000, Groups: []string{"deploy", "sudo"}, Home: "/home/deploy"},
			{Name: "postgres", UID: 108, GID: 114, Home: "/var/lib/postgresql"},
		},
	}
	shell.StandardProc(h, shell.Facts{})
	return h
}

// said is what a line printed and its status.
type said struct {
	out, err string
	status   int
}

func do(t *testing.T, h *shell.Host, user, line, stdin string) said {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var out, err bytes.Buffer
	status := h.Run(ctx, shell.Spec{Line: line, User: user, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &err})
	if ctx.Err() != nil {
		t.Fatalf("%s: hangs\nstdout: %s\nstderr: %s", line, &out, &err)
	}
	if strings.Contains(err.String(), "Segmentation fault") {
		t.Fatalf("%s: %s", line, &err)
	}
	return said{out.String(), err.String(), status}
}

func sh(script string) string {
	return "exec /bin/sh -c '" + strings.ReplaceAll(script, "'", `'\''`) + "'"
}

func TestLanguage(t *testing.T) {
	cases := []struct {
		name, script string
		out, err     string
		status       int
	}{
		{name: "echo", script: "echo a  b", out: "a b\n"},
		{name: "backslashes of dash", script: `echo 'a\tb'`, out: "a\tb\n"},
		{name: "unknown", script: "foo", err: "/bin/sh: 1: foo: not found\n", status: 127},
		{name: "unknown in line 3", script: "\n\nfoo x", err: "/bin/sh: 3: foo: not found\n", status: 127},
		{name: "status of the last", script: "true; false", status: 1},
		{name: "pipe", script: "printf '1\\n2\\n' | while read -r n; do echo \"<$n>\"; done", out: "<1>\n<2>\n"},
		{name: "errexit", script: "set -e; false; echo no", status: 1},
		{name: "errexit in condition", script: "set -e; if false; then :; fi; false || echo yes; ! true; echo end", out: "yes\nend\n"},
		{name: "errexit in a function in a condition", script: "set -e; f() { false; echo still; }; f && echo ok", out: "still\nok\n"},
		{name: "errexit of a substitution", script: "set -e; x=$(false); echo no", status: 1},
		{name: "errexit in a subshell", script: "set -e; (false; echo no); echo no", status: 1},
		{name: "nounset", script: "set -u; echo $x; echo no", err: "/bin/sh: 1: x: parameter not set\n", status: 2},
		{name: "default", script: "echo ${x:-a b} ${x-c} \"${x:=d}\" $x", out: "a b c d d\n"},
		{name: "alternative", script: "x=1; echo [${x:+set}] [${y:+set}]", out: "[set] []\n"},
		{name: "error", script: "echo ${x:?is needed}", err: "/bin/sh: 1: x: is needed\n", status: 2},
		{name: "prefix and suffix", script: "f=/a/b/c.tar.gz; echo ${f##*/} ${f%/*} ${f%%.*} ${f#*/}", out: "c.tar.gz /a/b /a/b/c a/b/c.tar.gz\n"},
		{name: "length", script: "x=hello; echo ${#x} $#", out: "5 0\n"},
		{name: "splitting", script: "x='a  b'; set -- $x; echo $#; set -- \"$x\"; echo $#", out: "2\n1\n"},
		{name: "IFS", script: "IFS=:; x=a::b:; set -- $x; echo $#; IFS=' '; echo \"$1|$2|$3\"", out: "3\na||b\n"},
		{name: "all parameters", script: "set -- a 'b c'; for p; do echo \"<$p>\"; done; for p in \"$@\" \"$*\"; do echo \"[$p]\"; done", out: "<a>\n<b c>\n[a]\n[b c]\n[a b c]\n"},
		{name: "no parameters", script: "set --; for p in \"$@\"; do echo no; done; echo $#", out: "0\n"},
		{name: "case", script: "case abc in x) echo x;; a*|b) echo a;; *) echo no;; esac", out: "a\n"},
		{name: "case quoted", script: "case 'a*' in 'a*') echo literal;; esac; case ab in 'a*') echo no;; *) echo other;; esac", out: "literal\nother\n"},
		{name: "until", script: "i=0; until [ $i -ge 3 ]; do i=$((i+1)); done; echo $i", out: "3\n"},
		{name: "break 2", script: "for a in 1 2; do for b in 1 2; do break 2; done; echo no; done; echo out", out: "out\n"},
		{name: "continue", script: "for a in 1 2 3; do [ $a = 2 ] && continue; echo $a; done", out: "1\n3\n"},
		{name: "local", script: "x=1; f() { local x=2; echo $x; }; f; echo $x", out: "2\n1\n"},
		{name: "local with blanks", script: "f() { local x=$1; echo \"$x\"; }; f 'a b'", out: "a b\n"},
		{name: "return", script: "f() { return 3; }; f; echo $?", out: "3\n"},
		{name: "here-document", script: "x=1; cat <<E\na $x \\$x\nE\ncat <<'E'\n$x\nE\ncat <<-E\n\t\ttab\n\tE", out: "a 1 $x\n$x\ntab\n"},
		{name: "here-document in a pipe", script: "cat <<E | tr a b\naaa\nE", out: "bbb\n"},
		{name: "arithmetic", script: "x=5; echo $((x*2+1)) $((x>3&&x<4)) $((x%3)) $((-x/2)) $((x?7:8)); echo $((x+=2)) $x", out: "11 0 2 -2 7\n7 7\n"},
		{name: "redirections", script: "exec 2>/dev/null; foo; echo out; echo err >&2; cd /tmp; echo a >f; echo b >>f; cat <f", out: "out\na\nb\n"},
		{name: "descriptor 3", script: "exec 3>&1; echo a >&3; { echo b >&3; } 3>/dev/null; echo c >&3", out: "a\nc\n"},
		{name: "cannot open", script: "cat </none; echo $?", out: "2\n", err: "/bin/sh: 1: cannot open /none: No such file\n"},
		{name: "cannot create", script: "echo a >/none/x; echo $?", out: "2\n", err: "/bin/sh: 1: cannot create /none/x: Directory nonexistent\n"},
		{name: "substitution", script: "x=$(printf 'a\\n\\n'); echo \"[$x]\"; echo `echo b`; echo \"$(echo \"$(echo c)\")\"", out: "[a]\nb\nc\n"},
		{name: "export", script: "export A=1; B=2; sh -c 'echo $A-$B'; C=3 sh -c 'echo $C'; echo \"<$C>\"", out: "1-\n3\n<>\n"},
		{name: "eval", script: "x=y; eval \"$x=5\"; echo $y", out: "5\n"},
		{name: "trap EXIT", script: "trap 'echo bye' EXIT; echo hi; exit 3", out: "hi\nbye\n", status: 3},
		{name: "exec", script: "exec echo x; echo no", out: "x\n"},
		{name: "command -v", script: "command -v timeout; command -v echo; command -v none; echo $?", out: "/usr/bin/timeout\necho\n127\n"},
		{name: "negation", script: "! false && echo a; ! true || echo b; echo $?", out: "a\nb\n0\n"},
		{name: "background", script: "sleep 0 & wait $!; echo $?", out: "0\n"},
		{name: "kill a job", script: "sleep 100 & kill $!; wait $!; echo $?", out: "143\n", err: "Terminated\n"},
		{name: "kill a subshell", script: "(sleep 100; echo no) & kill $!; wait; echo $?", out: "0\n"},
		{name: "trap TERM", script: "trap 'echo got' TERM; kill $$; echo after", out: "got\nafter\n"},
		{name: "killed by itself", script: "kill $$; echo no", status: 143},
		{name: "umask", script: "umask; umask 077; umask; >/tmp/f; mkdir -p /tmp/d", out: "0022\n0077\n"},
		{name: "read fields", script: "echo 'a b  c d' | { read -r x y z; echo \"$x|$y|$z\"; }", out: "a|b|c d\n"},
		{name: "read of the end", script: "printf x | { read -r a; echo $? $a; }", out: "1 x\n"},
		{name: "read leaves the rest", script: "printf 'a\\nb\\nc\\n' | { read -r x; cat; }", out: "b\nc\n"},
		{name: "getopts", script: "set -- -a -b v x; while getopts ab: o; do echo $o $OPTARG; done; shift $((OPTIND-1)); echo $1", out: "a\nb v\nx\n"},
		{name: "printf", script: `printf '%s-%d|%5s|%-5s|%05d|%x|%b|%%\n' a 7 r l 42 255 'x\ty'`, out: "a-7|    r|l    |00042|ff|x\ty|%\n"},
		{name: "printf again", script: `printf '%s=%s\n' a 1 b 2 c`, out: "a=1\nb=2\nc=\n"},
		{name: "test", script: "[ a = a ] && [ ! -e /none ] && [ -d /etc ] && [ 3 -lt 10 ] && [ -z '' -a -n x ] && echo ok", out: "ok\n"},
		{name: "test of no number", script: "[ x -eq 1 ]; echo $?", out: "2\n", err: "/bin/sh: 1: [: Illegal number: x\n"},
		{name: "globs", script: "cd /tmp; >b1; >a1; >.h; echo *1; echo none*; echo '*1'; echo /tmp/[ab]1", out: "a1 b1\nnone*\n*1\n/tmp/a1 /tmp/b1\n"},
		{name: "no braces", script: "echo {a,b} {}", out: "{a,b} {}\n"},
		{name: "tilde", script: "echo ~ ~postgres '~'", out: "/home/deploy /var/lib/postgresql ~\n"},
		{name: "exit of a pipe", script: "false | true; echo $?; exit 4 | exit 5; echo $?", out: "0\n5\n"},
		{name: "syntax error", script: "if", status: 2, err: "/bin/sh: 1: Syntax error: `if` must be followed by a statement list\n"},
		{name: "broken pipe", script: "while :; do echo y; done | { read -r a; echo $a; }", out: "y\n"},
		{name: "assignment before a function", script: "f() { echo $V; }; V=1 f; echo \"<$V>\"", out: "1\n<>\n"},
		{name: "set -x", script: "set -x; echo 'a b'", out: "a b\n", err: "+ echo a b\n"},
		{name: "timeout", script: "timeout 0.05 sleep 100; echo $?", out: "124\n"},
		{name: "timeout kills", script: "timeout -k 0.05 0.05 sh -c 'trap \"\" TERM; while :; do sleep 0.01; done'; echo $?", out: "137\n", err: "Killed\n"},
		{name: "timeout hands on", script: "timeout 5 sh -c 'exit 7'; echo $?; timeout 5 none; echo $?", out: "7\n127\n", err: "timeout: failed to run command 'none': No such file or directory\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := do(t, host(t), "deploy", sh(c.script), "")
			if want := (said{c.out, c.err, c.status}); got != want {
				t.Errorf("%s\n got %#v\nwant %#v", c.script, got, want)
			}
		})
	}
}

package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// readSecret reads a line from standard input, a byte at a time so that the rest stays for the command.
func (c *Call) readSecret() (string, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := c.Stdin.Read(one)
		if n > 0 {
			if one[0] == '\n' {
				return string(line), nil
			}
			line = append(line, one[0])
		}
		if err != nil {
			if len(line) > 0 && errors.Is(err, io.EOF) {
				return string(line), nil
			}
			return "", err
		}
	}
}

// maySudo says whether a user stands in the host's sudoers: root, and who is in the group sudo.
func (c *Call) maySudo() bool {
	return c.proc.who.super || slices.Contains(c.proc.who.groups, "sudo")
}

// sudoCommand is sudo(8) with -n, -S, -p, -u, -i, -s, -H, -E, -k, -v, -l and --.
func sudoCommand(ctx context.Context, c *Call) int {
	a, ok := c.options("+nSp:u:g:isHEkvlbA", "non-interactive=n", "stdin=S", "prompt:=p", "user:=u", "login=i", "shell=s",
		"set-home=H", "preserve-env?=E", "reset-timestamp=k", "validate=v", "list=l")
	if !ok {
		return 1
	}
	if a.has('g') || a.has('b') || a.has('A') {
		c.Fail(1, "-g, -b and -A are not known to a training host")
		return 1
	}
	target := "root"
	if v, ok := a.get('u'); ok {
		target = v
	}
	if strings.HasPrefix(target, "#") {
		for _, acc := range c.Host.passwd() {
			if fmt.Sprint(acc.UID) == target[1:] {
				target = acc.Name
			}
		}
	}
	account, ok := c.Host.account(target)
	if !ok {
		return c.Fail(1, "unknown user %s\nsudo: error initializing audit plugin sudoers_audit", target)
	}
	if status, ok := c.sudoPassword(ctx, &a); !ok {
		return status
	}
	if !c.maySudo() {
		fmt.Fprintf(c.Stderr, "%s is not in the sudoers file.\n", c.User)
		return 1
	}
	if a.has('l') {
		fmt.Fprintf(c.Stdout, "User %s may run the following commands on %s:\n    (ALL : ALL) %sALL\n", c.User, c.Host.Name,
			map[bool]string{true: "NOPASSWD: "}[c.Host.SudoPassword == ""])
		return 0
	}
	env := c.sudoEnv(account, a.has('E'))
	args := a.rest
	for len(args) > 0 && strings.Contains(args[0], "=") && !strings.Contains(cutName(args[0]), "/") {
		n, v, _ := strings.Cut(args[0], "=")
		env = setEnv(env, n, v)
		args = args[1:]
	}
	opts := []Option{As(target)}
	switch {
	case a.has('v') || a.has('k') && len(args) == 0:
		return 0
	case a.has('i'):
		opts = append(opts, InDir(account.Home))
		args = shellFor(account.Shell, args, true)
	case a.has('s'):
		args = shellFor(account.Shell, args, false)
	case len(args) == 0:
		return c.usage("a command is missing")
	}
	opts = append(opts, WithEnv(env))
	child, status := c.spawn(ctx, args, opts...)
	if child == nil {
		if status == 127 {
			return c.Fail(1, "%s: command not found", args[0])
		}
		return c.Fail(1, "unable to execute %s: Permission denied", args[0])
	}
	<-child.done
	return child.status
}

func shellFor(shell string, args []string, login bool) []string {
	out := []string{shell}
	if login {
		out = append(out, "-l")
	}
	if len(args) == 0 {
		return append(out, "-i")
	}
	words := make([]string, len(args))
	for i, w := range args {
		words[i] = quoted(w)
	}
	return append(out, "-c", strings.Join(words, " "))
}

// sudoPassword asks for the caller's password when one is needed.
func (c *Call) sudoPassword(ctx context.Context, a *arguments) (status int, ok bool) {
	if c.proc.who.super || c.Host.SudoPassword == "" {
		return 0, true
	}
	if a.has('n') {
		return c.Fail(1, "a password is required"), false
	}
	prompt := "[sudo] password for " + c.User + ": "
	if v, ok := a.get('p'); ok {
		prompt = strings.NewReplacer("%p", c.User, "%u", c.User, "%h", c.Host.Name, "%%", "%").Replace(v)
	}
	ask := c.proc.session.ask
	if a.has('S') {
		ask = func(_ context.Context, prompt string) (string, error) {
			fmt.Fprint(c.Stderr, prompt)
			return c.readSecret()
		}
	}
	if ask == nil {
		c.Fail(1, "a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper")
		return c.Fail(1, "a password is required"), false
	}
	for try := 1; ; try++ {
		word, err := ask(ctx, prompt)
		if err != nil {
			if a.has('S') {
				fmt.Fprintln(c.Stderr)
			}
			if try == 1 {
				c.Fail(1, "no password was provided")
				return c.Fail(1, "a password is required"), false
			}
			return c.Fail(1, "%d incorrect password attempt%s", try-1, plural(try-1)), false
		}
		if word == c.Host.SudoPassword {
			return 0, true
		}
		if try == 3 {
			return c.Fail(1, "3 incorrect password attempts"), false
		}
		fmt.Fprintln(c.Stderr, "Sorry, try again.")
	}
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// sudoEnv is the environment that Debian's sudoers leaves.
func (c *Call) sudoEnv(a account, keep bool) []string {
	var env []string
	for _, kv := range c.env {
		switch n := cutName(kv); {
		case keep, n == "TERM", n == "LANG", strings.HasPrefix(n, "LC_"), n == "DISPLAY", n == "COLORTERM":
			env = append(env, kv)
		}
	}
	for _, kv := range [][2]string{
		{"PATH", rootPath},
		{"HOME", a.Home},
		{"USER", a.Name},
		{"LOGNAME", a.Name},
		{"SHELL", a.Shell},
		{"SUDO_USER", c.User},
		{"SUDO_UID", fmt.Sprint(c.Host.uid(c.User))},
		{"SUDO_GID", fmt.Sprint(c.Host.gid(c.proc.who.groups[0]))},
	} {
		env = setEnv(env, kv[0], kv[1])
	}
	return env
}

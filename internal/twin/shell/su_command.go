package shell

import (
	"context"
	"fmt"
	"slices"
	"syscall"
)

// suCommand is util-linux's su with -, -l, -c, -s and -m.
func suCommand(ctx context.Context, c *Call) int {
	a, ok := c.options("lc:s:mp", "login=l", "command:=c", "shell:=s", "preserve-environment=m")
	if !ok {
		return 1
	}
	rest := a.rest
	login := a.has('l')
	if len(rest) > 0 && rest[0] == "-" {
		login, rest = true, rest[1:]
	}
	target := "root"
	if len(rest) > 0 {
		target, rest = rest[0], rest[1:]
	}
	account, ok := c.Host.account(target)
	if !ok {
		return c.Fail(1, "user %s does not exist or the user entry does not contain all the required fields", target)
	}
	if !c.proc.who.super {
		if status, ok := c.suPassword(ctx, target); !ok {
			return status
		}
	}
	return c.enter(ctx, account, &a, login, rest)
}

func (c *Call) suPassword(ctx context.Context, target string) (status int, ok bool) {
	ask := c.proc.session.ask
	if d := c.fds[0]; d == nil || ask == nil {
		// Without a terminal PAM asks on standard error and reads standard input.
		ask = func(_ context.Context, prompt string) (string, error) {
			fmt.Fprint(c.Stderr, prompt)
			return c.readSecret()
		}
	}
	word, err := ask(ctx, "Password: ")
	if target != "root" || err != nil || c.Host.RootPassword == "" || word != c.Host.RootPassword {
		fmt.Fprintln(c.Stderr)
		return c.Fail(1, "Authentication failure"), false
	}
	fmt.Fprintln(c.Stderr)
	return 0, true
}

// enter runs the shell of su and runuser.
func (c *Call) enter(ctx context.Context, account account, a *arguments, login bool, rest []string) int {
	shell := account.Shell
	if v, ok := a.get('s'); ok {
		shell = v
	}
	env := slices.Clone(c.env)
	opts := []Option{As(account.Name)}
	if login {
		env = c.Host.loginEnv(account, nil)
		opts = append(opts, InDir(account.Home))
	} else if !a.has('m') && !a.has('p') {
		env = setEnv(setEnv(env, "HOME", account.Home), "SHELL", shell)
		if account.UID != 0 {
			env = setEnv(setEnv(env, "USER", account.Name), "LOGNAME", account.Name)
		}
	}
	args := []string{shell}
	if login {
		args = append(args, "-l")
	}
	if v, ok := a.get('c'); ok {
		args = append(args, "-c", v)
	} else if len(rest) == 0 && c.proc.session.tty != "" {
		args = append(args, "-i")
	}
	args = append(args, rest...)
	child, status := c.spawn(ctx, args, append(opts, WithEnv(env))...)
	if child == nil {
		return c.Fail(status, "failed to execute %s: %s", shell, Reason(syscall.ENOENT))
	}
	<-child.done
	return child.status
}

// runuserCommand is runuser -u USER [--] COMMAND, and runuser as su for root.
func runuserCommand(ctx context.Context, c *Call) int {
	a, ok := c.options("+u:lc:s:mp", "user:=u", "login=l", "command:=c", "shell:=s", "preserve-environment=m")
	if !ok {
		return 1
	}
	if !c.proc.who.super {
		return c.Fail(1, "may not be used by non-root users")
	}
	rest := a.rest
	login := a.has('l')
	target, direct := a.get('u')
	if !direct {
		if len(rest) > 0 && rest[0] == "-" {
			login, rest = true, rest[1:]
		}
		target = "root"
		if len(rest) > 0 {
			target, rest = rest[0], rest[1:]
			// runuser USER -c COMMAND: options may follow the user.
			more := *c
			more.Args = append([]string{c.Args[0]}, rest...)
			b, ok := more.options("+lc:s:mp", "login=l", "command:=c", "shell:=s")
			if !ok {
				return 1
			}
			a.flags, rest = append(a.flags, b.flags...), b.rest
		}
	}
	account, ok := c.Host.account(target)
	if !ok {
		return c.Fail(1, "user %s does not exist or the user entry does not contain all the required fields", target)
	}
	if !direct {
		return c.enter(ctx, account, &a, login, rest)
	}
	if len(rest) == 0 {
		return c.Fail(1, "no command was specified")
	}
	child, status := c.spawn(ctx, rest, As(target))
	if child == nil {
		return c.Fail(status, "failed to execute %s: %s", rest[0], map[int]string{126: "Permission denied", 127: "No such file or directory"}[status])
	}
	<-child.done
	return child.status
}

// nologinCommand is the shell of accounts that nobody logs in to.
func nologinCommand(_ context.Context, c *Call) int {
	fmt.Fprintln(c.Stdout, "This account is currently not available.")
	return 1
}

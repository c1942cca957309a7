package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Exec runs argv on a host as the operator, in a login environment and the home folder; without argv it is a login
// shell. With tty the command gets a terminal of the guest's own, joined to std (a window that changes size is followed).
// It returns the command's exit code, 128 and more for a signal; when ctx ends, the command is stopped.
//
// The command is a unit of the guest's systemd: it is in the guest's own cgroups, and ends with the guest.
func (l *Lab) Exec(ctx context.Context, name string, argv []string, std Stdio, tty bool) (int, error) {
	g, err := l.guest(name)
	if err != nil {
		return -1, err
	}
	unit := "recon-lab-" + strings.ToLower(rand.Text()[:10]) + ".service"
	args := []string{
		// Without --expand-environment=no systemd would replace every $ in argv by itself.
		"systemd-run", "--quiet", "--wait", "--collect", "--expand-environment=no", "--service-type=exec", "--unit=" + unit,
		"--uid=" + User,
		"--property=PAMName=login", "--property=WorkingDirectory=/home/" + User,
		"--property=KillSignal=SIGHUP", "--property=TimeoutStopSec=5",
	}
	var t *terminal
	if tty {
		_, leader, up := g.pids()
		if !up {
			return -1, &Error{What: name + " is down", Hint: "`recon lab status` shows the hosts, `recon lab up` starts them"}
		}
		if t, err = openTerminal(leader); err != nil {
			return -1, &Error{What: "terminal on " + name, Err: err}
		}
		defer t.close()
		args = append(args, "--property=StandardInput=tty", "--property=StandardOutput=tty", "--property=StandardError=tty",
			"--property=TTYPath="+t.name, "--setenv=TERM="+termName())
	} else {
		args = append(args, "--pipe")
	}
	args = append(args, "--", "/bin/bash")
	if len(argv) == 0 {
		args = append(args, "-l")
	} else {
		args = append(append(args, "-lc", `exec "$@"`, "bash"), argv...)
	}
	cmd, err := g.enter(context.WithoutCancel(ctx), args...)
	if err != nil {
		return -1, err
	}
	if t == nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = std.In, std.Out, std.Err
		if f, ok := std.In.(*os.File); !ok || f == nil {
			// The command may end before its input does: the copy must not hold us.
			cmd.WaitDelay = time.Second
		}
	} else {
		if err := t.join(std); err != nil {
			return -1, &Error{What: "terminal on " + name, Err: err}
		}
		cmd.Stderr = std.Err
	}
	stop := context.AfterFunc(ctx, func() {
		// The unit lives on when systemd-run dies, so it is the unit that is stopped.
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		g.run(limit, "systemctl", "stop", unit)
	})
	defer stop()
	err = cmd.Run()
	if t != nil {
		t.drain()
	}
	return exitCode(ctx, g, cmd, err)
}

// exitCode separates the command's failure from ours.
func exitCode(ctx context.Context, g guest, cmd *exec.Cmd, err error) (int, error) {
	if ctx.Err() != nil {
		return -1, &Error{What: "command on " + g.name + " was stopped", Err: context.Cause(ctx)}
	}
	var exit *exec.ExitError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success():
		return 0, nil
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		if _, _, up := g.pids(); !up {
			return -1, &Error{What: g.name + " went down", Err: err, Hint: "the command's result is unknown"}
		}
		return exit.ExitCode(), nil
	}
	return -1, &Error{What: "command on " + g.name, Err: err}
}

func termName() string {
	if t := os.Getenv("TERM"); t != "" && t != "dumb" {
		return t
	}
	return "xterm-256color"
}

// discard stands in for an output that nobody wants.
func discard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

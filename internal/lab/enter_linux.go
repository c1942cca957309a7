package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// enter is the command that runs argv as root inside the guest: its files, processes and network.
func (g guest) enter(ctx context.Context, argv ...string) (*exec.Cmd, error) {
	_, leader, up := g.pids()
	if !up {
		return nil, &Error{What: g.name + " is down", Hint: "`recon lab status` shows the hosts, `recon lab up` starts them"}
	}
	args := []string{
		"--target", strconv.Itoa(leader), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd", "--",
		"env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8",
	}
	cmd := exec.CommandContext(ctx, "nsenter", append(args, argv...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd, nil
}

// run runs argv as root inside the guest and returns what it wrote. Its error carries the last lines of standard error.
func (g guest) run(ctx context.Context, argv ...string) (string, error) {
	return g.feed(ctx, "", argv...)
}

// feed is run with standard input.
func (g guest) feed(ctx context.Context, stdin string, argv ...string) (string, error) {
	cmd, err := g.enter(ctx, argv...)
	if err != nil {
		return "", err
	}
	var out, bad bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &bad
	if err := cmd.Run(); err != nil {
		return out.String(), &Error{What: fmt.Sprintf("%s on %s", argv[0], g.name), Err: errors.Join(err, lastLines(bad.String()))}
	}
	return out.String(), nil
}

func lastLines(s string) error {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil
	}
	lines := strings.Split(s, "\n")
	return errors.New(strings.Join(lines[max(0, len(lines)-5):], "\n"))
}

package actions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"recon/internal/inventory"
	"recon/internal/remote"
)

// lostCode is the wrapper's own exit code for a transient unit that ended without leaving a result.
const lostCode = 113

func (h *Hands) consoleShot(cmd Command) (Shot, error) {
	if cmd.Disconnect == Survive {
		return Shot{}, errors.New("disconnect=survive is for hosts; on the console nothing is disconnected")
	}
	if h.cluster.Console.Remote {
		return h.shShot(cmd, h.cluster.Console.Host)
	}
	body, err := script(cmd)
	if err != nil {
		return Shot{}, err
	}
	return Shot{Target: Console, Address: "this machine", Who: "you", wire: body}, nil
}

func (h *Hands) shShot(cmd Command, node inventory.Node) (Shot, error) {
	body, err := script(cmd)
	if err != nil {
		return Shot{}, err
	}
	s := Shot{Target: node.Name, Address: node.Address}
	line := bounded(body, cmd.Timeout)
	if cmd.Disconnect == Survive {
		if !token(cmd.Token) {
			return Shot{}, fmt.Errorf("%q cannot name a transient unit", cmd.Token)
		}
		s.Unit = "recon-" + cmd.Token
		line = surviving(body, s.Unit, cmd.Timeout)
	}
	s.wire, s.Who, err = h.net.Wire(node.Name, line, cmd.Become)
	return s, err
}

// script is the assignments and the book's text: what the operator sees, in the order in which it is seen.
func script(cmd Command) (string, error) {
	var b strings.Builder
	for _, v := range cmd.Values {
		a, err := assignment(v)
		if err != nil {
			return "", err
		}
		b.WriteString("export " + a + "\n")
	}
	b.WriteString(cmd.Script)
	return b.String(), nil
}

// Shown is the assignments and the script as the operator sees them; the bytes on the wire hold exactly these lines.
func (p *Plan) Shown() (assignments []string, script string) {
	if p.Command.Kind == Ansible {
		return p.Command.Play.shown(), p.Shots[0].line() + "\n"
	}
	if p.Command.Kind == Redis {
		return nil, p.Shots[0].wire // the commands with their values in place: what each target gets
	}
	for _, v := range p.Command.Values {
		a, err := assignment(v)
		if err != nil {
			// Plan refuses what no shell can take where a shell takes it; a parameter of a statement may be anything.
			a = v.Name + "=" + quote(v.Value)
		}
		assignments = append(assignments, a)
	}
	return assignments, p.Command.Script
}

// bounded is the published wrapper for disconnect=kill. timeout(1) runs on the host, inside the become, because closing
// an ssh session does not stop what su or sudo started.
func bounded(body string, limit time.Duration) string {
	return "exec timeout -k 5 " + seconds(limit) + " /bin/sh -eu -c " + quote(body)
}

// surviving is the published wrapper for disconnect=survive. The script runs in a transient systemd unit whose output
// and exit status are files under /run/recon, so that they outlive the connection; the rest of the wrapper follows the
// output and hands the status on. The status file is renamed into place: where it exists, it is whole.
func surviving(body, unit string, limit time.Duration) string {
	run := "/bin/sh -eu \"$b.sh\"; echo $? >\"$b.rc.new\"; mv \"$b.rc.new\" \"$b.rc\"\n"
	return "set -eu; umask 077; mkdir -p /run/recon; u=" + unit + "; b=/run/recon/$u\n" +
		"printf %s " + quote(body) + " >\"$b.sh\"; printf 'b=%s\\n%s' \"$b\" " + quote(run) + " >\"$b.run\"; : >\"$b.out\"\n" +
		"systemd-run --quiet --unit=\"$u\" --service-type=exec --property=RuntimeMaxSec=" + seconds(limit) +
		" --property=StandardOutput=append:\"$b.out\" --property=StandardError=append:\"$b.out\" /bin/sh \"$b.run\"\n" +
		"tail -c +1 -f \"$b.out\" & t=$!\n" +
		"while [ ! -e \"$b.rc\" ] && systemctl is-active --quiet \"$u\"; do sleep 0.2; done\n" +
		"sleep 0.3; kill $t; wait $t 2>/dev/null || :\n" +
		"if [ -e \"$b.rc\" ]; then exit \"$(cat \"$b.rc\")\"; fi\n" +
		"r=$(systemctl show -p Result --value \"$u\" || :); [ \"$r\" = timeout ] && exit 124\n" +
		"exit " + strconv.Itoa(lostCode)
}

func (h *Hands) runSh(ctx context.Context, cmd Command, s Shot, w io.Writer) Outcome {
	// The host bounds the command itself; the console waits a little longer, so that the host's word arrives.
	c := remote.Command{Line: s.wire, Stdout: w, Stderr: w, Timeout: cmd.Timeout + 8*time.Second, Become: cmd.Become}
	var e remote.Exit
	switch {
	case s.Target == Console && !h.cluster.Console.Remote:
		c.Timeout = cmd.Timeout
		e = h.net.RunLocal(ctx, c)
	case s.Target == Console:
		e = h.net.Run(ctx, h.cluster.Console.Host.Name, c)
	default:
		e = h.net.Run(ctx, s.Target, c)
	}
	o := Outcome{Kind: e.Kind, Code: e.Code, Signal: e.Signal, Reason: e.Reason, Began: e.Began, Duration: e.Duration}
	if e.Kind != remote.Failed {
		return o
	}
	switch {
	case (e.Code == 124 || e.Code == 137) && e.Duration >= cmd.Timeout-time.Second:
		o.Kind, o.Reason = remote.TimedOut, fmt.Sprintf("stopped on the host after %s; what it had done by then stays done", cmd.Timeout)
	case e.Code == lostCode && s.Unit != "":
		o.Kind, o.Reason = remote.Unknown, "the transient unit "+s.Unit+" ended without leaving a result"
	case o.Reason == "":
		o.Reason = "exit status " + strconv.Itoa(e.Code)
	}
	return o
}

func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

// token is what may become part of a unit's and a file's name.
func token(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 100
}

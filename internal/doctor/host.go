package doctor

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/internal/scrub"
)

// runFor bounds one command on a host.
const runFor = 15 * time.Second

// host is what was found out about one node.
type host struct {
	checks  []Check
	reached bool // over ssh
}

func (h *host) add(node, what string, a Answer, tried, why, hint string) {
	h.checks = append(h.checks, Check{Node: node, System: "host", What: what, Answer: a, Tried: tried, Why: why, Hint: hint})
}

// host examines the way to a node: name, port, host key, login, and becoming another user.
func (e *examination) host(ctx context.Context, n inventory.Node) (h host) {
	ctx, cancel := context.WithTimeout(ctx, 2*runFor)
	defer cancel()
	exit, _ := e.run(ctx, n.Name, "true", false)
	h.reached = exit.Kind == remote.OK
	e.name(ctx, &h, n)
	user := e.Runner.User(n.Name) + "@" + e.Runner.Address(n.Name)
	switch why := exit.Connect; {
	case h.reached:
		h.add(n.Name, "ssh", OK, user, "", "")
	case why == nil && exit.Kind == remote.Failed:
		h.add(n.Name, "ssh", Fail, user+" and run `true`", "it ended with an error", "the account's shell or its forced command does not run commands")
	case why == nil:
		h.add(n.Name, "ssh", Unknown, user, exit.Reason, "")
	default:
		h.refused(n.Name, user, why)
	}
	e.become(ctx, &h, n)
	return h
}

func (e *examination) name(ctx context.Context, h *host, n inventory.Node) {
	address := e.Runner.Address(n.Name)
	if address == "" || net.ParseIP(address) != nil {
		return
	}
	found, err := e.Resolve(ctx, address)
	switch {
	case err == nil:
		h.add(n.Name, "name", OK, address+" is "+strings.Join(found, ", "), "", "")
	case h.reached:
		h.add(n.Name, "name", Skipped, address, "a host on the way resolves it", "")
	case ctx.Err() != nil:
		h.add(n.Name, "name", Unknown, address, "the name server did not answer in time", "")
	default:
		h.add(n.Name, "name", Fail, address, scrub.Line(err.Error()), "mend `address` in the cluster file, the name server or /etc/hosts")
	}
}

// refused says at which stage ssh failed, and that the stages before it work.
func (h *host) refused(node, user string, why *remote.ConnectError) {
	text, hint := why.Error(), why.Hint
	if hint != "" {
		text = strings.TrimSuffix(text, "; "+hint)
	}
	what := map[remote.Stage]string{
		remote.StageSettings: "ssh settings", remote.StageConnect: "tcp", remote.StageHandshake: "ssh", remote.StageHostKey: "host key", remote.StageLogin: "login",
	}[why.Stage]
	var key *remote.HostKeyError
	switch {
	case errors.As(error(why), &key) && key.Problem == remote.KeyUnknown:
		hint = "compare the fingerprint on the host itself, then add the line to known_hosts"
	case hint != "":
	case why.Stage == remote.StageConnect:
		hint = "look whether the host runs, sshd listens, and no firewall stands between"
	case why.Stage == remote.StageLogin:
		hint = "put the public key of `ssh.keys` into authorized_keys of " + user
	}
	switch {
	case what == "" && why.Stage == remote.StageWait:
		h.add(node, "ssh", Unknown, user, text, "")
		return
	case what == "":
		what = "ssh"
	}
	if why.Stage == remote.StageHostKey || why.Stage == remote.StageLogin {
		h.add(node, "tcp", OK, why.Place, "", "")
	}
	h.add(node, what, Fail, user, text, hint)
}

// become asks who a step would be.
func (e *examination) become(ctx context.Context, h *host, n inventory.Node) {
	b := n.SSH.Become
	switch {
	case b.Method == inventory.BecomeNone:
		h.add(n.Name, "become", Skipped, "", "the cluster file says that nobody else is needed", "")
		return
	case !h.reached:
		h.add(n.Name, "become", Skipped, "", "ssh fails", "")
		return
	}
	method, user := string(b.Method), b.User
	if method == "" {
		method = string(inventory.BecomeSudo)
	}
	if user == "" {
		user = "root"
	}
	tried := method + " to " + user
	exit, out := e.run(ctx, n.Name, "id -u", true)
	switch id := strings.TrimSpace(out); {
	case exit.Kind == remote.OK && user == "root" && id != "0":
		h.add(n.Name, "become", Fail, tried, "the user there has the id "+scrub.Line(id)+", which is not root's", "look at what "+method+" does on the host")
	case exit.Kind == remote.OK:
		h.add(n.Name, "become", OK, tried, "", "")
	case exit.Kind == remote.NotStarted && ctx.Err() == nil, exit.Kind == remote.Failed:
		hint := "allow it in sudoers, or give `become.password` in the cluster file"
		if method == string(inventory.BecomeSu) {
			hint = "mend `become.password` in the cluster file"
		}
		h.add(n.Name, "become", Fail, tried, exit.Reason, hint)
	default:
		h.add(n.Name, "become", Unknown, tried, exit.Reason, "")
	}
}

// run runs a command that changes nothing, and returns the beginning of what it wrote.
func (e *examination) run(ctx context.Context, node, cmd string, become bool) (remote.Exit, string) {
	line, _, err := e.Runner.Wire(node, cmd, become)
	if err != nil {
		return remote.Exit{Kind: remote.NotStarted, Reason: err.Error()}, ""
	}
	var out bytes.Buffer
	exit := e.Runner.Run(ctx, node, remote.Command{Line: line, Stdout: &out, Timeout: runFor, Become: become})
	return exit, string(out.Bytes()[:min(out.Len(), 200)])
}

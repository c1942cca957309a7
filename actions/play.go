package actions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"recon/internal/inventory"
)

// Play is what an ansible command runs. The command's Values reach the playbook as variables of the same names.
type Play struct {
	// Brought are the playbooks that recon brings, with the callback plugin that reports what happens. A folder in the
	// cluster file takes the place of the playbooks.
	Brought fs.FS
	// Playbook is a file in that folder.
	Playbook string
	Tags     []string
	// Limited tells Ansible to leave out everything but the command's targets.
	Limited bool
	// Vars are further variables, of any type that JSON has.
	Vars map[string]any
	// DryRun changes nothing and says what would change.
	DryRun bool
}

// Files of a run, in its private folder, where ansible-playbook is started: so the command line that is shown is the one
// that runs, without the folder's name.
const (
	playProgram   = "ansible-playbook"
	playInventory = "inventory.json"
	playSecrets   = "secrets.yml"
	playVault     = "vault"
	playBrought   = "playbooks"
)

// playable says before anything is confirmed why a playbook cannot be run here.
func (h *Hands) playable(cmd Command) error {
	if cmd.Play == nil {
		return errors.New("the command names no playbook")
	}
	if h.cluster.Console.Remote {
		return errors.New("a playbook runs on the machine where recon runs, and the cluster file says `console: ssh`; start recon on that host")
	}
	if _, err := exec.LookPath(playProgram); err != nil {
		return errors.New("there is no ansible-playbook on this machine; install Ansible (on Debian the package ansible-core or ansible)")
	}
	d := h.cluster.Deployment
	if d == nil || d.Playbooks == "" {
		if _, err := fs.Stat(cmd.Play.Brought, cmd.Play.Playbook); err != nil {
			return fmt.Errorf("recon brings no playbook %s; `ansible.playbooks` in the cluster file names a folder of your own", cmd.Play.Playbook)
		}
	} else if _, err := os.Stat(filepath.Join(d.Playbooks, cmd.Play.Playbook)); err != nil {
		return fmt.Errorf("the playbook is not there: %w", err)
	}
	if d != nil {
		for _, file := range d.Vars {
			if _, err := os.Stat(file); err != nil {
				return fmt.Errorf("a vars file of the cluster file is not there: %w", err)
			}
		}
	}
	return nil
}

// playShot is the command line, which is one for all targets, and the inventory that it reads.
func (h *Hands) playShot(cmd Command, node inventory.Node) (Shot, error) {
	var nodes bytes.Buffer
	if err := h.cluster.WriteAnsibleFile(&nodes); err != nil {
		return Shot{}, err
	}
	args, err := playArgs(h.cluster, cmd)
	if err != nil {
		return Shot{}, err
	}
	return Shot{Target: node.Name, Address: node.Address, Who: "ansible on this machine", wire: words(args) + "\n" + nodes.String()}, nil
}

// line is the first line of the wire.
func (s Shot) line() string {
	line, _, _ := strings.Cut(s.wire, "\n")
	return line
}

func words(args []string) string {
	out := make([]string, len(args))
	for i, a := range args {
		if out[i] = a; strings.Trim(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=@:,") != "" || a == "" {
			out[i] = quote(a)
		}
	}
	return strings.Join(out, " ")
}

// PlayLine is the command line with which a playbook would run, for whoever types it. Without a cluster (nil) it says what is
// the same on all of them.
func PlayLine(c *inventory.Cluster, cmd Command) (string, error) {
	if c == nil {
		c = &inventory.Cluster{}
	}
	args, err := playArgs(c, cmd)
	return words(args), err
}

// playArgs is the command line, program first. Secrets stand in files that it names.
func playArgs(c *inventory.Cluster, cmd Command) ([]string, error) {
	p, d := cmd.Play, c.Deployment
	args := []string{playProgram, "--inventory", playInventory}
	if p.Limited {
		args = append(args, "--limit", strings.Join(cmd.Targets, ","))
	}
	if len(p.Tags) > 0 {
		args = append(args, "--tags", strings.Join(p.Tags, ","))
	}
	if p.DryRun {
		args = append(args, "--check", "--diff")
	}
	playbook := playBrought + "/" + p.Playbook
	if d != nil {
		if !d.Vault.IsZero() {
			args = append(args, "--vault-password-file", playVault)
		}
		for _, file := range d.Vars {
			args = append(args, "--extra-vars", "@"+file)
		}
		if d.Playbooks != "" {
			playbook = filepath.Join(d.Playbooks, p.Playbook)
		}
	}
	vars, err := p.extraVars(cmd.Values)
	if err != nil {
		return nil, err
	}
	if vars != "" {
		args = append(args, "--extra-vars", vars)
	}
	if len(passwords(c)) > 0 {
		args = append(args, "--extra-vars", "@"+playSecrets)
	}
	return append(args, playbook), nil
}

// extraVars are the block's variables and the walk's values, as one line of YAML. A value that somebody typed is data: with
// !unsafe Ansible does not look for templates in it.
func (p *Play) extraVars(values []Value) (string, error) {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p.Vars)) {
		b, err := plainJSON(p.Vars[name])
		if err != nil {
			return "", fmt.Errorf("the variable %s: %w", name, err)
		}
		out = append(out, name+": "+b)
	}
	for _, v := range values {
		b, err := plainJSON(v.Value)
		if err != nil {
			return "", fmt.Errorf("the variable %s: %w", v.Name, err)
		}
		out = append(out, v.Name+": !unsafe "+b)
	}
	if len(out) == 0 {
		return "", nil
	}
	return "{" + strings.Join(out, ", ") + "}", nil
}

// plainJSON is a value as JSON, which is YAML too, on one line.
func plainJSON(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// shown is what the command line says, in words.
func (p *Play) shown() []string {
	out := []string{"# playbook " + p.Playbook}
	if len(p.Tags) > 0 {
		out[0] += ", tags " + strings.Join(p.Tags, ", ")
	}
	if p.DryRun {
		out = append(out, "# a dry run: nothing is changed, and it shows what would change")
	}
	return out
}

// passwords are the references to the hosts' passwords, by node. A playbook may delegate a task to any host.
func passwords(c *inventory.Cluster) map[string]map[string]inventory.Secret {
	out := map[string]map[string]inventory.Secret{}
	add := func(node, what string, s inventory.Secret) {
		if s.IsZero() {
			return
		}
		if out[node] == nil {
			out[node] = map[string]inventory.Secret{}
		}
		out[node][what] = s
	}
	for _, n := range c.Nodes {
		add(n.Name, "ssh", n.SSH.Password)
		if n.SSH.Become.Method != inventory.BecomeNone {
			add(n.Name, "become", n.SSH.Become.Password)
		}
	}
	return out
}

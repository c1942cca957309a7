package inventory

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Ansible is the cluster as an Ansible inventory, in the form that `ansible-inventory --list` prints: a group for each
// service, under the service's name, with the nodes that run it. It holds no secret; Ansible asks for its own.
//
// The names of the groups matter. Roles in the field build names from `group_names[0]`, the first in the alphabet, and a
// new group before etcd would rename a running cluster on the next deployment.
func (c *Cluster) Ansible() map[string]any {
	hosts, vars := []string{}, map[string]any{}
	for _, n := range c.Nodes {
		hosts = append(hosts, n.Name)
		vars[n.Name] = n.ansible()
	}
	out := map[string]any{
		"_meta": map[string]any{"hostvars": vars},
	}
	children := []string{}
	for _, r := range c.Roles() {
		out[r.Name] = map[string]any{"hosts": r.Nodes}
		children = append(children, r.Name)
	}
	slices.Sort(children)
	out["all"] = map[string]any{
		"hosts": hosts, "children": children,
		"vars": map[string]any{"recon_cluster": c.Name, "recon_environment": string(c.Environment)},
	}
	return out
}

// WriteAnsible writes the Ansible inventory as JSON, which Ansible reads as the output of a script.
func (c *Cluster) WriteAnsible(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(c.Ansible()); err != nil {
		return fmt.Errorf("write the Ansible inventory: %w", err)
	}
	return nil
}

// ansible are the connection variables of a host.
func (n Node) ansible() map[string]any {
	s := n.SSH
	out := map[string]any{"ansible_host": n.Address}
	if s.User != "" {
		out["ansible_user"] = s.User
	}
	if s.Port != 0 {
		out["ansible_port"] = s.Port
	}
	if len(s.Keys) > 0 {
		out["ansible_ssh_private_key_file"] = s.Keys[0]
	}
	if args := s.ansibleArgs(); args != "" {
		out["ansible_ssh_common_args"] = args
	}
	if s.Become.Method != BecomeNone {
		maps.Copy(out, map[string]any{"ansible_become_method": string(s.Become.Method), "ansible_become_user": s.Become.User})
		if s.Become.Method == BecomeSu {
			// Without a login shell the path stays that of the login, where sysctl and its like are not.
			out["ansible_become_flags"] = "-l"
		}
	} else {
		// Who is root already needs no sudo, which a bare host does not have.
		out["ansible_become"] = false
	}
	return out
}

// ansibleArgs are what Ansible has no variable for. Ansible splits them as a shell would.
func (s SSH) ansibleArgs() string {
	var args []string
	switch {
	case s.Config == "":
		args = append(args, "-F", "none")
	case !strings.HasSuffix(s.Config, "/.ssh/config"):
		// The usual one is read anyhow, and ssh stops when a file after -F does not exist.
		args = append(args, "-F", shellQuote(s.Config))
	}
	if len(s.Jump) > 0 {
		args = append(args, "-J", shellQuote(strings.Join(s.Jump, ",")))
	}
	if len(s.KnownHosts) > 0 {
		args = append(args, "-o", shellQuote("UserKnownHostsFile="+sshWords(s.KnownHosts)))
	}
	if !s.Agent {
		args = append(args, "-o", "IdentityAgent=none")
	}
	for _, k := range s.Keys[min(1, len(s.Keys)):] {
		args = append(args, "-o", shellQuote("IdentityFile="+sshWords([]string{k})))
	}
	return strings.Join(append(args, "-o", "StrictHostKeyChecking=yes"), " ")
}

// sshWords are the words of an option of ssh, in double quotes where one has a space.
func sshWords(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		if out[i] = w; strings.Contains(w, " ") {
			out[i] = `"` + w + `"`
		}
	}
	return strings.Join(out, " ")
}

// shellQuote quotes a word where it needs it.
func shellQuote(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=@:,") == "" && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

package inventory

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// AnsibleSecrets is the variable in which Ansible gets the passwords: it maps a host's name to `become` and `ssh`.
const AnsibleSecrets = "recon_secrets"

// WriteAnsibleFile writes the same inventory as WriteAnsible as a file that Ansible reads itself, without a script that would
// have to be executable. The hosts keep the order of the cluster file: `hosts: netbox[0]` and `serial` go by it.
//
// It holds no secret either: where a password is needed, it refers to the variable AnsibleSecrets, which whoever runs Ansible
// has to give.
func (c *Cluster) WriteAnsibleFile(w io.Writer) error {
	hosts := members{}
	for _, n := range c.Nodes {
		vars := n.ansible()
		if !n.SSH.Password.IsZero() {
			vars["ansible_password"] = "{{ " + AnsibleSecrets + "[inventory_hostname].ssh }}"
		}
		if b := n.SSH.Become; b.Method != BecomeNone && !b.Password.IsZero() {
			vars["ansible_become_password"] = "{{ " + AnsibleSecrets + "[inventory_hostname].become }}"
		}
		hosts = append(hosts, member{n.Name, vars})
	}
	groups := map[string]any{}
	for _, r := range c.Roles() {
		in := members{}
		for _, name := range r.Nodes {
			in = append(in, member{name, struct{}{}})
		}
		groups[r.Name] = map[string]any{"hosts": in}
	}
	ordered := members{}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		ordered = append(ordered, member{name, groups[name]})
	}
	out := members{{"all", members{
		{"hosts", hosts},
		{"children", ordered},
		{"vars", map[string]any{"recon_cluster": c.Name, "recon_environment": string(c.Environment)}},
	}}}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("write the Ansible inventory: %w", err)
	}
	return nil
}

// members is a JSON object whose keys stay in order.
type members []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the object.
func (m members) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, one := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(one.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(one.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

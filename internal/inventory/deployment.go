package inventory

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Deployment is the section `ansible`: how the ansible blocks of runbooks run. The cluster file itself is their inventory.
type Deployment struct {
	// Playbooks is the folder of the playbooks, absolute; empty means the playbooks that recon brings.
	Playbooks string
	// Vars are YAML files with variables, absolute, in the order in which Ansible reads them; a later one wins. They may be
	// encrypted with Ansible Vault.
	Vars []string
	// Vault is the password of Ansible Vault; the zero Secret means that nothing is encrypted.
	Vault Secret
}

// deployment is the section ansible. What Ansible becomes on a host, and with which password, stands at ssh.become.
func deployment(c *Cluster) field {
	keys := func(d *Deployment) []field {
		return []field{
			localPath("playbooks", &d.Playbooks),
			varsFiles(&d.Vars),
			secret("vault", &d.Vault),
		}
	}
	return field{name: "ansible", keys: keys(&Deployment{}), read: func(r *reader, n ast.Node) {
		c.Deployment = &Deployment{}
		r.object(n, begin(n), keys(c.Deployment))
		r.vault = c.Deployment.Vault
	}}
}

// varsFiles is a list of paths, each of which stands there once.
func varsFiles(to *[]string) field {
	f := localPaths("vars", "group_vars/all.yml", to)
	read := f.read
	f.read = func(r *reader, n ast.Node) {
		read(r, n)
		list, ok := unwrap(n).(*ast.SequenceNode)
		if !ok {
			return
		}
		seen := places{}
		for _, item := range list.Values {
			s, ok := unwrap(item).(*ast.StringNode)
			if !ok {
				continue
			}
			if strings.HasPrefix(s.Value, "@") {
				// `-e @FILE` is how the command line says it.
				r.problem(begin(item), quote(s.Value)+" begins with @", "write the path of the file alone")
				continue
			}
			seen.once(r, s.Value, "file", begin(item))
		}
	}
	return f
}

package inventory

import (
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// userName is quiet, because a password may have been written behind the name.
var userName = quiet(pat(`[^\s:@/'"$\x60-][^\s:/'"$\x60]{0,63}`, "a user name", "write the name alone"))

// sshKeys are the keys of the ssh section, of a node's and of the console host's. What a node does not say it has from the
// section: s holds that already.
func sshKeys(s *SSH) []field {
	return []field{
		word("user", &s.User, userName),
		port("port", &s.Port),
		jumps(&s.Jump),
		localPaths("keys", "~/.ssh/id_ed25519", &s.Keys),
		yesNo("agent", &s.Agent),
		knownHosts(&s.KnownHosts),
		sshConfig(&s.Config),
		secret("password", &s.Password),
		object("become", []field{
			choice("method", &s.Become.Method, BecomeSudo, BecomeSu, BecomeNone),
			word("user", &s.Become.User, userName),
			secret("password", &s.Become.Password),
		}),
	}
}

// knownHosts is a field with at least one file: without any, no host could be told from its impostor.
func knownHosts(to *[]string) field {
	f := localPaths("known_hosts", "~/.ssh/known_hosts", to)
	read := f.read
	f.read = func(r *reader, n ast.Node) {
		if list, ok := unwrap(n).(*ast.SequenceNode); ok && len(list.Values) == 0 {
			r.problem(begin(n), "known_hosts is empty", "name a file, host keys are always checked")
			return
		}
		read(r, n)
	}
	return f
}

// sshConfig is a field with a path or the word none.
func sshConfig(to *string) field {
	return field{name: "config", read: func(r *reader, n ast.Node) {
		if s, ok := unwrap(n).(*ast.StringNode); ok && s.Value == "none" {
			*to = ""
			return
		}
		if s, ok := r.local(n); ok {
			*to = s
		}
	}}
}

// clone is a copy that shares nothing.
func (s SSH) clone() SSH {
	s.Jump, s.Keys, s.KnownHosts = slices.Clone(s.Jump), slices.Clone(s.Keys), slices.Clone(s.KnownHosts)
	return s
}

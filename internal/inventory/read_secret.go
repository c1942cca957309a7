package inventory

import (
	"errors"

	"github.com/goccy/go-yaml/ast"
)

// secret is a field with a reference to a secret. What stands there instead is never shown: it may be the secret.
func secret(name string, to *Secret) field {
	hint := "write env:NAME, file:PATH, yaml:FILE#KEY or prompt"
	return field{name: name, read: func(r *reader, n ast.Node) {
		n = unwrap(n)
		switch v := n.(type) {
		case *ast.AliasNode:
		case *ast.NullNode:
			r.problem(begin(n), name+" has no value", hint+r.optional)
		case *ast.StringNode:
			s, err := newSecret(v.Value, r.where(), r.dir, r.home)
			switch {
			case errors.Is(err, errClear):
				r.problem(begin(n), name+" is in clear", hint+", and change it: it was in a file")
			case err != nil:
				r.problem(begin(n), name+": "+err.Error(), hint)
			default:
				*to = s.WithVault(r.vault)
			}
		case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode:
			r.problem(begin(n), name+" is "+kind(n)+" and must be a reference", hint)
		default:
			r.problem(begin(n), name+" is in clear", hint+", and change it: it was in a file")
		}
	}}
}

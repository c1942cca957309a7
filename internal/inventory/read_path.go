package inventory

import (
	"errors"
	"path"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// hostPath is a field with a path on the hosts of the cluster: absolute, and without anything to resolve.
func hostPath(name string, to *string) field {
	hint := "write an absolute path"
	return field{name: name, read: func(r *reader, n ast.Node) {
		s, ok := r.text(n, hint)
		switch {
		case !ok:
		case !strings.HasPrefix(s, "/"):
			r.problem(begin(n), quote(s)+" is not an absolute path", "it is a path on the hosts, begin it with /")
		case path.Clean(s) != strings.TrimSuffix(s, "/") && s != "/":
			r.problem(begin(n), quote(s)+" has . or .. or // in it", "write it as "+path.Clean(s))
		case s == "/":
			r.problem(begin(n), "/ is the whole host", hint)
		default:
			*to = strings.TrimSuffix(s, "/")
		}
	}}
}

// localPath is a field with a path on this machine: absolute, from the home folder with ~/, or from the file's folder.
func localPath(name string, to *string) field {
	return field{name: name, read: func(r *reader, n ast.Node) {
		if s, ok := r.local(n); ok {
			*to = s
		}
	}}
}

// localPaths is a field with a list of them.
func localPaths(name, example string, to *[]string) field {
	return field{name: name, read: func(r *reader, n ast.Node) {
		items, ok := r.items(n, "["+example+"]")
		if !ok {
			return
		}
		list := []string{}
		for _, item := range items {
			if s, ok := r.local(item); ok {
				list = append(list, s)
			}
		}
		*to = list
	}}
}

func (r *reader) local(n ast.Node) (string, bool) {
	s, ok := r.text(n, "write a path")
	if !ok {
		return "", false
	}
	p, err := resolve(s, r.dir, r.home)
	if err != nil {
		r.problem(begin(n), quote(s)+" "+err.Error(), "write an absolute path")
		return "", false
	}
	return p, true
}

// resolve makes a path of this machine absolute.
func resolve(s, dir, home string) (string, error) {
	switch {
	case s == "~" || strings.HasPrefix(s, "~/"):
		if home == "" {
			return "", errors.New("begins with ~ and there is no home folder")
		}
		return filepath.Join(home, s[1:]), nil
	case strings.HasPrefix(s, "~"):
		return "", errors.New("is in the home folder of somebody else")
	case filepath.IsAbs(s):
		return filepath.Clean(s), nil
	}
	return filepath.Join(dir, s), nil
}

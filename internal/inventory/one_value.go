package inventory

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// CheckValue checks one text as if it stood at a key of a cluster file, such as cluster, nodes.address or ssh.jump[], where []
// is an item of a list. It is for whoever asks for values before there is a file. The error says what is wrong and what to do.
func CheckValue(key, text string) error {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	var n ast.Node = &ast.StringNode{BaseNode: &ast.BaseNode{}, Token: &token.Token{Value: text}, Value: text}
	path, item := strings.CutSuffix(key, "[]")
	if item {
		n = &ast.SequenceNode{BaseNode: &ast.BaseNode{}, Values: []ast.Node{n}}
	}
	r := &reader{dir: dir, home: home, path: strings.Split(path, ".")}
	fields := clusterKeys(newCluster(home), &SSH{})
	for i, word := range r.path {
		at := slices.IndexFunc(fields, func(f field) bool { return f.name == word })
		if at < 0 {
			return errors.New("a cluster file has no key " + key)
		}
		if i == len(r.path)-1 {
			fields[at].read(r, n)
		}
		fields = fields[at].keys
	}
	if len(r.problems) == 0 {
		return nil
	}
	p := r.problems[0]
	return errors.New(p.What + ", " + p.Hint)
}

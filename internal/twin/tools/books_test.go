package tools_test

import (
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"

	"recon/internal/twin/shell"
	"recon/internal/twin/tools"
	"recon/internal/twin/world"
	"recon/probes"
	"recon/runbooks"
)

// builtins are what dash itself knows.
var builtins = strings.Fields(". : [ break cd command continue echo eval exec exit export false getopts hash kill local printf pwd read readonly return set shift test times trap true type ulimit umask unset wait")

// variables are what the books' commands begin with instead of a name, and what that is on the hosts.
var variables = map[string]string{"$PGBIN": world.PGBin, "$home/../venv": "/opt/netbox/venv", "$program": "nginx"}

// carriers run the command in their arguments, which begins after their options.
var carriers = map[string]int{"timeout": 1, "runuser": 0, "env": 0, "sudo": 0, "nohup": 0}

// Every command that a shipped book runs on a host is one of the shell's or of the tools'.
func TestTheBooksFindTheirCommands(t *testing.T) {
	books, err := runbooks.Load(probes.Scope(nil))
	if err != nil {
		t.Fatal(err)
	}
	known := slices.Concat(shell.Commands(), builtins)
	for name := range tools.Commands(nil, nil) {
		known = append(known, name)
	}
	seen := map[string]bool{}
	for _, b := range books.Books {
		if b.Test.Not != "" {
			continue // it is not walked on a training cluster, and says why
		}
		for _, s := range b.Steps {
			for _, c := range s.Commands {
				if c.Kind != runbooks.Sh {
					continue
				}
				for _, name := range called(t, c.Script) {
					seen[name] = true
					if !slices.Contains(known, name) {
						t.Errorf("%s, step %d: %s is neither a command of the shell nor a tool", b.ID, s.Number, name)
					}
				}
			}
		}
	}
	for _, must := range []string{"systemctl", "journalctl", "etcdctl", "patronictl", "openssl", world.PGBin + "/psql", world.PGBin + "/pg_waldump", "/opt/netbox/venv/bin/python3"} {
		if !seen[must] {
			t.Errorf("no book runs %s: the walk misses calls", must)
		}
	}
}

// called are the commands of a script: by name, or by the path that its variables stand for.
func called(t *testing.T, script string) []string {
	t.Helper()
	f, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(script), "")
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string]bool{}
	syntax.Walk(f, func(n syntax.Node) bool {
		if d, ok := n.(*syntax.FuncDecl); ok {
			functions[d.Name.Value] = true
		}
		return true
	})
	var out []string
	syntax.Walk(f, func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		words := make([]string, len(call.Args))
		for i, a := range call.Args {
			words[i] = text(a)
		}
		for len(words) > 0 && !functions[words[0]] {
			out = append(out, words[0])
			skip, carries := carriers[words[0]]
			if !carries {
				break
			}
			words = carried(words[1:], skip)
		}
		return true
	})
	return out
}

// carried is the command in a carrier's arguments.
func carried(args []string, skip int) []string {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--":
			return args[i+1:]
		case args[i] == "-u" || args[i] == "-k":
			i++
		case strings.HasPrefix(args[i], "-") || strings.Contains(args[i], "="):
		case skip > 0:
			skip--
		default:
			return args[i:]
		}
	}
	return nil
}

// text is a word with its variables by name, and the paths that are known for what they are.
func text(w *syntax.Word) string {
	var b strings.Builder
	var part func(p syntax.WordPart)
	part = func(p syntax.WordPart) {
		switch p := p.(type) {
		case *syntax.Lit:
			b.WriteString(p.Value)
		case *syntax.SglQuoted:
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			for _, q := range p.Parts {
				part(q)
			}
		case *syntax.ParamExp:
			b.WriteString("$" + p.Param.Value)
		}
	}
	for _, p := range w.Parts {
		part(p)
	}
	out := b.String()
	for name, is := range variables {
		if rest, ok := strings.CutPrefix(out, name); ok {
			return path.Clean(is + rest)
		}
	}
	return out
}

// COMMANDS.md names every program.
func TestTheListOfCommandsIsComplete(t *testing.T) {
	b, err := os.ReadFile("COMMANDS.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range tools.Commands(nil, nil) {
		if !strings.Contains(string(b), "`"+path.Base(name)+"`") {
			t.Errorf("COMMANDS.md does not name %s", path.Base(name))
		}
	}
}

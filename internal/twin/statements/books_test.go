package statements_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"

	"recon/internal/twin/statements"
)

// asked is a statement that somebody sends, and where it is written.
type asked struct{ where, sql string }

var looksLikeSQL = regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|SET|SHOW|RESET|BEGIN|COMMIT|ROLLBACK|CHECKPOINT|ALTER|CREATE|GRANT)\b[^:]`)

// ofProbes are the statements in the probes' sources.
// unproven is a front matter that says why its book is not walked on a training cluster.
var unproven = regexp.MustCompile(`(?m)^test:.*[{ ]not:`)

func ofProbes(t testing.TB) []asked {
	t.Helper()
	files, err := filepath.Glob("../../../probes/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no probes", err)
	}
	var out []asked
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			l, ok := n.(*ast.BasicLit)
			if !ok || l.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(l.Value)
			if err != nil || !looksLikeSQL.MatchString(text+" ") || text == "SHOW " {
				return true
			}
			if strings.Contains(text, "@inactive") {
				out = append(out, asked{file, strings.Replace(text, "@inactive", "NULL", 1)})
				text = strings.Replace(text, "@inactive", "extract(epoch FROM clock_timestamp() - inactive_since)::float8", 1)
			}
			out = append(out, asked{file, strings.ReplaceAll(text, "%s", "netbox")})
			return true
		})
	}
	return out
}

var fenced = regexp.MustCompile("(?ms)^```(sql|sh)[^\n]*\n(.*?)^```")

// ofBooks are the statements of the runbooks: blocks of SQL, and what psql is called with; database is psql's -d.
// bookValue is how a statement of a book names one of its values.
var bookValue = regexp.MustCompile(`\$[A-Z_]+\b`)

func ofBooks(t testing.TB) (sql []asked, console []asked) {
	t.Helper()
	files, err := filepath.Glob("../../../runbooks/*.md")
	if err != nil || len(files) == 0 {
		t.Fatal("no books", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if front, _, _ := strings.Cut(string(b), "\n---\n"); unproven.MatchString(front) {
			continue // it is not walked on a training cluster, and says why
		}
		for _, m := range fenced.FindAllStringSubmatch(string(b), -1) {
			if m[1] == "sql" {
				// A value of the book stands for a parameter.
				sql = append(sql, asked{file, bookValue.ReplaceAllString(m[2], "'old_consumer'")})
				continue
			}
			calls := psqlCalls(t, m[2])
			for _, database := range slices.Sorted(maps.Keys(calls)) {
				for _, text := range calls[database] {
					if database == "pgbouncer" {
						console = append(console, asked{file, text})
					} else {
						sql = append(sql, asked{file, text})
					}
				}
			}
		}
	}
	return sql, console
}

// psqlCalls are the values of -c, by the value of -d. A variable of a loop stands for all its values.
func psqlCalls(t testing.TB, script string) map[string][]string {
	t.Helper()
	f, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(script), "")
	if err != nil {
		t.Fatalf("%v in\n%s", err, script)
	}
	loops := map[string][]string{}
	out := map[string][]string{}
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ForClause:
			if loop, ok := n.Loop.(*syntax.WordIter); ok {
				for _, w := range loop.Items {
					loops["$"+loop.Name.Value] = append(loops["$"+loop.Name.Value], wordText(w))
				}
			}
		case *syntax.CallExpr:
			var words []string
			for _, w := range n.Args {
				words = append(words, wordText(w))
			}
			if !slices.ContainsFunc(words, func(w string) bool { return w == "psql" || strings.HasSuffix(w, "/psql") }) {
				break
			}
			database := ""
			if i := slices.Index(words, "-d"); i >= 0 && i+1 < len(words) {
				database = words[i+1]
			}
			for i, w := range words {
				if w != "-c" || i+1 == len(words) {
					continue
				}
				if values, ok := loops[words[i+1]]; ok {
					out[database] = append(out[database], values...)
				} else {
					out[database] = append(out[database], words[i+1])
				}
			}
		}
		return true
	})
	return out
}

// wordText is a word without its quotes, with variables as they are written.
func wordText(w *syntax.Word) string {
	var b strings.Builder
	var add func(parts []syntax.WordPart)
	add = func(parts []syntax.WordPart) {
		for _, p := range parts {
			switch p := p.(type) {
			case *syntax.Lit:
				b.WriteString(strings.ReplaceAll(p.Value, `\"`, `"`))
			case *syntax.SglQuoted:
				b.WriteString(p.Value)
			case *syntax.DblQuoted:
				add(p.Parts)
			case *syntax.ParamExp:
				b.WriteString("$" + p.Param.Value)
			}
		}
	}
	add(w.Parts)
	return b.String()
}

// Everything that recon sends is known, on a primary and on a standby, in the old version and in the new one.
func TestKnowsWhatReconSends(t *testing.T) {
	probes := ofProbes(t)
	books, _ := ofBooks(t)
	if len(probes) < 14 || len(books) < 25 {
		t.Fatalf("found %d statements in the probes and %d in the books", len(probes), len(books))
	}
	for _, version := range []int{150018, 170006} {
		f := healthy()
		f.Version, f.Settings = version, statements.DefaultSettings(version)
		d := &statements.Database{Facts: func(*pgwireSession) statements.Facts { return f }}
		s := &pgwireSession{User: "postgres", Database: "netbox"}
		for _, a := range slices.Concat(probes, books) {
			if version < 170000 && strings.Contains(a.sql, "inactive_since") {
				continue
			}
			for _, one := range split(t, a.sql) {
				if word := strings.Fields(one)[0]; slices.Contains([]string{"BEGIN", "COMMIT", "ROLLBACK"}, word) {
					continue
				}
				if _, _, err := d.Describe(context.Background(), s, one); err != nil {
					t.Errorf("%s: %v\n%s", a.where, err, one)
				}
			}
		}
	}
}

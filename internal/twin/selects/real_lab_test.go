//go:build lab

package selects_test

import (
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"
)

var record = flag.String("record", "", "write the answers of the server with these psql options into testdata/answers.txt")

// TestRecord asks a real server, whose database must be empty, and writes its answers down:
// go test -tags lab -run TestRecord -record "-h 127.0.0.1 -p 5432 -U postgres" ./internal/twin/selects
func TestRecord(t *testing.T) {
	if *record == "" {
		return // there is nothing to record
	}
	ask := func(sql string) string {
		cmd := exec.Command("psql", append(strings.Fields(*record), "-XA", "-P", "null=∅", "-P", "footer=off", "-v", "VERBOSITY=sqlstate", "-c", sql)...)
		cmd.Env = append(os.Environ(), "PGTZ=UTC")
		out, err := cmd.CombinedOutput()
		if err != nil && !strings.HasPrefix(string(out), "ERROR") {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.ReplaceAll(string(out), "ERROR:  ", "ERROR ")
	}
	tables, err := os.ReadFile("testdata/tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	ask(string(tables))
	version := strings.Split(ask("SHOW server_version"), "\n")[1]
	var b strings.Builder
	b.WriteString("# What PostgreSQL " + version + " answers on the tables of tables.sql. Written by TestRecord.\n")
	sql, _ := cases(t)
	for _, s := range sql {
		b.WriteString("\n> " + s + "\n" + ask(s))
	}
	if err := os.WriteFile("testdata/answers.txt", []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

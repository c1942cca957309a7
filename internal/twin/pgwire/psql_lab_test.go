//go:build lab

package pgwire_test

import (
	"os/exec"
	"strings"
	"testing"

	"recon/internal/twin/pgwire"
)

// psql runs the real psql.
func psql(t *testing.T, settings string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("psql")
	if err != nil {
		t.Fatal("psql is not installed: apt-get install postgresql-client")
	}
	cmd := exec.CommandContext(t.Context(), path, append([]string{"-X", "-d", settings}, args...)...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		out = append(out, err.Error()...)
	}
	return string(out)
}

func TestRealPsql(t *testing.T) {
	for _, method := range []pgwire.Method{pgwire.Trust, pgwire.Cleartext, pgwire.MD5, pgwire.SCRAM} {
		_, settings := serve(t, &bench{auth: pgwire.Auth{Method: method, Password: "secret"}}, func(s *pgwire.Server) { s.TLS = certificate(t) })
		got := psql(t, settings+"password=secret sslmode=require", "-At", "-c", "SELECT all")
		want := "t|2|4|1099511627776|16384|2.5|12.75|text|postgres|2026-11-23 12:00:00.123456+00|1 day 02:00:01.5|172.16.113.201|0/6024030|{\"a b\",c}||{\"a\": 1}|742|77\n"
		if got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	}
	_, settings := serve(t, &bench{})
	if got, want := psql(t, settings, "-c", "NOTE this; BROKEN", "-c", "SELECT rows 2"), "NOTICE:  by the way\nERROR:  no such words\nDETAIL:  in detail\nHINT:  look at the list\n n \n---\n 0\n 1\n(2 rows)\n\n"; strings.ReplaceAll(got, "NOTE\n", "") != want {
		t.Errorf("got\n%s", got)
	}
	if got := psql(t, settings+"user=stranger", "-c", "SELECT 1"); !strings.Contains(got, `FATAL:  no pg_hba.conf entry for host "127.0.0.1", user "stranger"`) {
		t.Errorf("got\n%s", got)
	}
	if got := psql(t, settings, "-c", "DIE"); !strings.Contains(got, "FATAL:  terminating connection because of crash of another server process") {
		t.Errorf("got\n%s", got)
	}
}

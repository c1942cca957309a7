package actions

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"recon/internal/inventory"
	"recon/internal/remote"
)

func TestOutcomesOfSQL(t *testing.T) {
	server := func(severity, code string) error {
		return fmt.Errorf("query: %w", &pgconn.PgError{SeverityUnlocalized: severity, Severity: "FEHLER", Code: code, Message: "no"})
	}
	for name, c := range map[string]struct {
		err  error
		want remote.ExitKind
	}{
		"it went well":                          {nil, remote.OK},
		"a wrong statement":                     {server("ERROR", "42601"), remote.Failed},
		"an exception raised by a function":     {server("ERROR", "P0001"), remote.Failed},
		"the disk of the server":                {server("ERROR", "58030"), remote.Failed},
		"an administrator ended the connection": {server("FATAL", "57P01"), remote.Unknown},
		"a crash":                               {server("FATAL", "57P02"), remote.Unknown},
		"PgBouncer, which names no severity":    {&pgconn.PgError{Severity: "ERROR", Code: "08P01"}, remote.Failed},
		"the connection broke":                  {errors.New("unexpected EOF"), remote.Unknown},
	} {
		if got, reason := sqlOutcome(c.err); got != c.want || (reason == "") != (c.err == nil) {
			t.Errorf("%s: %s, %q; want %s", name, got, reason, c.want)
		}
	}
}

// A parameter is never read as an option, so its dash is no reason to refuse it, and none to hide it.
func TestSQLShowsEveryValue(t *testing.T) {
	h := hands(&fakeNet{})
	h.cluster.Postgres = &inventory.Postgres{Port: 5432, User: "recon"}
	p, err := h.Plan(Command{Kind: SQL, Script: "select $LSN, $N", Values: []Value{{"N", "-1"}, {"LSN", "0/3"}}, Targets: []string{"n1"}})
	if err != nil {
		t.Fatal(err)
	}
	if shown, _ := p.Shown(); !slices.Equal(shown, []string{"N='-1'", "LSN='0/3'"}) {
		t.Errorf("shown: %q", shown)
	}
}

//go:build lab

package psql_test

import (
	"errors"
	"flag"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

var record = flag.Bool("record", false, "write down what the real psql prints")

// TestTheRealOne compares what is recorded with the psql that is installed here.
func TestTheRealOne(t *testing.T) {
	path, err := exec.LookPath("psql")
	if err != nil {
		t.Fatal("psql is not installed: apt-get install postgresql-client")
	}
	address := start(t)
	host, port, _ := net.SplitHostPort(address)
	names, args, stdin := cases(t)
	var all strings.Builder
	for i := range names {
		cmd := exec.CommandContext(t.Context(), path, args[i]...)
		cmd.Env = []string{"PGHOST=" + host, "PGPORT=" + port, "PGUSER=someone", "PGDATABASE=netbox", "LC_ALL=C.UTF-8", "PGPASSFILE=/nonexistent", "PATH=" + os.Getenv("PATH")}
		cmd.Stdin = strings.NewReader(stdin[i])
		out, err := cmd.CombinedOutput()
		var status *exec.ExitError
		code := 0
		if errors.As(err, &status) {
			code = status.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		all.WriteString(ended(string(out), code, port) + "\x1e\n")
	}
	if *record {
		if err := os.WriteFile(recorded, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(recorded)
	if err != nil || string(b) != all.String() {
		t.Errorf("the real psql prints something else than %s (%v):\n%s", recorded, err, all.String())
	}
}

package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// may says which of our packages a room may import, directly or through others. Leaves import nothing of ours.
var may = map[string][]string{
	"recon/internal/inventory":  {},
	"recon/internal/gate":       {},
	"recon/internal/fault":      {},
	"recon/internal/scrub":      {},
	"recon/internal/redisblock": {},
	"recon/internal/audit":      {},
	"recon/internal/remote":     {"recon/internal/inventory", "recon/internal/scrub"},
	"recon/probes":              {"recon/internal/inventory", "recon/internal/scrub", "recon/internal/gate", "recon/internal/remote"},
	"recon/actions":             {"recon/internal/inventory", "recon/internal/scrub", "recon/internal/remote", "recon/probes", "recon/internal/gate", "recon/internal/redisblock"},
	"recon/runbooks":            {"recon/internal/gate", "recon/internal/fault", "recon/internal/inventory", "recon/internal/scrub", "recon/internal/remote", "recon/probes", "recon/internal/redisblock"},
	"recon/internal/stack":      {"recon/internal/inventory", "recon/internal/scrub", "recon/internal/gate", "recon/internal/remote", "recon/probes"},
	"recon/internal/findings": {
		"recon/internal/inventory", "recon/internal/scrub", "recon/internal/gate", "recon/internal/fault", "recon/internal/remote",
		"recon/probes", "recon/runbooks", "recon/internal/redisblock",
	},
	"recon/internal/status": {
		"recon/internal/inventory", "recon/internal/scrub", "recon/internal/gate", "recon/internal/fault", "recon/internal/remote",
		"recon/internal/findings", "recon/internal/stack", "recon/probes", "recon/runbooks", "recon/internal/redisblock",
	},
	"recon/internal/doctor": {"recon/internal/inventory", "recon/internal/scrub", "recon/internal/gate", "recon/internal/remote", "recon/probes"},
	"recon/internal/walk": {
		"recon/internal/inventory", "recon/internal/scrub", "recon/internal/gate", "recon/internal/fault", "recon/internal/remote",
		"recon/internal/audit", "recon/probes", "recon/actions", "recon/runbooks", "recon/internal/redisblock",
	},
	"recon/internal/drill": {
		"recon/internal/inventory", "recon/internal/scrub", "recon/internal/gate", "recon/internal/fault", "recon/internal/remote",
		"recon/internal/audit", "recon/probes", "recon/runbooks", "recon/internal/redisblock",
	},
	"recon/internal/setup":          {"recon/internal/inventory"},
	"recon/internal/lab":            {"recon/internal/inventory", "recon/internal/setup", "recon/internal/fault", "recon/runbooks", "recon/internal/redisblock"},
	"recon/internal/twin/world":     {"recon/internal/fault"},
	"recon/internal/twin/network":   {},
	"recon/internal/twin/sshd":      {},
	"recon/internal/twin/shell":     {},
	"recon/internal/twin/hostfiles": {},
	"recon/internal/twin/resp":      {},
	"recon/internal/twin/pgwire":    {},
	"recon/internal/twin/selects":   {"recon/internal/twin/pgwire"},
}

// screens are the libraries that only ui may import.
var screens = []string{"charm.land/"}

type pkg struct {
	ImportPath string
	Deps       []string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Deps,Imports", "recon/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []pkg
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if p.ImportPath == "recon" || strings.HasPrefix(p.ImportPath, "recon/") {
			all = append(all, p)
		}
	}
}

func TestImportsGoOneWay(t *testing.T) {
	found := map[string]bool{}
	for _, p := range packages(t) {
		found[p.ImportPath] = true
		allowed, bounded := may[p.ImportPath]
		for _, d := range p.Deps {
			if bounded && strings.HasPrefix(d, "recon/") && !slices.Contains(allowed, d) {
				t.Errorf("%s must not import %s", p.ImportPath, d)
			}
		}
		inUI := p.ImportPath == "recon/ui" || strings.HasPrefix(p.ImportPath, "recon/ui/")
		for _, i := range p.Imports {
			if slices.ContainsFunc(screens, func(s string) bool { return strings.HasPrefix(i, s) }) && !inUI {
				t.Errorf("%s imports %s; only ui draws", p.ImportPath, i)
			}
			if strings.HasPrefix(i, "recon/") && strings.HasSuffix(i, "test") {
				t.Errorf("%s imports %s, which is for tests", p.ImportPath, i)
			}
			if i == "recon/internal/lab" && p.ImportPath != "recon/internal/cli" {
				t.Errorf("%s imports %s; only cli starts clusters", p.ImportPath, i)
			}
			// A training cluster is a cluster to everybody else: those who start one are named here.
			starts := []string{"recon/internal/cli", "recon/internal/rehearsal"}
			if strings.HasPrefix(i, "recon/internal/twin") && !strings.HasPrefix(p.ImportPath, "recon/internal/twin") && !slices.Contains(starts, p.ImportPath) {
				t.Errorf("%s imports %s; nothing outside may know that a cluster is simulated", p.ImportPath, i)
			}
			if i == "recon/internal/cli" && p.ImportPath != "recon" {
				t.Errorf("%s imports cli; only main does", p.ImportPath)
			}
			if strings.HasPrefix(i, "testing") && !strings.HasSuffix(p.ImportPath, "test") {
				t.Errorf("%s imports %s, and would be linked into the binary", p.ImportPath, i)
			}
		}
	}
	for room := range may {
		if !found[room] {
			t.Errorf("the room %s is named here and does not exist", room)
		}
	}
}

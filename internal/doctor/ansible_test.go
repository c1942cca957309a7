package doctor_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recon/internal/doctor"
	"recon/internal/inventory"
)

// onPath makes a folder with a fake ansible-playbook (none when the script is empty) the whole PATH.
func onPath(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if script != "" {
		if err := os.WriteFile(filepath.Join(dir, "ansible-playbook"), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
}

// Doctor says whether playbooks can be run on this machine: where a book or the cluster file needs it, and then as a warning.
func TestAnsibleOnThisMachine(t *testing.T) {
	here := t.TempDir()
	vars := filepath.Join(here, "vars.yml")
	if err := os.WriteFile(vars, []byte("a: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(here, "gone")
	const current = "echo 'ansible-playbook [core 2.19.4]'; echo '  config file = None'"
	for name, tt := range map[string]struct {
		script     string
		playbooks  bool
		deployment *inventory.Deployment
		want       []string // of each check about it: answer, what, tried, why, hint
	}{
		"nobody needs it":        {"", false, nil, nil},
		"there":                  {current, true, nil, []string{"ok|ansible|ansible-playbook [core 2.19.4]||"}},
		"there, before core":     {"echo 'ansible-playbook 2.9.27'", true, nil, []string{"warn|ansible|ansible-playbook 2.9.27|this version is older than 2.14|install a newer ansible-core"}},
		"too old":                {"echo 'ansible-playbook [core 2.13.1]'", true, nil, []string{"warn|ansible|ansible-playbook [core 2.13.1]|this version is older than 2.14|"}},
		"of the next generation": {"echo 'ansible-playbook [core 3.0.0]'", true, nil, []string{"ok|ansible|ansible-playbook [core 3.0.0]||"}},
		"not there":              {"", true, nil, []string{"warn|ansible|ansible-playbook --version|exec: \"ansible-playbook\": executable file not found in $PATH|install Ansible on this machine"}},
		"broken":                 {"exit 1", true, nil, []string{"warn|ansible|ansible-playbook --version|exit status 1|install Ansible"}},
		"says nothing":           {"echo hello", true, nil, []string{"warn|ansible|ansible-playbook --version|it does not say which version it is|"}},
		"the cluster file's own": {current, false, &inventory.Deployment{Playbooks: here, Vars: []string{vars}}, []string{"ok|ansible|", "ok|playbooks|" + filepath.Base(here) + "||", "ok|playbooks|vars.yml||"}},
		"whose files are gone":   {current, false, &inventory.Deployment{Playbooks: gone, Vars: []string{vars, gone + ".yml"}}, []string{"ok|ansible|", "warn|playbooks|gone|stat " + gone + ": no such file", "ok|playbooks|vars.yml|", "warn|playbooks|gone.yml|stat " + gone + ".yml: no such file"}},
	} {
		t.Run(name, func(t *testing.T) {
			onPath(t, tt.script)
			s := healthy()
			s.o.Playbooks, s.cluster.Deployment = tt.playbooks, tt.deployment
			all := s.examine(t, t.Context())
			var got []string
			for _, c := range all {
				if c.What == "ansible" || c.What == "playbooks" {
					got = append(got, strings.Join([]string{string(c.Answer), c.What, c.Tried, c.Why, c.Hint}, "|"))
				}
			}
			if len(got) != len(tt.want) {
				t.Fatalf("got %q", got)
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tt.want[i]) {
					t.Errorf("got %q, want %q", got[i], tt.want[i])
				}
				if strings.HasPrefix(got[i], "warn|playbooks") && !strings.HasSuffix(got[i], "|mend `ansible` in the cluster file") {
					t.Errorf("no hint: %q", got[i])
				}
			}
			if code := doctor.Code(all); code != 0 {
				t.Errorf("exit code %d: everything else works without Ansible", code)
			}
		})
	}
}

package lab

import (
	"slices"
	"strings"
	"testing"
)

// A console of bare hosts has what `recon inventory init` needs and nothing of what it makes.
func TestBareConsoleHasNoClusterFile(t *testing.T) {
	s := newSecrets()
	paths := func(all []file) (out []string) {
		for _, f := range all {
			out = append(out, strings.TrimPrefix(f.path, "home/"+User+"/"))
			if f.mode&0o077 != 0 && slices.ContainsFunc(secretValues(s), func(v string) bool { return strings.Contains(f.text, v) }) {
				t.Errorf("%s holds a secret and has mode %o", f.path, f.mode)
			}
		}
		return out
	}
	bare := paths(operatorFiles(s, "known"))
	more, err := clusterOnConsole(s)
	if err != nil {
		t.Fatal(err)
	}
	whole := paths(more)
	for _, name := range []string{"inventory.yaml", "vars.yml", "secrets.yml", ".secrets/redis", "ansible/inventory/group_vars/all/secrets.yml"} {
		if slices.Contains(bare, name) || !slices.Contains(whole, name) {
			t.Errorf("%s: on the bare console %t, beside the lab's own cluster %t", name, slices.Contains(bare, name), slices.Contains(whole, name))
		}
	}
	for _, name := range []string{"answers.yml", ".ssh/known_hosts"} {
		if !slices.Contains(bare, name) {
			t.Errorf("the bare console lacks %s", name)
		}
	}
}

func secretValues(s secrets) []string {
	out := []string{s.root}
	for _, v := range s.Secrets {
		out = append(out, v)
	}
	return out
}

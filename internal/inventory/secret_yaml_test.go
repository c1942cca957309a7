package inventory

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestResolveYAML(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
		return p
	}
	good := write("good.yml", "---\n# comment\nredis_password: hunter2 # trailing\nquoted: \"hun#ter2\"\nlong: |\n  hunter2\nlist: [hunter2]\n"+
		"number: 12345678\nempty:\ntemplate: \"{{ redis_password }} hunter2\"\n", 0o600)
	open := write("open.yml", "redis_password: hunter2\n", 0o644)
	broken := write("broken.yml", "a: b\nredis_password: \"hunter2\n", 0o600)
	list := write("list.yml", "- hunter2\n", 0o600)
	vault := map[string]string{}
	for _, name := range []string{"secrets-1.1.yml", "one-value.yml"} {
		b, err := os.ReadFile(filepath.Join("testdata/vault", name))
		if err != nil {
			t.Fatal(err)
		}
		vault[name] = write(name, string(b), 0o600)
	}
	word := mustSecret(t, "file:"+write("word", vaultWord+"\n", 0o600))
	wrong := mustSecret(t, "file:"+write("wrong", "hunter2\n", 0o600))
	for _, tc := range []struct {
		name, ref   string
		vault       Secret
		want, fault string
	}{
		{"a word", "yaml:" + good + "#redis_password", Secret{}, "hunter2", ""},
		{"in quotes", "yaml:" + good + "#quoted", Secret{}, "hun#ter2", ""},
		{"several lines", "yaml:" + good + "#long", Secret{}, "hunter2\n", ""},
		{"no such key", "yaml:" + good + "#redis_pasword", Secret{}, "", "has no key redis_pasword, did you mean redis_password?"},
		{"a list", "yaml:" + good + "#list", Secret{}, "", "list is a list and must be text"},
		{"a number", "yaml:" + good + "#number", Secret{}, "", "put it in quotes"},
		{"nothing", "yaml:" + good + "#empty", Secret{}, "", "it is empty"},
		{"a template", "yaml:" + good + "#template", Secret{}, "", "only Ansible can fill in"},
		{"readable by others", "yaml:" + open + "#redis_password", Secret{}, "", "mode 0644"},
		{"not YAML", "yaml:" + broken + "#redis_password", Secret{}, "", "line 2 is not YAML"},
		{"not a mapping", "yaml:" + list + "#redis_password", Secret{}, "", "has no key redis_password"},
		{"no file", "yaml:" + dir + "/none.yml#redis_password", Secret{}, "", "no such file"},
		{"encrypted file", "yaml:" + vault["secrets-1.1.yml"] + "#redis_password", word, "hunter2hunter2", ""},
		{"encrypted value", "yaml:" + vault["one-value.yml"] + "#redis_password", word, "hunter3", ""},
		{"clear beside an encrypted value", "yaml:" + vault["one-value.yml"] + "#clear", Secret{}, "text", ""},
		{"encrypted, wrong password", "yaml:" + vault["secrets-1.1.yml"] + "#redis_password", wrong, "", "the vault password is wrong"},
		{"encrypted, no password", "yaml:" + vault["secrets-1.1.yml"] + "#redis_password", Secret{}, "", "`vault` in the section ansible"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := mustSecret(t, tc.ref).WithVault(tc.vault)
			got, err := s.Resolve(t.Context(), nil)
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if (err == nil) != (tc.fault == "") || err != nil && (!strings.Contains(err.Error(), tc.fault) || strings.Contains(err.Error(), "hunter")) {
				t.Errorf("got %v, want %q", err, tc.fault)
			}
			if shown := fmt.Sprintf("%v %#v %s", s, s, s.Name()); strings.Count(shown, tc.ref) != 3 || strings.Contains(shown, "word") && !strings.Contains(tc.ref, "word") {
				t.Errorf("it shows as %s", shown)
			}
		})
	}
}

// The vault password is asked for under one name, so that whoever asks can keep it for all keys.
func TestResolveYAMLAsks(t *testing.T) {
	b, err := os.ReadFile("testdata/vault/secrets-1.1.yml")
	if err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(t.TempDir(), "s.yml")
	if err := os.WriteFile(p, b, 0o600); err != nil {
		t.Fatal(err)
	}
	prompt, err := NewSecret("prompt", "ansible.vault")
	if err != nil {
		t.Fatal(err)
	}
	one, other := mustSecret(t, "yaml:"+p+"#redis_password").WithVault(prompt), mustSecret(t, "yaml:"+p+"#quoted").WithVault(prompt)
	if !one.Asks() || one == other || one != mustSecret(t, "yaml:"+p+"#redis_password").WithVault(prompt) {
		t.Errorf("%#v asks: %t", one, one.Asks())
	}
	if plain := mustSecret(t, "env:A").WithVault(prompt); plain.Asks() || plain != mustSecret(t, "env:A") {
		t.Errorf("a variable has a vault: %#v", plain)
	}
	ask := func(_ context.Context, what string) (string, error) {
		if what != "ansible.vault" {
			t.Errorf("asked for %q", what)
		}
		return vaultWord, nil
	}
	if got, err := other.Resolve(t.Context(), ask); err != nil || got != "with # and ü" {
		t.Errorf("got %q, %v", got, err)
	}
	gone := errors.New("gone")
	if _, err := one.Resolve(t.Context(), func(context.Context, string) (string, error) { return "", gone }); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

func TestNewYAMLSecret(t *testing.T) {
	for _, ref := range []string{"yaml:", "yaml:f.yml", "yaml:f.yml#", "yaml:#key", "yaml:f.yml#hunter2 x", "yaml:~hunter2/f#key"} {
		if s, err := NewSecret(ref, "x"); err == nil || !s.IsZero() || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %#v, %v", ref, s, err)
		}
	}
	c := parseAs(t, "/srv/c.yaml", small+"services: {redis: {password: yaml:secrets.yml#redis_password}}\n")
	if got := c.Redis.Password; got.path != "/srv/secrets.yml" || got.key != "redis_password" {
		t.Errorf("got %+v", got)
	}
}

// What the file says of the vault holds for its secrets, wherever they stand.
func TestVaultOfTheFile(t *testing.T) {
	c := parseAs(t, "/srv/c.yaml", small+"services: {redis: {password: yaml:secrets.yml#redis_password}}\nansible: {vars: [secrets.yml], vault: prompt}\n")
	if !c.Redis.Password.Asks() || c.Deployment.Vault.Name() != VaultName {
		t.Errorf("the secret %#v does not know the vault %s", c.Redis.Password, c.Deployment.Vault.Name())
	}
}

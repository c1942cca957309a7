//go:build lab

package setup

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The real ansible-vault reads the secrets that were written.
func TestAnsibleVaultReadsTheSecrets(t *testing.T) {
	word := filepath.Join(t.TempDir(), "word")
	if err := os.WriteFile(word, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := NewSecrets()
	dir := made(t, three(), s, Vault{Password: "correct horse", Ref: "file:" + word})
	cmd := exec.Command("ansible-vault", "view", "--vault-password-file", word, filepath.Join(dir, SecretsFile))
	cmd.Env = append(os.Environ(), "PAGER=cat", "ANSIBLE_HOME="+t.TempDir())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ansible-vault: %v", err)
	}
	if string(out) != string(s.YAML()) {
		t.Error("ansible-vault reads something else than was written")
	}
}

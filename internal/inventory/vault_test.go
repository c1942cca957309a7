package inventory

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vaultWord opens the files of testdata/vault.
const vaultWord = "correct horse"

// What ansible-vault of ansible-core 2.14 wrote is read, in both formats.
func TestDecryptVaultOfAnsible(t *testing.T) {
	for _, name := range []string{"secrets-1.1.yml", "secrets-1.2.yml"} {
		text, err := os.ReadFile(filepath.Join("testdata/vault", name))
		if err != nil {
			t.Fatal(err)
		}
		if !IsVault(text) {
			t.Errorf("%s is not taken for a vault", name)
		}
		got, err := DecryptVault(text, vaultWord+"\n")
		if err != nil || !strings.Contains(string(got), "redis_password: hunter2hunter2\nquoted: \"with # and ü\"\n") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestVaultRoundTrip(t *testing.T) {
	for size := range 50 {
		plain := bytes.Repeat([]byte("x"), size)
		text, err := EncryptVault(plain, " "+vaultWord+"\n")
		if err != nil {
			t.Fatal(err)
		}
		again, err := EncryptVault(plain, vaultWord)
		if err != nil || bytes.Equal(text, again) {
			t.Errorf("%d bytes: twice the same text, %v", size, err)
		}
		got, err := DecryptVault(text, vaultWord)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: %q, %v", size, got, err)
		}
		for line := range bytes.Lines(text) {
			if len(line) > vaultColumns+1 {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
	}
}

func TestDecryptVaultRefuses(t *testing.T) {
	text, err := EncryptVault([]byte("hunter2"), vaultWord)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(text)
	changed[len(changed)-2] ^= 1
	for name, tc := range map[string]struct {
		text           []byte
		password, want string
	}{
		"another password": {text, "wrong", "the vault password is wrong"},
		"no password":      {text, " \n", "password is empty"},
		"one changed byte": {changed, vaultWord, ""},
		"a cut":            {text[:len(text)-9], vaultWord, ""},
		"only the header":  {text[:len(vaultHeader)], vaultWord, "damaged"},
		"not hexadecimal":  {[]byte(vaultHeader + "\nhunter2\n"), vaultWord, "damaged"},
		"an old format":    {[]byte("$ANSIBLE_VAULT;1.0;AES\n00\n"), vaultWord, "format 1.1"},
		"nothing":          {nil, vaultWord, "format 1.1"},
	} {
		got, err := DecryptVault(tc.text, tc.password)
		if err == nil || got != nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %q, %v, want %q", name, got, err, tc.want)
		}
	}
}

func FuzzDecryptVault(f *testing.F) {
	text, err := EncryptVault([]byte("hunter2"), vaultWord)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(vaultHeader + "\n300a300a30\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if plain, err := DecryptVault(b, vaultWord); err == nil && string(plain) != "hunter2" {
			t.Errorf("it holds %q", plain)
		}
	})
}

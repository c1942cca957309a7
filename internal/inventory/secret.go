package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// Secret says where a secret is, never what it is: env:NAME, file:PATH, yaml:FILE#KEY, or prompt. The zero Secret means that
// there is none. Secrets are comparable: two are equal when they lead to the same value, which makes a Secret the key of a cache.
type Secret struct {
	ref string
	// path is the file of file:PATH and yaml:FILE#KEY, absolute, and key is the latter's key.
	path, key string
	// what is asked for with prompt, as ssh.become.password; empty otherwise, so that the same variable or file is equal.
	what string
	// vault is where the password is that opens the file of yaml:FILE#KEY, should it be encrypted.
	vault vaultPassword
}

// vaultPassword is a Secret without one of its own.
type vaultPassword struct{ ref, path, key, what string }

// VaultName is what a prompt for the password of Ansible Vault is called.
const VaultName = "ansible.vault"

// NewSecret makes a secret from a reference. A relative file: is taken from the working folder. what is the name that a
// prompt shows, for example ssh.become.password.
func NewSecret(ref, what string) (Secret, error) {
	dir, err := os.Getwd()
	if err != nil {
		return Secret{}, fmt.Errorf("find the file of a secret: %w", err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	return newSecret(ref, what, dir, home)
}

var (
	variableName = regexp.MustCompile(`\A[A-Za-z_][A-Za-z0-9_]*\z`)
	yamlKey      = regexp.MustCompile(`\A[A-Za-z_][A-Za-z0-9_.-]{0,99}\z`)
)

// errClear is a secret that was written down. The error never holds it.
var errClear = errors.New("a secret in clear")

func newSecret(ref, what, dir, home string) (Secret, error) {
	if ref == "prompt" {
		return Secret{ref: ref, what: what}, nil
	}
	if name, ok := strings.CutPrefix(ref, "env:"); ok {
		if !variableName.MatchString(name) {
			return Secret{}, errors.New("env: stands before something that is not the name of a variable")
		}
		return Secret{ref: ref}, nil
	}
	if file, ok := strings.CutPrefix(ref, "file:"); ok {
		if file == "" {
			return Secret{}, errors.New("file: stands before nothing")
		}
		path, err := resolve(file, dir, home)
		if err != nil {
			return Secret{}, fmt.Errorf("the path %w", err)
		}
		return Secret{ref: ref, path: path}, nil
	}
	if rest, ok := strings.CutPrefix(ref, "yaml:"); ok {
		file, key, _ := strings.Cut(rest, "#")
		if file == "" || !yamlKey.MatchString(key) {
			return Secret{}, errors.New("yaml: stands before something that is not FILE#KEY")
		}
		path, err := resolve(file, dir, home)
		if err != nil {
			return Secret{}, fmt.Errorf("the path %w", err)
		}
		return Secret{ref: ref, path: path, key: key}, nil
	}
	return Secret{}, errClear
}

// WithVault is the secret with the place of the password that opens its file, should Ansible Vault have encrypted it. It makes
// a difference to yaml:FILE#KEY alone.
func (s Secret) WithVault(password Secret) Secret {
	if s.key != "" {
		s.vault = vaultPassword{password.ref, password.path, password.key, password.what}
	}
	return s
}

// Ref is the reference as it stands in the file: env:NAME, file:PATH, yaml:FILE#KEY or prompt; empty for the zero Secret.
func (s Secret) Ref() string { return s.ref }

// Name tells secrets apart where people read: the reference, or for a prompt the key that it stands at, as
// ssh.become.password. It is what stands in place of the value in output.
func (s Secret) Name() string {
	if s.what != "" {
		return s.what
	}
	return s.ref
}

// IsZero reports that there is no secret.
func (s Secret) IsZero() bool { return s == Secret{} }

// String is the reference.
func (s Secret) String() string { return s.ref }

// GoString is the reference.
func (s Secret) GoString() string { return fmt.Sprintf("inventory.Secret(%q)", s.ref) }

// MarshalJSON writes the reference.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.ref) }

// Asks reports that Resolve may have to ask the operator.
func (s Secret) Asks() bool { return s.ref == "prompt" || s.vault.ref == "prompt" }

// Resolve fetches the value. It is never empty and holds no NUL. A prompt calls ask once, with Name; the caller keeps the
// answer. So does a prompt for the vault password, with that one's name, which is the same for all secrets of a cluster file.
// Errors name the reference and never the value. The zero Secret is an error.
func (s Secret) Resolve(ctx context.Context, ask func(ctx context.Context, what string) (string, error)) (string, error) {
	value, err := s.fetch(ctx, ask)
	if err != nil {
		return "", fmt.Errorf("secret %s: %w", s.Name(), err)
	}
	switch {
	case value == "":
		return "", fmt.Errorf("secret %s: it is empty", s.Name())
	case strings.ContainsRune(value, 0):
		return "", fmt.Errorf("secret %s: it holds a NUL byte, which no password can", s.Name())
	}
	return value, nil
}

func (s Secret) fetch(ctx context.Context, ask func(ctx context.Context, what string) (string, error)) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	switch {
	case s.IsZero():
		return "", errors.New("the cluster file names none")
	case s.ref == "prompt":
		if ask == nil {
			return "", errors.New("it needs a terminal to ask, use env:NAME or file:PATH without one")
		}
		return ask(ctx, s.Name())
	case s.key != "":
		return readYAMLSecret(s.path, s.key, func() (string, error) {
			v := s.vault
			if v.ref == "" {
				return "", errors.New("it is encrypted with Ansible Vault, and `vault` in the section ansible does not say where the password is")
			}
			return Secret{ref: v.ref, path: v.path, key: v.key, what: v.what}.Resolve(ctx, ask)
		})
	case s.path != "":
		return readSecret(s.path)
	}
	name := strings.TrimPrefix(s.ref, "env:")
	value, ok := os.LookupEnv(name)
	if !ok {
		return "", fmt.Errorf("the environment variable %s is not set, export it before recon starts", name)
	}
	return value, nil
}

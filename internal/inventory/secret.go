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

// Secret says where a secret is, never what it is: env:NAME, file:PATH, or prompt. The zero Secret means that there is none.
// Secrets are comparable: two are equal when they lead to the same value, which makes a Secret the key of a cache.
type Secret struct {
	ref string
	// path is the file of file:PATH, absolute.
	path string
	// what is asked for with prompt, as ssh.become.password; empty otherwise, so that the same variable or file is equal.
	what string
}

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

var variableName = regexp.MustCompile(`\A[A-Za-z_][A-Za-z0-9_]*\z`)

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
	return Secret{}, errClear
}

// Ref is the reference as it stands in the file: env:NAME, file:PATH or prompt; empty for the zero Secret.
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

// Resolve fetches the value. It is never empty and holds no NUL. A prompt calls ask once, with Name; the caller keeps the
// answer. Errors name the reference and never the value. The zero Secret is an error.
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

package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/crypto/ssh"
)

// keyFile is a private key on disk. Its passphrase is asked for only when a host accepts the public half.
type keyFile struct {
	path   string
	public ssh.PublicKey
	open   func() (ssh.Signer, error)
}

func (k *keyFile) PublicKey() ssh.PublicKey { return k.public }

func (k *keyFile) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	s, err := k.open()
	if err != nil {
		return nil, err
	}
	return s.Sign(rand, data)
}

func (k *keyFile) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	s, err := k.open()
	if err != nil {
		return nil, err
	}
	as, ok := s.(ssh.AlgorithmSigner)
	if !ok {
		return nil, fmt.Errorf("key %s cannot sign with %s", k.path, algorithm)
	}
	return as.SignWithAlgorithm(rand, data, algorithm)
}

// loadKey reads a private key and, where there is one, the certificate beside it, which comes first. passphrase is called
// at most once a signature. Like ssh, it refuses a key that others can read.
func loadKey(path string, passphrase func() (string, error)) ([]ssh.Signer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, keyError(path, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("key %s can be read by others (mode %04o) and is not used, chmod 600 it", path, info.Mode().Perm())
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, keyError(path, err)
	}
	signer, err := ssh.ParsePrivateKey(pem)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		public := locked.PublicKey
		if public == nil {
			public = publicBeside(path)
		}
		open := func() (ssh.Signer, error) {
			word, err := passphrase()
			if err != nil {
				return nil, err
			}
			s, err := ssh.ParsePrivateKeyWithPassphrase(pem, []byte(word))
			if err != nil {
				return nil, &passphraseError{path: path, word: word, err: err}
			}
			return s, nil
		}
		if public == nil {
			// The old PEM form hides the public half as well: there is no other way than asking now.
			if signer, err = open(); err != nil {
				return nil, err
			}
			break
		}
		signer = &keyFile{path: path, public: public, open: open}
	case err != nil:
		return nil, fmt.Errorf("key %s: %w", path, err)
	}
	if cert := certificateBeside(path); cert != nil {
		if cs, err := ssh.NewCertSigner(cert, signer); err == nil {
			return []ssh.Signer{cs, signer}, nil
		}
	}
	return []ssh.Signer{signer}, nil
}

// passphraseError is a passphrase that does not open a key.
type passphraseError struct {
	path, word string
	err        error
}

func (e *passphraseError) Error() string {
	return "key " + e.path + ": the passphrase does not open it: " + e.err.Error()
}

func (e *passphraseError) Unwrap() error { return e.err }

func keyError(path string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("key %s: %w", path, err)
}

func publicBeside(path string) ssh.PublicKey {
	text, err := os.ReadFile(path + ".pub")
	if err != nil {
		return nil
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil
	}
	return key
}

func certificateBeside(path string) *ssh.Certificate {
	text, err := os.ReadFile(path + "-cert.pub")
	if err != nil {
		return nil
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil
	}
	cert, _ := key.(*ssh.Certificate)
	return cert
}

// passphrase asks for a key's passphrase, once for all hosts.
func (v *vault) passphrase(ctx context.Context, path string, again bool) (string, error) {
	name := "passphrase of " + path
	return v.get(ctx, path, name, again, func(ctx context.Context, ask asker) (string, error) { return ask(ctx, name) })
}

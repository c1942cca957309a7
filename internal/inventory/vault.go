package inventory

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
)

// What Ansible's vault format fixes: its documentation's "Ansible Vault payload format 1.1-1.2", and the class VaultAES256 in
// ansible/parsing/vault.
const (
	vaultMark       = "$ANSIBLE_VAULT;"
	vaultHeader     = vaultMark + "1.1;AES256"
	vaultIterations = 10000
	vaultSalt       = 32 // bytes
	vaultColumns    = 80
)

var errVaultPassword = errors.New("the vault password is wrong, or the file was changed")

// IsVault reports that a text is encrypted with Ansible Vault.
func IsVault(text []byte) bool { return bytes.HasPrefix(text, []byte(vaultMark)) }

// EncryptVault encrypts a text as `ansible-vault encrypt` does, in the format 1.1. Blanks around the password do not count, as
// they do not for Ansible; an empty password is an error.
func EncryptVault(plain []byte, password string) ([]byte, error) {
	salt := make([]byte, vaultSalt)
	rand.Read(salt) // never fails
	k, err := newVaultKeys(password, salt)
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	text := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	k.stream.XORKeyStream(text, text)
	k.mac.Write(text)
	body := fmt.Sprintf("%x\n%x\n%x", salt, k.mac.Sum(nil), text)
	wire := hex.EncodeToString([]byte(body))
	var out bytes.Buffer
	out.WriteString(vaultHeader + "\n")
	for len(wire) > 0 {
		n := min(vaultColumns, len(wire))
		out.WriteString(wire[:n] + "\n")
		wire = wire[n:]
	}
	return out.Bytes(), nil
}

// DecryptVault decrypts what Ansible Vault wrote, in the formats 1.1 and 1.2. Its errors hold nothing of the text.
func DecryptVault(text []byte, password string) ([]byte, error) {
	head, rest, _ := strings.Cut(string(text), "\n")
	f := strings.Split(strings.TrimSpace(head), ";")
	if len(f) < 3 || f[0] != strings.TrimSuffix(vaultMark, ";") || f[1] != "1.1" && f[1] != "1.2" || f[2] != "AES256" {
		return nil, errors.New("it is not of Ansible Vault's format 1.1 or 1.2 with AES256")
	}
	damaged := errors.New("it is damaged: not the hexadecimal text that Ansible Vault writes")
	body, err := hex.DecodeString(strings.Join(strings.Fields(rest), ""))
	if err != nil {
		return nil, damaged
	}
	parts := bytes.Split(body, []byte("\n"))
	if len(parts) != 3 {
		return nil, damaged
	}
	for i, p := range parts {
		if parts[i], err = hex.DecodeString(string(p)); err != nil {
			return nil, damaged
		}
	}
	salt, sum, secret := parts[0], parts[1], parts[2]
	k, err := newVaultKeys(password, salt)
	if err != nil {
		return nil, err
	}
	k.mac.Write(secret)
	if !hmac.Equal(k.mac.Sum(nil), sum) {
		return nil, errVaultPassword
	}
	k.stream.XORKeyStream(secret, secret)
	if len(secret) == 0 || int(secret[len(secret)-1]) > min(aes.BlockSize, len(secret)) {
		return nil, damaged
	}
	return secret[:len(secret)-int(secret[len(secret)-1])], nil
}

// vaultKeys are what a password and a salt make.
type vaultKeys struct {
	stream cipher.Stream
	mac    hash.Hash
}

func newVaultKeys(password string, salt []byte) (vaultKeys, error) {
	password = strings.TrimSpace(password)
	if password == "" {
		return vaultKeys{}, errors.New("the vault password is empty")
	}
	// 32 bytes for the cipher, 32 for the sum, and the first counter.
	b, err := pbkdf2.Key(sha256.New, password, salt, vaultIterations, 32+32+aes.BlockSize)
	if err != nil {
		return vaultKeys{}, fmt.Errorf("derive the vault's keys: %w", err)
	}
	block, err := aes.NewCipher(b[:32])
	if err != nil {
		return vaultKeys{}, fmt.Errorf("derive the vault's keys: %w", err)
	}
	return vaultKeys{cipher.NewCTR(block, b[64:]), hmac.New(sha256.New, b[32:64])}, nil
}

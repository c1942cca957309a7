package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"

	"recon/internal/scrub"
)

// HostKeyProblem is what is wrong with a host's key.
type HostKeyProblem string

// The problems of host keys.
const (
	// KeyUnknown is a host that no known_hosts file holds.
	KeyUnknown HostKeyProblem = "unknown"
	// KeyChanged is a host that a file holds with another key.
	KeyChanged HostKeyProblem = "changed"
	// KeyRevoked is a key that a file revokes.
	KeyRevoked HostKeyProblem = "revoked"
	// KeyCertificate is a host certificate that does not hold: expired, or for another name.
	KeyCertificate HostKeyProblem = "certificate"
)

// HostKeyError is a host whose key was refused. Nothing was sent to it but the key exchange.
type HostKeyError struct {
	// Place is the host as the operator knows it, with the address.
	Place   string
	Problem HostKeyProblem
	// Type and Fingerprint (SHA256:...) are of the key that the host presented; empty when it was not seen.
	Type, Fingerprint string
	// Line is what to add to File for an unknown key, once the fingerprint was compared.
	Line, File string
	// Known are the keys that the files hold, each as `FILE:LINE holds TYPE SHA256:...`.
	Known []string
	// Detail is what else is known.
	Detail string
}

func (e *HostKeyError) Error() string {
	presents := "it presents " + e.Type + " " + e.Fingerprint
	switch e.Problem {
	case KeyUnknown:
		note := ""
		if e.Detail != "" {
			note = " (" + e.Detail + ")"
		}
		return fmt.Sprintf("%s is not in known_hosts%s: %s. Compare that with `ssh-keygen -l` on the host itself, then add to %s: %s",
			e.Place, note, presents, e.File, e.Line)
	case KeyChanged:
		if e.Fingerprint == "" {
			presents = e.Detail
		}
		return fmt.Sprintf("THE HOST KEY OF %s HAS CHANGED: %s, but %s. Either the host was installed again or somebody stands "+
			"between you and it; nothing was sent. Remove the line only after the fingerprint was compared on the host itself",
			e.Place, presents, strings.Join(e.Known, " and "))
	case KeyRevoked:
		return fmt.Sprintf("THE HOST KEY OF %s IS REVOKED by %s: %s; nothing was sent", e.Place, strings.Join(e.Known, " and "), presents)
	default:
		return fmt.Sprintf("the host certificate of %s does not hold: %s (%s); nothing was sent", e.Place, e.Detail, presents)
	}
}

// hostKeys checks the key of one endpoint against its known_hosts files, which are read anew for each connection.
type hostKeys struct {
	ep *endpoint
	db *knownhosts.HostKeyDB
	// missing are the files that do not exist.
	missing []string
	// refused is what check said; the library passes it on as text only.
	refused *HostKeyError
}

func readHostKeys(ep *endpoint) (*hostKeys, error) {
	h := &hostKeys{ep: ep}
	var files []string
	for _, f := range ep.knownHosts {
		_, err := os.Stat(f)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			h.missing = append(h.missing, f)
		case err != nil:
			return nil, fmt.Errorf("known_hosts: %w", err)
		default:
			files = append(files, f)
		}
	}
	db, err := knownhosts.NewDB(files...)
	if err != nil {
		return nil, fmt.Errorf("%w; mend or remove that line, or no host can be checked", err)
	}
	h.db = db
	return h, nil
}

// algorithms are the ones to ask the host for: those of the keys that are known, so that a host with several keys
// presents one that can be compared. None for an unknown host, which then presents what it likes.
func (h *hostKeys) algorithms() []string { return h.db.HostKeyAlgorithms(h.ep.checked) }

// check is the ssh library's callback. It asks for the name that was configured, whatever address was reached.
func (h *hostKeys) check(_ string, remote net.Addr, key ssh.PublicKey) error {
	err := h.db.HostKeyCallback()(h.ep.checked, remote, key)
	if err == nil && h.held(key) {
		return nil
	}
	h.refused = h.problem(key, err)
	return h.refused
}

// held guards against a gap in the library: it takes the key of a certificate authority for a host key too.
func (h *hostKeys) held(key ssh.PublicKey) bool {
	if _, ok := key.(*ssh.Certificate); ok {
		return true
	}
	for _, k := range h.db.HostKeys(h.ep.checked) {
		if !k.Cert && bytes.Equal(k.Marshal(), key.Marshal()) {
			return true
		}
	}
	return false
}

func (h *hostKeys) problem(key ssh.PublicKey, err error) *HostKeyError {
	e := &HostKeyError{Place: h.ep.place(), Problem: KeyUnknown, Type: key.Type(), Fingerprint: ssh.FingerprintSHA256(key)}
	e.File = "known_hosts"
	if len(h.ep.knownHosts) > 0 {
		e.File = h.ep.knownHosts[0]
	}
	if len(h.missing) > 0 && len(h.missing) == len(h.ep.knownHosts) {
		e.Detail = "there is no " + strings.Join(h.missing, " and no ")
	}
	if len(h.ep.knownHosts) == 0 {
		e.Detail = "the settings name no file"
	}
	cert, isCert := key.(*ssh.Certificate)
	if isCert {
		e.Fingerprint = ssh.FingerprintSHA256(cert.SignatureKey) + " (its authority)"
		e.Line = "@cert-authority " + knownhosts.Line([]string{h.ep.checked}, cert.SignatureKey)
	} else {
		e.Line = knownhosts.Line([]string{h.ep.checked}, key)
	}
	var changed *xknownhosts.KeyError
	var revoked *xknownhosts.RevokedError
	switch {
	case errors.As(err, &revoked):
		e.Problem, e.Known = KeyRevoked, []string{known(revoked.Revoked)}
	case errors.As(err, &changed):
		for _, k := range changed.Want {
			e.Problem = KeyChanged
			e.Known = append(e.Known, known(k))
		}
	case isCert && err != nil && !strings.Contains(err.Error(), "no authorities for hostname"):
		e.Problem, e.Detail = KeyCertificate, scrub.Line(strings.TrimPrefix(err.Error(), "ssh: "))
	}
	return e
}

// mismatch is a host that offers none of the kinds of keys that are known of it.
func (h *hostKeys) mismatch(n *ssh.AlgorithmNegotiationError) *HostKeyError {
	e := &HostKeyError{
		Place: h.ep.place(), Problem: KeyChanged,
		Detail: "it offers only " + scrub.Line(strings.Join(n.RequestedAlgorithms, ", ")),
	}
	var changed *xknownhosts.KeyError
	if errors.As(h.db.HostKeyCallback()(h.ep.checked, placeholder{}, noKey{}), &changed) {
		for _, k := range changed.Want {
			e.Known = append(e.Known, known(k))
		}
	}
	return e
}

func known(k xknownhosts.KnownKey) string {
	return fmt.Sprintf("%s:%d holds %s %s", k.Filename, k.Line, k.Key.Type(), ssh.FingerprintSHA256(k.Key))
}

// noKey and placeholder ask the database for what it holds: no host has this key.
type (
	noKey       struct{}
	placeholder struct{}
)

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return []byte("none") }
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }
func (placeholder) Network() string               { return "tcp" }
func (placeholder) String() string                { return "0.0.0.0:22" }

package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"recon/internal/inventory"
	"recon/internal/scrub"
)

// login is one attempt to log in at an endpoint: agent, key files, then the password if the cluster file has one.
type login struct {
	ep    *endpoint
	vault *vault
	// again is true when a person waits: then what was refused before is asked for again.
	again bool
	// paused runs something that waits for a person, while the connection's deadline stands still.
	paused func(func())
	ctx    func() context.Context

	// password is the one that was sent, empty when none was.
	password string
	// keys are the signers in the order in which they are offered; failed is the last of them that could not sign, and
	// retry is set until those after it were offered.
	keys   []ssh.Signer
	failed int
	retry  bool
	notes  []string
	// gaveUp is set when it was us who could not go on: nobody to ask, or a question that is not answered.
	gaveUp bool
	// twice is set when the server asked for the password again.
	twice   bool
	closers []func() error
}

// methods are what the server may choose from.
func (l *login) methods() []ssh.AuthMethod {
	m := []ssh.AuthMethod{ssh.PublicKeysCallback(func() ([]ssh.Signer, error) {
		l.keys = l.signers()
		return l.keys, nil
	})}
	if !l.ep.ssh.Password.IsZero() {
		m = append(m, ssh.KeyboardInteractive(l.challenge), ssh.PasswordCallback(l.sendPassword))
	}
	return m
}

// resume offers the keys after one that could not sign (a passphrase nobody typed): the library would give up keys.
func (l *login) resume(c *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	if !l.retry || !slices.Contains(c.AllowedMethods, "publickey") {
		return nil, nil
	}
	l.retry = false
	return ssh.PublicKeys(l.keys[l.failed+1:]...), nil
}

func (l *login) close() {
	for _, c := range l.closers {
		// Closing the agent's socket after use: nothing depends on it any more.
		_ = c()
	}
}

// why adds what stood in the way to the server's bare refusal.
func (l *login) why() string {
	if len(l.notes) == 0 {
		return ""
	}
	return "; " + strings.Join(l.notes, "; ")
}

func (l *login) note(format string, args ...any) {
	l.notes = append(l.notes, scrub.Line(fmt.Sprintf(format, args...)))
}

// signers are the agent's keys and the key files: those named in the settings first, as sshd counts the attempts.
func (l *login) signers() []ssh.Signer {
	var files []ssh.Signer
	for _, path := range l.ep.keys {
		s, err := loadKey(path, func() (string, error) { return l.passphrase(path) })
		switch {
		case errors.Is(err, fs.ErrNotExist) && len(l.ep.ssh.Keys) == 0:
		case err != nil:
			l.note("%v", err)
		}
		for _, one := range s {
			files = append(files, &noted{one, l})
		}
	}
	named := map[string]bool{}
	for _, f := range files {
		named[string(f.PublicKey().Marshal())] = true
	}
	var first, rest []ssh.Signer
	held := map[string]bool{}
	for _, s := range l.agentKeys() {
		id := string(s.PublicKey().Marshal())
		held[id] = true
		switch {
		case named[id]:
			first = append(first, s)
		case !l.ep.onlyKeys:
			rest = append(rest, s)
		}
	}
	all := append(first, rest...)
	for _, f := range files {
		if !held[string(f.PublicKey().Marshal())] {
			all = append(all, f)
		}
	}
	return all
}

func (l *login) agentKeys() []ssh.Signer {
	if l.ep.agent == "" {
		return nil
	}
	conn, err := net.DialTimeout("unix", l.ep.agent, 2*time.Second)
	if err != nil {
		l.note("the ssh agent at %s does not answer: %v", l.ep.agent, err)
		return nil
	}
	l.closers = append(l.closers, conn.Close)
	// The agent's answers belong to the handshake, whose deadline also ends this.
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		l.note("the ssh agent: %v", err)
		return nil
	}
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		l.note("the ssh agent at %s: %v", l.ep.agent, err)
	}
	return signers
}

// noted keeps why a key that the server wants could not be used.
type noted struct {
	ssh.Signer
	login *login
}

func (n *noted) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	var sig *ssh.Signature
	var err error
	// Opening a key takes a person's time, and on a slow machine noticeable time of its own.
	n.login.paused(func() {
		if as, ok := n.Signer.(ssh.AlgorithmSigner); ok {
			sig, err = as.SignWithAlgorithm(rand, data, algorithm)
		} else {
			sig, err = n.Sign(rand, data)
		}
	})
	if err == nil {
		return sig, nil
	}
	var wrong *passphraseError
	if errors.As(err, &wrong) {
		n.login.vault.refuse(wrong.path, wrong.word, err)
	}
	n.login.note("%v", err)
	n.login.gaveUp = true
	if i := slices.Index(n.login.keys, ssh.Signer(n)); i >= 0 {
		n.login.failed, n.login.retry = i, true
	}
	return nil, err
}

func (l *login) passphrase(path string) (word string, err error) {
	l.paused(func() { word, err = l.vault.passphrase(l.ctx(), path, l.again) })
	return word, err
}

// secret is the login's password.
func (l *login) secret() (word string, err error) {
	if l.password != "" {
		// The other way to ask for the password was tried before, and refused it.
		l.twice = true
		return "", errors.New("the password was sent once")
	}
	l.paused(func() { word, err = l.vault.reference(l.ctx(), l.ep.ssh.Password, l.passwordName(), l.again) })
	if err != nil {
		l.note("%v", err)
		l.gaveUp = true
		return "", err
	}
	l.password = word
	return word, nil
}

func (l *login) passwordName() string {
	return "ssh password of " + l.ep.user + " (" + l.ep.ssh.Password.Name() + ")"
}

func (l *login) sendPassword() (string, error) { return l.secret() }

// challenge answers one hidden question with the password, and nothing else: a one-time code is not a password.
func (l *login) challenge(_, _ string, questions []string, echos []bool) ([]string, error) {
	if len(questions) == 0 {
		return nil, nil
	}
	if len(questions) > 1 || echos[0] {
		l.note("the host asks %q, which is more than a password", strings.Join(questions, ", "))
		l.gaveUp = true
		return nil, errors.New("the host asks for more than a password")
	}
	word, err := l.secret()
	if err != nil {
		return nil, err
	}
	return []string{word}, nil
}

// refused is called when the server let nobody in; it forgets the password that was sent.
func (l *login) refused() {
	if l.password == "" {
		return
	}
	why := errors.New(l.passwordName() + " was refused by " + l.ep.place())
	l.vault.refuse(l.ep.ssh.Password, l.password, why)
	l.note("%v", why)
}

// reference resolves a secret of the cluster file, once for all hosts.
func (v *vault) reference(ctx context.Context, s inventory.Secret, name string, again bool) (string, error) {
	return v.get(ctx, s, name, again, func(ctx context.Context, ask asker) (string, error) { return s.Resolve(ctx, ask) })
}

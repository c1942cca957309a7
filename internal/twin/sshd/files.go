package sshd

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// Named is a server by its simulated names and addresses.
type Named struct {
	// Names are the host's names and addresses, such as netbox-node-1 and 172.16.113.201. The first is the one under which
	// known_hosts holds it.
	Names []string
	// User is who logs in; empty leaves that to the client.
	User    string
	Port    int
	HostKey ssh.PublicKey
}

// ClientKey is the key of the console in a folder: id_ed25519 (0600) and id_ed25519.pub, made when they are not there.
func ClientKey(dir string) (ssh.Signer, error) {
	path := filepath.Join(dir, "id_ed25519")
	text, err := os.ReadFile(path)
	if err == nil {
		return ssh.ParsePrivateKey(text)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "recon training")
	if err != nil {
		return nil, err
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, err
	}
	public := bytes.TrimSpace(ssh.MarshalAuthorizedKey(signer.PublicKey()))
	if err := os.WriteFile(path+".pub", append(public, " recon training\n"...), 0o644); err != nil {
		return nil, err
	}
	return signer, os.WriteFile(path, pem.EncodeToMemory(block), 0o600)
}

// Files writes into a folder what a console needs to reach the hosts: the key of ClientKey, known_hosts and ssh_config. With
// them `ssh -F DIR/ssh_config NAME` and a cluster file that names them (ssh.config, keys, known_hosts) reach a host by each
// of its names and addresses. The folder's path holds no quotation mark.
func Files(dir string, hosts []Named) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if strings.Contains(dir, `"`) {
		return fmt.Errorf("ssh_config cannot name the folder %s: it holds a quotation mark", dir)
	}
	if _, err := ClientKey(dir); err != nil {
		return err
	}
	var known, conf strings.Builder
	conf.WriteString("# The hosts of a training cluster: all of them are servers on this machine.\n")
	for _, h := range hosts {
		if len(h.Names) == 0 {
			return errors.New("a host without a name cannot be reached")
		}
		// The alias is its only name here: ports change, keys do not.
		known.WriteString(knownhosts.Line(h.Names[:1], h.HostKey) + "\n")
		fmt.Fprintf(&conf, "Host %s\n    HostName 127.0.0.1\n    Port %d\n    HostKeyAlias %s\n", strings.Join(h.Names, " "), h.Port, h.Names[0])
		if h.User != "" {
			fmt.Fprintf(&conf, "    User %s\n", h.User)
		}
	}
	// A percent sign begins a token in these two.
	quoted := func(name string) string { return `"` + strings.ReplaceAll(filepath.Join(dir, name), "%", "%%") + `"` }
	conf.WriteString("Host *\n" +
		"    IdentityFile " + quoted("id_ed25519") + "\n    IdentitiesOnly yes\n    IdentityAgent none\n" +
		"    UserKnownHostsFile " + quoted("known_hosts") + "\n    GlobalKnownHostsFile none\n    StrictHostKeyChecking yes\n" +
		"    UpdateHostKeys no\n    ControlPath none\n    ForwardAgent no\n" +
		// The key exchange is a fast one; clients since 10.1 want a word about that.
		"    IgnoreUnknown WarnWeakCrypto\n    WarnWeakCrypto no\n")
	if err := os.WriteFile(filepath.Join(dir, "known_hosts"), []byte(known.String()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "ssh_config"), []byte(conf.String()), 0o644)
}

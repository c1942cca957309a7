package lab

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// keptFiles are what an administrator gives a reinstalled host back, so that others know it again.
var keptFiles = []string{
	"etc/ssh/ssh_host_ed25519_key", "etc/ssh/ssh_host_ed25519_key.pub",
	"etc/ssh/ssh_host_ecdsa_key", "etc/ssh/ssh_host_ecdsa_key.pub",
}

// ResetHost takes a node's power and its disk away, and boots it bare: as a host that was lost for good comes back after a
// reinstall, with its name, its address, its ssh keys and root's password, and nothing of the cluster. What it alone held is
// gone. It says on w what it did, and returns when the host is up.
func (l *Lab) ResetHost(ctx context.Context, name string, w io.Writer) error {
	h, err := find(name)
	if err != nil {
		return err
	}
	if h.name == consoleName {
		return &Error{What: "the console is not reset", Hint: "`recon lab down` and `recon lab up` make a new one"}
	}
	unlock, err := l.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if r, found := l.readRecord(); !found || r.Phase != "up" {
		return &Error{What: "the lab is not up", Hint: "`recon lab up` starts it"}
	}
	g := guest{l, h}
	if err := g.off(ctx); err != nil {
		return err
	}
	p := l.progress(w)
	p.say("took the power and the disk from %s", g.name)
	if err := g.reinstall(); err != nil {
		return &Error{What: "files of " + g.name, Err: err, Hint: "`recon lab down` and `recon lab up` start anew"}
	}
	if err := g.boot(ctx); err != nil {
		return err
	}
	p.say("%s is a bare host now", g.name)
	return nil
}

// reinstall gives a guest that is off the image's files, and its own identity.
func (g guest) reinstall() error {
	root := g.dir("root")
	files, err := g.kept()
	if err != nil {
		return err
	}
	password, err := rootPassword(root)
	if err != nil {
		return err
	}
	public, err := os.ReadFile(filepath.Join(root, "home", User, ".ssh/authorized_keys"))
	if err != nil {
		return err
	}
	tree := g.tree("")
	if err := tree.unmount(); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(tree.upper), os.RemoveAll(tree.work)); err != nil {
		return err
	}
	if err := tree.mount(); err != nil {
		return err
	}
	if err := chroot(root, []byte("root:"+password+"\n"), "/usr/sbin/chpasswd", "--encrypted"); err != nil {
		return err
	}
	return writeAll(root, append(files, identity(g.host, string(public))...))
}

// kept are the files that outlive the disk.
func (g guest) kept() ([]file, error) {
	var all []file
	for _, path := range keptFiles {
		text, err := os.ReadFile(filepath.Join(g.dir("root"), path))
		if err != nil {
			return nil, err
		}
		mode := os.FileMode(0o600)
		if strings.HasSuffix(path, ".pub") {
			mode = 0o644
		}
		all = append(all, file{path, string(text), mode, 0})
	}
	return all, nil
}

// rootPassword is root's password as the host stores it.
func rootPassword(root string) (string, error) {
	shadow, err := os.ReadFile(filepath.Join(root, "etc/shadow"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(shadow)) {
		if f := strings.Split(line, ":"); f[0] == "root" && len(f) > 1 {
			return f[1], nil
		}
	}
	return "", errors.New("etc/shadow has no line for root")
}

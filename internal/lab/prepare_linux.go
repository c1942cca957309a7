package lab

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"recon/internal/setup"
)

// The operator's ids: the first users that the image creates.
const (
	annaID  = 1000
	bertaID = 1001
)

// prepare writes into fresh guests what makes them hosts of this lab: names, keys, users' secrets, and on the console
// the operator's home; with bare there is no cluster file in it. Their trees are mounted and nothing runs in them.
func (l *Lab) prepare(roles fs.FS, bare bool) error {
	s := newSecrets()
	known, public := "", ""
	for _, h := range plan() {
		root := guest{l, h}.dir("root")
		for _, kind := range []string{"ed25519", "ecdsa"} {
			path := "/etc/ssh/ssh_host_" + kind + "_key"
			if err := chroot(root, nil, "/usr/bin/ssh-keygen", "-q", "-t", kind, "-N", "", "-C", h.name, "-f", path); err != nil {
				return &Error{What: "host keys of " + h.name, Err: err}
			}
			pub, err := os.ReadFile(root + path + ".pub")
			if err != nil {
				return err
			}
			f := strings.Fields(string(pub))
			known += fmt.Sprintf("%s,%s %s %s\n", h.name, h.address, f[0], f[1])
		}
		if err := chroot(root, []byte("root:"+s.root+"\n"), "/usr/sbin/chpasswd"); err != nil {
			return &Error{What: "root's password on " + h.name, Err: err}
		}
	}
	console, err := l.guest(consoleName)
	if err != nil {
		return err
	}
	home := filepath.Join(console.dir("root"), "home", User)
	if err := makeDirs(console.dir("root"), "home/"+User+"/.ssh", annaID); err != nil {
		return err
	}
	if err := chroot(console.dir("root"), nil, "/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", User+"@console",
		"-f", "/home/"+User+"/.ssh/id_ed25519"); err != nil {
		return &Error{What: "the operator's key", Err: err}
	}
	for _, name := range []string{"id_ed25519", "id_ed25519.pub"} {
		if err := os.Chown(filepath.Join(home, ".ssh", name), annaID, annaID); err != nil {
			return err
		}
	}
	pub, err := os.ReadFile(filepath.Join(home, ".ssh/id_ed25519.pub"))
	if err != nil {
		return err
	}
	public = string(pub)
	for _, h := range plan() {
		if err := writeAll(guest{l, h}.dir("root"), identity(h, public)); err != nil {
			return &Error{What: "files of " + h.name, Err: err}
		}
	}
	files := operatorFiles(s, known)
	if !bare {
		more, err := clusterOnConsole(s)
		if err != nil {
			return &Error{What: "cluster file of the console", Err: err}
		}
		files = append(files, more...)
	}
	if err := writeAll(console.dir("root"), files); err != nil {
		return &Error{What: "files of the console", Err: err}
	}
	return l.copyRoles(roles, console.dir("root"))
}

// identity is what every host has.
func identity(h host, public string) []file {
	id := make([]byte, 16)
	rand.Read(id) // never fails
	return []file{
		{"etc/hostname", h.name + "\n", 0o644, 0},
		{"etc/hosts", hostsFile(), 0o644, 0},
		{"etc/machine-id", hex.EncodeToString(id) + "\n", 0o444, 0},
		{"home/anna/.ssh/authorized_keys", public, 0o600, annaID},
		{"home/berta/.ssh/authorized_keys", public, 0o600, bertaID},
	}
}

// operatorFiles is the operator's home on the console, as it is before there is a cluster.
func operatorFiles(s secrets, known string) []file {
	home := "home/" + User + "/"
	return []file{
		{"etc/environment", "RECON_INVENTORY=/home/" + User + "/inventory.yaml\n", 0o644, 0},
		{home + "answers.yml", text("answers.yml"), 0o644, annaID},
		{home + ".ssh/known_hosts", known, 0o644, annaID},
		{home + ".secrets/root", s.root + "\n", 0o600, annaID},
	}
}

// clusterOnConsole is what the operator has of the lab's own cluster: its files for recon and for Ansible, and its secrets.
func clusterOnConsole(s secrets) ([]file, error) {
	home := "home/" + User + "/"
	made, err := clusterFiles(s.Secrets)
	if err != nil {
		return nil, err
	}
	all := append(s.files(home+".secrets"), []file{
		{home + ".config/patroni/patronictl.yaml", s.patronictl(), 0o600, annaID},
		{home + "ansible/inventory/hosts.yml", text("ansible/hosts.yml"), 0o644, annaID},
	}...)
	for _, f := range made {
		all = append(all, file{home + f.Name, string(f.Data), f.Mode, annaID})
		if f.Name != setup.ClusterFile {
			all = append(all, file{home + "ansible/inventory/group_vars/all/" + f.Name, string(f.Data), f.Mode, annaID})
		}
	}
	return all, nil
}

// copyRoles puts the Ansible tree beside the lab's inventory.
func (l *Lab) copyRoles(roles fs.FS, root string) error {
	var all []file
	err := fs.WalkDir(roles, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(roles, path)
		all = append(all, file{"home/" + User + "/ansible/" + path, string(data), 0o644, annaID})
		return err
	})
	if err != nil {
		return &Error{What: "roles", Err: err}
	}
	return writeAll(root, all)
}

// giveBinary copies the recon program to the console. It is no part of the snapshot: it changes with every build.
func (l *Lab) giveBinary(path string) error {
	if path == "" {
		exe, err := os.Executable()
		if err != nil {
			return &Error{What: "the running program", Err: err}
		}
		path = exe
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return &Error{What: "the recon program for the console", Err: err}
	}
	console, err := l.guest(consoleName)
	if err != nil {
		return err
	}
	return writeAll(console.dir("root"), []file{{"usr/local/bin/recon", string(data), 0o755, 0}})
}

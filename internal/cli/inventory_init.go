package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"recon/internal/inventory"
	"recon/internal/setup"
	"recon/ui"
)

// beginning is what `recon inventory init` is told by flags.
type beginning struct {
	answers           setup.Answers
	nodes             []string
	answersFile, dir  string
	yes, vault        bool
	vaultPasswordFile string
}

func (a *app) inventoryInitCommand() *cobra.Command {
	var b beginning
	c := &cobra.Command{
		Use: "init", Short: "Make the cluster file, the roles' variables and new passwords for bare hosts", Args: cobra.NoArgs,
		Long: "init asks what only you know about a new cluster and writes inventory.yaml (the cluster file), vars.yml (what the Ansible\n" +
			"roles are told) and secrets.yml (new random passwords, mode 0600). It never overwrites a file, and writes all or nothing.\n\n" +
			"Without a terminal, with --yes or with --answers nothing is asked: flags win over the answers file, that over defaults.\n" +
			"The keys of an answers file: cluster, environment, nodes [{name, address}], ssh_user, ssh_keys, ssh_jump, become, networks,\n" +
			"interface, db_vip, web_vip, server_name, netbox_source, netbox_version, netbox_archive, canary, vars {any variable of the roles}.",
		Example: "  recon inventory init\n" +
			"  recon inventory init --vault --dir cluster\n" +
			"  recon inventory init --yes --node n1=10.0.0.11 --node n2=10.0.0.12 --node n3=10.0.0.13 \\\n" +
			"      --db-vip 10.0.0.21 --web-vip 10.0.0.22 --server-name netbox.example.com",
		RunE: func(*cobra.Command, []string) error { return a.initInventory(b) },
	}
	f, ans := c.Flags(), &b.answers
	f.StringVar(&b.dir, "dir", ".", "the folder to write into")
	f.StringVar(&b.answersFile, "answers", "", "a YAML file with answers; nothing is asked then")
	f.BoolVar(&b.yes, "yes", false, "ask nothing: take flags, answers and defaults")
	f.BoolVar(&b.vault, "vault", false, "encrypt secrets.yml with Ansible Vault; its password is asked for twice")
	f.StringVar(&b.vaultPasswordFile, "vault-password-file", "", "a file (0600) with the password for --vault, read again whenever recon needs it")
	f.StringVar(&ans.Cluster, "cluster", "", "name of the cluster")
	f.StringVar(&ans.Environment, "environment", "", "production (the default), staging or training")
	f.StringArrayVar(&b.nodes, "node", nil, "a host: NAME=ADDRESS or ADDRESS; once for each")
	f.StringVar(&ans.SSHUser, "ssh-user", "", "user for ssh (default: you)")
	f.StringArrayVar(&ans.SSHKeys, "ssh-key", nil, "private key for ssh")
	f.StringArrayVar(&ans.SSHJump, "ssh-jump", nil, "host to go through, first hop first")
	f.StringVar(&ans.Become, "become", "", "root's rights: sudo, sudo-password, su or none")
	f.StringArrayVar(&ans.Networks, "network", nil, "network whose clients may connect (default: the hosts' /24)")
	f.StringVar(&ans.Interface, "interface", "", "network interface for the floating addresses (default eth0)")
	f.StringVar(&ans.DBVIP, "db-vip", "", "floating address of the database")
	f.StringVar(&ans.WebVIP, "web-vip", "", "floating address of the web site")
	f.StringVar(&ans.ServerName, "server-name", "", "name of the web site")
	f.StringVar(&ans.NetBoxSource, "netbox-source", "", "release (the default) or standin")
	f.StringVar(&ans.NetBoxVersion, "netbox-version", "", "version of NetBox")
	f.StringVar(&ans.NetBoxArchive, "netbox-archive", "", "URL or file of NetBox's archive (default: GitHub)")
	return c
}

func (a *app) initInventory(b beginning) error {
	// Before anything is asked: nobody answers twenty questions for an error.
	if err := setup.Free(b.dir); err != nil {
		return coded{exitUsage, err}
	}
	given, err := b.given()
	if err != nil {
		return coded{exitUsage, err}
	}
	answers, err := a.answer(b, given)
	if err != nil {
		return err
	}
	vault, err := a.newVault(b)
	if err != nil {
		return err
	}
	files, err := setup.Make(answers, setup.NewSecrets(), vault)
	if err != nil {
		return coded{exitUsage, err}
	}
	if err := setup.Write(b.dir, files); err != nil {
		var exists *setup.ExistsError
		if errors.As(err, &exists) {
			return coded{exitUsage, err}
		}
		return err
	}
	return a.written(b.dir, vault)
}

// given are the answers of flags and file; flags win.
func (b beginning) given() (setup.Answers, error) {
	var out setup.Answers
	if b.answersFile != "" {
		var err error
		if out, err = setup.ReadAnswers(b.answersFile); err != nil {
			return out, err
		}
	}
	for _, n := range b.nodes {
		name, address, found := strings.Cut(n, "=")
		if !found {
			name, address = "", n
		}
		b.answers.Nodes = append(b.answers.Nodes, setup.Node{Name: name, Address: address})
	}
	return b.answers.Over(out), nil
}

// answer gets the answers that are missing, on the terminal where that is wanted.
func (a *app) answer(b beginning, given setup.Answers) (setup.Answers, error) {
	m := thisMachine()
	var warnings []string
	var err error
	if b.yes || b.answersFile != "" || !term.IsTerminal(int(a.in.Fd())) {
		given, warnings, err = given.Complete(m)
	} else {
		i := setup.NewInterview(given, m)
		if err := ui.Interview(a.ctx, i); err != nil {
			if errors.Is(err, ui.ErrLeft) {
				return given, exit(exitAbandoned, "nothing was written")
			}
			return given, err
		}
		// What may be meant so stood beside the answers.
		given, _, err = i.Answers()
	}
	if err != nil {
		return given, coded{exitUsage, err}
	}
	for _, w := range warnings {
		fmt.Fprintln(a.err, "recon: note: "+w)
	}
	return given, nil
}

// newVault is how secrets.yml is encrypted, if it is.
func (a *app) newVault(b beginning) (setup.Vault, error) {
	switch {
	case b.vaultPasswordFile != "":
		path, err := filepath.Abs(b.vaultPasswordFile)
		if err != nil {
			return setup.Vault{}, err
		}
		ref, err := inventory.NewSecret("file:"+path, inventory.VaultName)
		if err != nil {
			return setup.Vault{}, coded{exitUsage, err}
		}
		word, err := ref.Resolve(a.ctx, nil)
		if err != nil {
			return setup.Vault{}, coded{exitUsage, err}
		}
		if strings.TrimSpace(word) == "" {
			return setup.Vault{}, exit(exitUsage, "the password in %s is empty", path)
		}
		return setup.Vault{Password: word, Ref: ref.Ref()}, nil
	case !b.vault:
		return setup.Vault{}, nil
	case !term.IsTerminal(int(a.in.Fd())):
		return setup.Vault{}, exit(exitUsage, "--vault asks for a password and there is no terminal; name its file with --vault-password-file")
	}
	word, err := a.askTwice(a.ctx, "new password of Ansible Vault")
	return setup.Vault{Password: word, Ref: "prompt"}, err
}

// askTwice asks until the same password was typed two times.
func (a *app) askTwice(ctx context.Context, what string) (string, error) {
	for {
		first, err := a.askSecret(ctx, what)
		if err != nil {
			return "", err
		}
		if len(strings.TrimSpace(first)) < 8 {
			fmt.Fprintln(a.err, "recon: it is shorter than 8 characters, take a longer one")
			continue
		}
		second, err := a.askSecret(ctx, "once more")
		if err != nil {
			return "", err
		}
		if first == second {
			return first, nil
		}
		fmt.Fprintln(a.err, "recon: the two differ, begin again")
	}
}

// written says what is there now and what comes next.
func (a *app) written(dir string, v setup.Vault) error {
	secrets := "the passwords, readable by you alone"
	if v.Ref != "" {
		secrets = "the passwords, encrypted with Ansible Vault"
	}
	named := ""
	path := filepath.Join(dir, setup.ClusterFile)
	if !sameFile(path, a.inventoryFile()) {
		named = " -i " + path
	}
	_, err := fmt.Fprintf(a.out, "Written to %s:\n  %-15s the cluster file\n  %-15s what the Ansible roles are told\n  %-15s %s\nNext:\n  recon%s doctor\n  recon%s walk bootstrap\n",
		dir, setup.ClusterFile, setup.VarsFile, setup.SecretsFile, secrets, named, named)
	return err
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// thisMachine is what this machine knows without being asked.
func thisMachine() setup.Machine {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	m := setup.Machine{Exists: func(path string) bool {
		if rest, ok := strings.CutPrefix(path, "~/"); ok {
			path = filepath.Join(home, rest)
		}
		info, err := os.Stat(path)
		return err == nil && !info.IsDir()
	}}
	if u, err := user.Current(); err == nil {
		m.User = u.Username
	}
	if key := "~/.ssh/id_ed25519"; home != "" && m.Exists(key) {
		m.Key = key
	}
	return m
}

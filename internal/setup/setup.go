// Package setup makes the files with which a cluster begins, from the few answers that only people know: inventory.yaml, the
// cluster file; vars.yml, the variables of the roles that are no secret; secrets.yml, strong passwords made anew.
//
// The answers come from an Interview, or all at once from a file and flags (Complete). Every answer is checked when it is
// given. What is made is read back as recon reads it before anything is written, and Write writes all files or none and never
// over another. No secret is ever in inventory.yaml, in vars.yml, or in an error.
package setup

import (
	"fmt"
	"path/filepath"

	"recon/internal/inventory"
)

// The names of the files.
const (
	ClusterFile = "inventory.yaml"
	VarsFile    = "vars.yml"
	SecretsFile = "secrets.yml"
)

// Names lists the files that are written.
func Names() []string { return []string{ClusterFile, VarsFile, SecretsFile} }

// Vault says how secrets.yml is encrypted. The zero Vault leaves it in clear, readable by its owner alone.
type Vault struct {
	// Password encrypts it in Ansible Vault's format 1.1.
	Password string
	// Ref is where recon finds that password later: prompt, or file:PATH. Without it secrets.yml names no vault.
	Ref string
}

// Make renders the files. The answers must have gone through Complete or an Interview.
func Make(a Answers, s Secrets, v Vault) ([]File, error) {
	secrets, err := s.file(v)
	if err != nil {
		return nil, err
	}
	vars, err := varsFile(a)
	if err != nil {
		return nil, err
	}
	cluster := clusterFile(a, v)
	// Nothing is read from disk here: the folder only makes relative paths whole.
	c, err := inventory.Parse(filepath.Join("/", ClusterFile), cluster)
	if err != nil {
		return nil, fmt.Errorf("these answers make a cluster file with mistakes: %w", err)
	}
	if len(c.Warnings) > 0 {
		return nil, fmt.Errorf("these answers make a cluster file with mistakes: %w", c.Warnings[0])
	}
	return []File{
		{ClusterFile, 0o644, cluster},
		{VarsFile, 0o644, vars},
		{SecretsFile, 0o600, secrets},
	}, nil
}

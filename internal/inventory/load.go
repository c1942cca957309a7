package inventory

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// fileLimit is the size of the largest cluster file that is read, in bytes.
const fileLimit = 1 << 20

// Load reads and checks the cluster file at path. What is wrong in it comes back as Problems, all at once, and then there
// is no cluster. Paths in the file are taken from its folder.
func Load(path string) (*Cluster, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no cluster file %s: name one with `recon -i FILE` or $RECON_INVENTORY, inventory.example.yaml explains every key (%w)", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("read the cluster file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the cluster file: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("read the cluster file %s: it is a folder, name the file in it", path)
	}
	src, err := io.ReadAll(io.LimitReader(f, fileLimit+1))
	if err != nil {
		return nil, fmt.Errorf("read the cluster file: %w", err)
	}
	return Parse(path, src)
}

// Parse checks the bytes of a cluster file. name is its path: problems show it, and paths in the file are taken from its
// folder. Nothing is read from disk.
func Parse(name string, src []byte) (*Cluster, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, fmt.Errorf("find the cluster file %s: %w", name, err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // a path that begins with ~ is a problem then
	}
	sum := sha256.Sum256(src)
	c := newCluster(home)
	c.File, c.Hash = abs, hex.EncodeToString(sum[:])

	r := &reader{file: name, dir: filepath.Dir(abs), home: home}
	if text, ok := r.source(src); ok {
		if body, ok := r.tree(text); ok {
			r.cluster(body, c)
		}
	}
	if len(r.problems) > 0 {
		return nil, r.problems.sorted()
	}
	c.Warnings = r.warnings
	return c, nil
}

package inventory

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// secretLimit is the size of the largest secret, in bytes.
const secretLimit = 64 << 10

// readSecret reads a secret's file, and refuses one that others can read.
func readSecret(path string) (string, error) {
	b, err := readPrivate(path, secretLimit)
	// Editors end a file with a newline that is no part of the secret.
	s := strings.TrimSuffix(string(b), "\n")
	return strings.TrimSuffix(s, "\r"), err
}

// readPrivate reads a file of at most limit bytes that nobody else can read or change. Opening does not wait, so that a named
// pipe cannot hang the console.
func readPrivate(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open its file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("look at its file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fmt.Errorf("the owner of %s cannot be told", path)
	}
	if err := private(stat.Uid, os.Geteuid(), info.Mode().Perm()); err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read its file: %w", err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return b, nil
}

// private checks that nobody else can read or change a file. A file of root may be readable by a group (0640), which is
// how a secret is given to the operators of a bastion.
func private(owner uint32, user int, mode fs.FileMode) error {
	switch {
	case owner == 0 && mode&0o037 == 0:
		return nil
	case owner == 0:
		return fmt.Errorf("has mode %04o and is readable by others, chmod it to 0600 or 0640", mode)
	case int(owner) != user:
		return errors.New("belongs to another user, it must be yours or root's")
	case mode&0o077 != 0:
		return fmt.Errorf("has mode %04o and is readable by others, chmod it to 0600", mode)
	}
	return nil
}

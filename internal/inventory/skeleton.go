package inventory

import (
	"context"
	"errors"
	"io"
	"strconv"
)

var errSkeleton = errors.New("reading the cluster file is not built yet")

// Load reads the cluster file.
func Load(path string) (*Cluster, error) { return nil, errSkeleton }

// Parse reads the cluster file's bytes.
func Parse(name string, src []byte) (*Cluster, error) { return nil, errSkeleton }

// Problem is one mistake.
type Problem struct {
	File         string
	Line, Column int
	What, Hint   string
}

func (p Problem) Error() string {
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column) + ": " + p.What + ", " + p.Hint
}

// Problems are all mistakes of a file.
type Problems []Problem

func (p Problems) Error() string { return "" }

// Secret is a reference.
type Secret struct{ ref, what, path string }

// Ref is env:NAME, file:PATH or prompt.
func (s Secret) Ref() string { return s.ref }

// IsZero reports that there is no secret.
func (s Secret) IsZero() bool { return s == Secret{} }

// Resolve reads the secret.
func (s Secret) Resolve(ctx context.Context, ask func(ctx context.Context, what string) (string, error)) (string, error) {
	return "", errSkeleton
}

// Node finds a node by name.
func (c *Cluster) Node(name string) (Node, bool) { return Node{}, false }

// Secrets are all references.
func (c *Cluster) Secrets() []Secret { return nil }

// Units are the units on a node.
func (c *Cluster) Units(node string) []string { return nil }

// Value is an environment variable of steps.
type Value struct{ Name, Value, About string }

// Values are the variables.
func (c *Cluster) Values() []Value { return nil }

// WriteAnsible writes the Ansible inventory.
func (c *Cluster) WriteAnsible(w io.Writer) error { return errSkeleton }

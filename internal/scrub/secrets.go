package scrub

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
)

// Secrets is a set of named secrets to mask. The zero value is ready and masks nothing. It is safe for concurrent use;
// a Writer masks a secret from the next write after Add returned.
type Secrets struct {
	mu    sync.Mutex
	names []string
	forms [][]string
	known map[string]bool
	found atomic.Pointer[automaton]
}

// Add masks value as ‹name› from now on, in all its forms. Adding a value again does nothing; a name may have several
// values. A value of less than 4 bytes is refused, because masking it would garble ordinary text: the error names the
// secret and never shows it.
func (s *Secrets) Add(name, value string) error {
	name = strings.NewReplacer("‹", "", "›", "").Replace(Line(name))
	if name == "" {
		name = "secret"
	}
	if len(value) < shortest {
		return fmt.Errorf("the secret %s has less than %d bytes and cannot be masked in output, use a longer one", name, shortest)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[value] {
		return nil
	}
	if s.known == nil {
		s.known = map[string]bool{}
	}
	s.known[value] = true
	s.names = append(s.names, name)
	s.forms = append(s.forms, forms(value))
	s.found.Store(build(s.forms, s.names))
	return nil
}

// Mask returns text with every secret replaced by ‹name›. Where forms overlap, everything that belongs to any of them is
// replaced; a form inside of a longer one does not show. Text that may hold control sequences must go through Text first.
func (s *Secrets) Mask(text string) string {
	m := masker{set: s}
	if m.load() == nil {
		return text
	}
	out := m.feed(make([]byte, 0, len(text)), []byte(text))
	return string(m.finish(out))
}

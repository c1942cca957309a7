package remote

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// vault asks for each secret once and forgets one that was refused. A secret that was refused is not tried again by those
// who ask again and again: three wrong passwords in a row lock an account.
type vault struct {
	ask  func(ctx context.Context, what string) (string, error)
	mask func(name, value string) error

	mu      sync.Mutex
	entries map[any]*secretEntry
}

type secretEntry struct {
	// turn is held while the secret is asked for, so that twenty hosts ask once.
	turn  chan struct{}
	value string
	known bool
	err   error
}

var errNoTerminal = errors.New("it must be typed and there is no terminal to ask at")

// get returns the secret with this key, by calling resolve when it is not known yet. After a failure the same error comes
// back until someone asks with again.
func (v *vault) get(ctx context.Context, key any, name string, again bool, resolve func(context.Context, asker) (string, error)) (string, error) {
	v.mu.Lock()
	e := v.entries[key]
	if e == nil {
		e = &secretEntry{turn: make(chan struct{}, 1)}
		if v.entries == nil {
			v.entries = map[any]*secretEntry{}
		}
		v.entries[key] = e
	}
	v.mu.Unlock()
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return "", fmt.Errorf("%s: %w", name, context.Cause(ctx))
	}
	if e.known {
		return e.value, nil
	}
	if e.err != nil && !again {
		return "", e.err
	}
	value, err := resolve(ctx, v.typed)
	if err == nil && value == "" {
		err = errors.New("it is empty")
	}
	if err == nil && v.mask != nil {
		err = v.mask(name, value)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
		if ctx.Err() == nil {
			e.err = err
		}
		return "", err
	}
	e.value, e.known, e.err = value, true, nil
	return value, nil
}

// refuse forgets a value that a host did not accept; why is what the patient get from now on.
func (v *vault) refuse(key any, value string, why error) {
	v.mu.Lock()
	e := v.entries[key]
	v.mu.Unlock()
	if e == nil {
		return
	}
	e.turn <- struct{}{}
	defer func() { <-e.turn }()
	// Another host may have asked again meanwhile.
	if e.known && e.value == value {
		e.value, e.known, e.err = "", false, why
	}
}

// asker asks the operator.
type asker = func(ctx context.Context, what string) (string, error)

// typed asks the operator, and stops waiting when ctx ends even if whoever asks does not.
func (v *vault) typed(ctx context.Context, what string) (string, error) {
	if v.ask == nil {
		return "", errNoTerminal
	}
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := v.ask(ctx, what)
		got <- answer{text, err}
	}()
	select {
	case a := <-got:
		return a.text, a.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

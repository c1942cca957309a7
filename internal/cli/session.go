package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/term"

	"recon/actions"
	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/internal/scrub"
	"recon/internal/walk"
	"recon/probes"
	"recon/runbooks"
)

// session is one cluster with everything that was put together for it: connections, eyes, hands, library.
type session struct {
	cluster *inventory.Cluster
	pool    *remote.Pool
	watch   *probes.Watch
	hands   *actions.Hands
	masks   *scrub.Secrets
	log     *os.File
	trails  string

	mu      sync.Mutex
	secrets map[inventory.Secret]string
	ask     func(ctx context.Context, what string) (string, error)
	stop    context.CancelFunc
	done    chan error
}

// inventoryFile is the cluster file: flag, environment, folder.
func (a *app) inventoryFile() string {
	if a.inventoryPath != "" {
		return a.inventoryPath
	}
	if p := os.Getenv("RECON_INVENTORY"); p != "" {
		return p
	}
	return "inventory.yaml"
}

func (a *app) cluster() (*inventory.Cluster, error) {
	c, err := inventory.Load(a.inventoryFile())
	if err != nil {
		return nil, coded{exitUsage, err}
	}
	for _, w := range c.Warnings {
		fmt.Fprintln(a.err, "recon: "+w.Error())
	}
	return c, nil
}

// stateHome is where trails and the log live: $XDG_STATE_HOME/recon, or the folder that a command has of its own.
func (a *app) stateHome() (string, error) {
	if a.state != "" {
		return a.state, nil
	}
	base := os.Getenv("XDG_STATE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("where trails are kept is unknown: %w; set XDG_STATE_HOME", err)
		}
		base = filepath.Join(home, ".local", "state")
	}
	dir := filepath.Join(base, "recon")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("create the state folder: %w; set XDG_STATE_HOME to a folder that can be written", err)
	}
	return dir, nil
}

func (a *app) trails() (string, error) {
	dir, err := a.stateHome()
	return filepath.Join(dir, "trails"), err
}

// open puts a session together. Nothing is asked of the cluster until start.
func (a *app) open() (*session, error) {
	c, err := a.cluster()
	if err != nil {
		return nil, err
	}
	s := &session{cluster: c, masks: &scrub.Secrets{}, secrets: map[inventory.Secret]string{}}
	if term.IsTerminal(int(a.in.Fd())) {
		s.ask = askedOnce(a.askSecret)
	}
	dir, err := a.stateHome()
	if err != nil {
		return nil, err
	}
	s.trails = filepath.Join(dir, "trails")
	if s.log, err = os.OpenFile(filepath.Join(dir, "recon.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	s.pool = remote.New(c, remote.Options{Ask: s.ask, Mask: s.masks.Add, Log: slog.New(slog.NewTextHandler(scrub.NewWriter(s.log, s.masks), nil))})
	s.watch, err = probes.New(c, probes.Through(s.pool), probes.Options{Secret: s.secret})
	if err != nil {
		return nil, errors.Join(err, s.pool.Close(), s.log.Close())
	}
	s.hands = actions.New(c, s.pool, s.secret, s.masks)
	return s, nil
}

// askSecret asks on the terminal without echo. It is used before a screen is drawn, never under it.
func (a *app) askSecret(ctx context.Context, what string) (string, error) {
	fmt.Fprintf(a.err, "%s: ", what)
	b, err := term.ReadPassword(int(a.in.Fd()))
	fmt.Fprintln(a.err)
	if err != nil {
		return "", fmt.Errorf("asking for %s: %w", what, err)
	}
	return string(b), ctx.Err()
}

// askedOnce keeps the vault password, which opens one secret after the other. The others are kept by whoever asks.
func askedOnce(ask func(context.Context, string) (string, error)) func(context.Context, string) (string, error) {
	var mu sync.Mutex
	vault := ""
	return func(ctx context.Context, what string) (string, error) {
		if what != inventory.VaultName {
			return ask(ctx, what)
		}
		mu.Lock()
		defer mu.Unlock()
		if vault != "" {
			return vault, nil
		}
		word, err := ask(ctx, what)
		if err == nil {
			vault = word
		}
		return word, err
	}
}

// secret resolves a reference once and masks its value from then on.
func (s *session) secret(ctx context.Context, ref inventory.Secret) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.secrets[ref]; ok {
		return v, nil
	}
	v, err := ref.Resolve(ctx, s.ask)
	if err != nil {
		return "", err
	}
	if err := s.masks.Add(ref.Name(), v); err != nil {
		return "", fmt.Errorf("%s: %w", ref.Name(), err)
	}
	s.secrets[ref] = v
	return v, nil
}

// prompts asks for every secret that has to be typed, before any screen is drawn.
func (s *session) prompts(ctx context.Context) error {
	for _, ref := range s.cluster.Secrets() {
		if ref.Asks() {
			if _, err := s.secret(ctx, ref); err != nil {
				return err
			}
		}
	}
	return nil
}

// start lets the probes run until close.
func (s *session) start(ctx context.Context) {
	ctx, s.stop = context.WithCancel(ctx)
	s.done = make(chan error, 1)
	go func() { s.done <- s.watch.Run(ctx) }()
}

func (s *session) close() error {
	var err error
	if s.stop != nil {
		s.stop()
		if err = <-s.done; errors.Is(err, context.Canceled) {
			err = nil
		}
	}
	return errors.Join(err, s.pool.Close(), s.log.Close())
}

// folders are the user's own folders of books: those of the cluster file, then those of the command line.
func (a *app) folders(c *inventory.Cluster) []string {
	if c == nil {
		return a.bookFolders
	}
	return slices.Concat(c.Runbooks, a.bookFolders)
}

func (a *app) loadLibrary(c *inventory.Cluster) (*runbooks.Library, error) {
	lib, err := runbooks.Load(probes.Scope(c), a.folders(c)...)
	if err != nil && len(lib.Books) > 0 {
		// The sound books are there in the hour of need; what is wrong with the others is said.
		a.warn(err)
		return lib, nil
	}
	return lib, err
}

// warn says what is wrong and does not stop anything. Under a screen it would draw over it, so there it goes to the log.
func (a *app) warn(err error) {
	for _, line := range strings.Split(err.Error(), "\n") {
		fmt.Fprintln(a.warnings(), "recon: "+line)
	}
}

func (a *app) warnings() io.Writer {
	if a.screened != nil {
		return a.screened
	}
	return a.err
}

// config is what a walk needs of a session.
func (s *session) config(lib *runbooks.Library) walk.Config {
	operator, host := whoAmI()
	return walk.Config{
		Cluster: s.cluster, Library: lib, Scope: probes.Scope(s.cluster), Eyes: s.watch, Hands: s.hands,
		Operator: operator, Host: host, TTY: tty(), Version: version(), Trails: s.trails,
	}
}

// whoAmI is the person and the machine. After sudo it is the person who called it.
func whoAmI() (operator, host string) {
	operator = os.Getenv("RECON_OPERATOR")
	if operator == "" {
		operator = os.Getenv("SUDO_USER")
	}
	if operator == "" {
		if u, err := user.Current(); err == nil {
			operator = u.Username
		} else {
			operator = fmt.Sprintf("uid %d", os.Getuid())
		}
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return operator, host
}

func tty() string {
	for _, f := range []string{"/proc/self/fd/0", "/dev/fd/0"} {
		if name, err := os.Readlink(f); err == nil {
			return name
		}
	}
	return ""
}

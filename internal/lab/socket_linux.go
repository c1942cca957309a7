package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
)

// Listen listens on /run/NAME of the console host, for the operator there and nobody else. Whoever answers is outside: the
// lab is broken from below.
func (l *Lab) Listen(name string) (net.Listener, error) {
	g, err := l.guest(consoleName)
	if err != nil {
		return nil, err
	}
	_, leader, up := g.pids()
	if !up {
		return nil, &Error{What: "the console is down", Hint: "`recon lab up` starts the lab"}
	}
	path := fmt.Sprintf("/proc/%d/root/run/%s", leader, name)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, &Error{What: "a socket on the console", Err: err}
	}
	s, err := net.Listen("unix", path)
	if err != nil {
		return nil, &Error{What: "a socket on the console", Err: err}
	}
	if err := errors.Join(os.Chown(path, annaID, annaID), os.Chmod(path, 0o600)); err != nil {
		return nil, errors.Join(&Error{What: "a socket on the console", Err: err}, s.Close())
	}
	return s, nil
}

// Healthy is nil when the whole cluster is; the error says what is missing.
func (l *Lab) Healthy(ctx context.Context) error {
	if err := l.hasCluster(ctx); err != nil {
		return err
	}
	return l.isHealthy(ctx)
}

package drill

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// A cluster can be broken from another process than the one that runs its drills: the lab is broken from below, by root, and
// its drills run on its console host. A line of JSON asks on a unix socket, and a line answers.
type asked struct {
	Do    string `json:"do"` // break, settled, mend, healthy or lost
	Fault string `json:"fault,omitempty"`
}

type answered struct {
	Said    string `json:"said,omitempty"`
	Yes     bool   `json:"yes,omitempty"`
	Missing string `json:"missing,omitempty"`
	Commits int    `json:"commits,omitempty"`
	Error   string `json:"error,omitempty"`
}

// askTime is how long the slowest thing takes, which is a lab that is mended.
const askTime = 15 * time.Minute

// Serve breaks a cluster for whoever asks on the listener, until the listener is closed and what was asked is answered.
func Serve(ctx context.Context, l net.Listener, c Cluster) {
	var all sync.WaitGroup
	defer all.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			return // it was closed
		}
		all.Go(func() {
			defer func() { _ = conn.Close() }() // the answer is out, or nobody waits for it
			defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
			_ = conn.SetDeadline(time.Now().Add(askTime))
			var q asked
			if json.NewDecoder(bufio.NewReaderSize(conn, longest)).Decode(&q) == nil {
				_ = json.NewEncoder(conn).Encode(answer(ctx, c, q)) // whoever went away does not want it
			}
		})
	}
}

func answer(ctx context.Context, c Cluster, q asked) (a answered) {
	var err error
	switch q.Do {
	case "break":
		a.Said, err = c.Break(ctx, q.Fault)
	case "settled":
		a.Yes = c.Settled()
	case "mend":
		err = c.Mend(ctx)
	case "healthy":
		a.Missing = c.Healthy(ctx)
	case "lost":
		a.Commits, a.Yes = c.Lost()
	default:
		err = fmt.Errorf("nobody here can %q; this recon and the one that runs the drill are of different versions", q.Do)
	}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

// Elsewhere is a Cluster that is served on a unix socket.
func Elsewhere(socket string) Cluster { return elsewhere(socket) }

type elsewhere string

func (e elsewhere) ask(ctx context.Context, q asked) (a answered, err error) {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", string(e))
	if err != nil {
		return a, fmt.Errorf("reach what breaks the cluster: %w", err)
	}
	defer func() { _ = c.Close() }() // the answer was read
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	_ = c.SetDeadline(time.Now().Add(askTime))
	if err := json.NewEncoder(c).Encode(q); err != nil {
		return a, fmt.Errorf("ask what breaks the cluster: %w", err)
	}
	if err := json.NewDecoder(c).Decode(&a); err != nil {
		return a, fmt.Errorf("what breaks the cluster does not answer: %w", err)
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}

func (e elsewhere) Break(ctx context.Context, fault string) (string, error) {
	a, err := e.ask(ctx, asked{Do: "break", Fault: fault})
	return a.Said, err
}

// Settled is false when nobody answers: then nothing is known to be done.
func (e elsewhere) Settled() bool {
	a, err := e.ask(context.Background(), asked{Do: "settled"})
	return err == nil && a.Yes
}

func (e elsewhere) Mend(ctx context.Context) error {
	_, err := e.ask(ctx, asked{Do: "mend"})
	return err
}

func (e elsewhere) Healthy(ctx context.Context) string {
	a, err := e.ask(ctx, asked{Do: "healthy"})
	if err != nil {
		return err.Error()
	}
	return a.Missing
}

func (e elsewhere) Lost() (int, bool) {
	a, err := e.ask(context.Background(), asked{Do: "lost"})
	return a.Commits, err == nil && a.Yes
}

package remote

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// sessionsAtOnce is how many commands run on one connection at a time. sshd's MaxSessions is 10 and refuses the eleventh;
// two are left for a person who shares the connection's limits. Tunnels do not count there.
const sessionsAtOnce = 8

// connection is one ssh connection, shared by everybody who uses its host.
type connection struct {
	ep     *endpoint
	client *ssh.Client
	stream *stream
	timing timing
	// via is the jump host's connection that this one runs through, nil without one.
	via      *connection
	sessions chan struct{}
	// done is closed when the connection has ended; then lost says why.
	done chan struct{}

	mu   sync.Mutex
	lost error
	// users are the commands and tunnels in use. A retired connection takes no new ones and closes after the last.
	users   int
	retired bool
	// left counts sessions that were closed while their command went on: sshd still counts them.
	left int
}

var (
	errIdle    = errors.New("closed")
	errSilence = errors.New("the host does not answer keepalives any more")
)

// hold reserves the connection for one user; false when it takes none any more.
func (c *connection) hold() bool {
	select {
	case <-c.done:
		return false
	default:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.retired || c.lost != nil {
		return false
	}
	c.users++
	return true
}

func (c *connection) release() {
	c.mu.Lock()
	c.users--
	last := c.retired && c.users == 0
	c.mu.Unlock()
	if last {
		c.close(errIdle)
	}
}

// retire makes the next user open another connection, when the host's slots here are taken by commands that go on.
func (c *connection) retire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retired = c.retired || c.left > 0
}

// close ends the connection. The first reason stays. The transport is closed first: a polite goodbye could block.
func (c *connection) close(why error) {
	c.mu.Lock()
	if c.lost == nil {
		c.lost = why
	}
	c.mu.Unlock()
	_ = c.stream.Close()
	_ = c.client.Close()
}

// cause is why the connection ended, nil while it lives.
func (c *connection) cause() error {
	select {
	case <-c.done:
	default:
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// watch waits for the end and settles its reason.
func (c *connection) watch() {
	err := c.client.Wait()
	c.close(err)
	c.mu.Lock()
	if c.lost == nil {
		c.lost = errors.New("the host closed it")
	}
	c.mu.Unlock()
	close(c.done)
	if c.via != nil {
		c.via.release()
	}
}

// keepalive asks the peer for an answer again and again, and ends a connection whose peer is dead. Anything that is heard
// counts: on a slow line the answer waits behind output.
func (c *connection) keepalive() {
	for {
		select {
		case <-c.done:
			return
		case <-time.After(c.timing.keepEvery):
		}
		answered := make(chan struct{})
		go func() {
			// An error means that the connection has ended, which done says.
			_, _, _ = c.client.SendRequest("keepalive@openssh.com", true, nil)
			close(answered)
		}()
		wait := c.timing.keepWait
		for waiting := true; waiting; {
			select {
			case <-c.done:
				return
			case <-answered:
				waiting = false
			case <-time.After(wait):
				silent := c.stream.silent()
				if silent >= c.timing.keepWait {
					c.close(errSilence)
					return
				}
				wait = c.timing.keepWait - silent
			}
		}
	}
}

// open opens a channel. It ends with ctx; a channel that comes later is closed by a goroutine that the connection's end
// stops too.
func (c *connection) open(ctx context.Context, kind string, payload []byte) (ssh.Channel, <-chan *ssh.Request, error) {
	type opened struct {
		ch   ssh.Channel
		reqs <-chan *ssh.Request
		err  error
	}
	got := make(chan opened, 1)
	go func() {
		ch, reqs, err := c.client.OpenChannel(kind, payload)
		got <- opened{ch, reqs, err}
	}()
	select {
	case o := <-got:
		return o.ch, o.reqs, o.err
	case <-ctx.Done():
		go func() {
			if o := <-got; o.err == nil {
				go ssh.DiscardRequests(o.reqs)
				_ = o.ch.Close()
			}
		}()
		return nil, nil, context.Cause(ctx)
	}
}

// broken is the error for a user of a connection that ended.
func (c *connection) broken(err error) error {
	if why := c.cause(); why != nil {
		err = why
	}
	return &ConnectError{Place: c.ep.place(), Stage: StageLost, Err: err}
}

var _ net.Conn = (*stream)(nil)

package sshd

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"net"
	"slices"
	"sync"

	"golang.org/x/crypto/ssh"
)

// version is how the server introduces itself: Debian 13's.
const version = "SSH-2.0-OpenSSH_10.0p2 Debian-7"

var errDenied = errors.New("denied")

// settings are those of the ssh library: the fastest that every client has, as whole test runs make thousands of logins.
func settings(cfg Config) *ssh.ServerConfig {
	c := &ssh.ServerConfig{
		Config: ssh.Config{
			KeyExchanges: []string{ssh.KeyExchangeCurve25519, ssh.KeyExchangeECDHP256},
			Ciphers:      []string{ssh.CipherAES128GCM, ssh.CipherAES256GCM, ssh.CipherAES128CTR},
		},
		ServerVersion: version,
		PublicKeyCallback: func(m ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			offered := key.Marshal()
			if slices.ContainsFunc(cfg.Users[m.User()].Keys, func(k ssh.PublicKey) bool { return bytes.Equal(k.Marshal(), offered) }) {
				return nil, nil
			}
			return nil, errDenied
		},
	}
	if cfg.Banner != "" {
		c.BannerCallback = func(ssh.ConnMetadata) string { return cfg.Banner }
	}
	for _, u := range cfg.Users {
		if u.Password != "" {
			c.PasswordCallback = func(m ssh.ConnMetadata, word []byte) (*ssh.Permissions, error) {
				want := cfg.Users[m.User()].Password
				if want != "" && subtle.ConstantTimeCompare([]byte(want), word) == 1 {
					return nil, nil
				}
				return nil, errDenied
			}
			break
		}
	}
	c.AddHostKey(cfg.HostKey)
	return c
}

// login is one client's connection, from before it logs in.
type login struct {
	server *Server
	wire   *wire
	// outside says that it comes from the console; waits, under the server's lock, that it came while the host was silent.
	outside, waits bool
	ctx            context.Context
	cancel         context.CancelCauseFunc
	work           sync.WaitGroup

	user string
	mu   sync.Mutex
	// sessions is how many there are.
	sessions int
}

func newLogin(s *Server, c net.Conn, outside bool) *login {
	l := &login{server: s, wire: newWire(c), outside: outside}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	return l
}

// serve serves the connection to its end and that of everything on it.
func (l *login) serve() {
	defer l.cancel(ErrClosed)
	defer l.wire.Close()
	conn, channels, requests, err := ssh.NewServerConn(l.wire, l.server.conf)
	if err != nil {
		return // whoever does not get in was told so
	}
	l.user = conn.User()
	l.work.Go(func() { l.answer(requests) })
	for c := range channels {
		switch c.ChannelType() {
		case "session":
			l.session(c)
		case "direct-tcpip":
			l.work.Go(func() { l.forward(c, tcpAddress) })
		case "direct-streamlocal@openssh.com":
			l.work.Go(func() { l.forward(c, unixAddress) })
		default:
			l.refuse(c)
		}
	}
	l.cancel(ErrClosed)
	l.work.Wait()
}

// answer answers the requests that concern no channel. OpenSSH knows neither keepalives nor, here, forwarding of ports. That
// no more sessions will come is a promise of the client, which nobody here has to hold it to.
func (l *login) answer(requests <-chan *ssh.Request) {
	for r := range requests {
		_ = r.Reply(r.Type == "no-more-sessions@openssh.com", nil) // the end of requests says when the client is gone
	}
}

// refuse is OpenSSH's answer to a channel that it does not want; serverloop.c, server_input_channel_open.
func (l *login) refuse(c ssh.NewChannel) {
	_ = c.Reject(ssh.ConnectionFailed, "open failed") // the client may be gone
}

// enter counts a session; false when there are too many.
func (l *login) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sessions >= l.server.cfg.MaxSessions {
		return false
	}
	l.sessions++
	return true
}

func (l *login) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sessions--
}

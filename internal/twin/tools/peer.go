package tools

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"recon/internal/twin/shell"
)

// dialSocket connects to a unix socket of the host. /run and /var/run are one folder.
func (k *kit) dialSocket(ctx context.Context, c *shell.Call, path string) (net.Conn, error) {
	if p, ok := k.net.(Peers); ok {
		return p.DialAs(ctx, c.Host.Name, c.User, path)
	}
	conn, err := k.net.Dial(ctx, c.Host.Name, path)
	if errors.Is(err, syscall.ENOENT) {
		other := "/var" + path
		if rest, ok := strings.CutPrefix(path, "/var/run/"); ok {
			other = "/run/" + rest
		}
		if again, err2 := k.net.Dial(ctx, c.Host.Name, other); err2 == nil {
			conn, err = again, nil
		}
	}
	if err != nil || !strings.Contains(path, "/.s.PGSQL.") {
		return conn, err
	}
	return &peerConn{Conn: conn, user: c.User, socket: path}, nil
}

// peerConn is a connection to a database's unix socket. The servers do not hear which user of the host calls; this end
// knows it, and refuses the logins that pg_hba gives to the owner alone: postgres, and pgbouncer's console.
type peerConn struct {
	net.Conn
	user, socket string
	began        bool
	refused      *bytes.Reader
}

// Write looks at the startup packet.
func (p *peerConn) Write(b []byte) (int, error) {
	if p.refused != nil {
		return len(b), nil
	}
	if !p.began {
		p.began = true
		if who := startupUser(b); (who == "postgres" || who == "pgbouncer") && p.user != "postgres" {
			p.refused = bytes.NewReader(refusal(who, strings.HasSuffix(p.socket, ".6432")))
			return len(b), nil
		}
	}
	return p.Conn.Write(b)
}

// Read gives the refusal instead of the server's answer.
func (p *peerConn) Read(b []byte) (int, error) {
	if p.refused == nil {
		return p.Conn.Read(b)
	}
	n, err := p.refused.Read(b)
	if errors.Is(err, io.EOF) {
		_ = p.Conn.Close() // the server would have closed it
	}
	return n, err
}

// startupUser is the user of a startup packet, empty for another packet.
func startupUser(b []byte) string {
	if len(b) < 8 || binary.BigEndian.Uint32(b[4:]) != 3<<16 {
		return ""
	}
	parts := strings.Split(string(b[8:]), "\x00")
	for i := 0; i+1 < len(parts); i += 2 {
		if parts[i] == "user" {
			return parts[i+1]
		}
	}
	return ""
}

// refusal is the error with which the server ends such a login.
func refusal(user string, bouncer bool) []byte {
	code, text := "28000", fmt.Sprintf("Peer authentication failed for user %q", user)
	if bouncer {
		code, text = "08P01", "password authentication failed"
	}
	fields := fmt.Sprintf("SFATAL\x00VFATAL\x00C%s\x00M%s\x00\x00", code, text)
	out := append([]byte{'E'}, binary.BigEndian.AppendUint32(nil, uint32(len(fields)+4))...)
	return append(out, fields...)
}

package pgwire_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"recon/internal/twin/pgwire"
)

// said is what a client sends, in one piece.
func said(t testing.TB, messages ...interface{ Encode([]byte) ([]byte, error) }) []byte {
	t.Helper()
	var out []byte
	for _, m := range messages {
		var err error
		if out, err = m.Encode(out); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// serveBytes lets a server answer these bytes, and gives what it answers until it ends. A client that hangs up does not
// wait for the answers.
func serveBytes(t testing.TB, s *pgwire.Server, b []byte, hangsUp bool) []byte {
	t.Helper()
	ours, theirs := net.Pipe()
	ended, answered := make(chan struct{}), make(chan []byte)
	go func() {
		defer close(ended)
		s.ServeConn(theirs)
	}()
	go func() {
		b, _ := io.ReadAll(ours) // until either side ends
		answered <- b
	}()
	_ = ours.SetWriteDeadline(time.Now().Add(5 * time.Second))
	_, _ = ours.Write(b) // a server that has hung up takes no more
	if hangsUp {
		_ = ours.Close()
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatalf("the server does not end after %q", b)
	}
	_ = ours.Close()
	return <-answered
}

var startup = &pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "u", "database": "d"}}

func FuzzServer(f *testing.F) {
	start := said(f, startup)
	f.Add(start)
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add(said(f, &pgproto3.SSLRequest{}, &pgproto3.GSSEncRequest{}, startup))
	f.Add(said(f, startup, &pgproto3.Query{String: "SELECT 1; FAIL; 'x"}))
	f.Add(said(f, startup, &pgproto3.Parse{Query: "SELECT $1, $2"}, &pgproto3.Bind{Parameters: [][]byte{{1}, nil}, ParameterFormatCodes: []int16{1, 0}}, &pgproto3.Describe{ObjectType: 'P'},
		&pgproto3.Execute{MaxRows: 1}, &pgproto3.Close{ObjectType: 'S'}, &pgproto3.Sync{}, &pgproto3.Flush{}, &pgproto3.Terminate{}))
	f.Add(append(start, 'Q', 0x7f, 0xff, 0xff, 0xff))
	f.Add(append(start, 'Q', 0, 0, 0, 1))
	f.Add(append(start, 'F', 0, 0, 0, 4, 'd', 0, 0, 0, 4))
	s := &pgwire.Server{Backend: &bench{}, NoticesHangup: true}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, b []byte) { serveBytes(t, s, b, true) })
}

// types are the messages of an answer by their letters; the first byte may be the answer to SSLRequest.
func types(b []byte) string {
	out := ""
	for len(b) >= 5 {
		out += string(b[0])
		b = b[min(len(b), 1+int(b[1])<<24+int(b[2])<<16+int(b[3])<<8+int(b[4])):]
	}
	return out
}

func TestProtocolOnTheWire(t *testing.T) {
	s := &pgwire.Server{Backend: &bench{}}
	defer s.Close()
	for _, tc := range []struct {
		name, want string
		bytes      []byte
	}{
		{"another version", "E", []byte{0, 0, 0, 9, 0, 2, 0, 0, 0}},
		{"a cancel request of nobody", "", said(t, &pgproto3.CancelRequest{ProcessID: 1, SecretKey: []byte{1, 2, 3, 4}})},
		{"a newer minor version", "vRSSSSSSSSKZ", append([]byte{0, 0, 0, 16, 0, 3, 0, 2}, "user\x00u\x00\x00"...)},
		{"no user", "E", append([]byte{0, 0, 0, 13, 0, 3, 0, 0}, "a\x00u\x00\x00"...)},
		{"rows in portions", "RSSSSSSSSKZ12DDsDDsDCZ", said(t, startup, &pgproto3.Parse{Query: "SELECT rows 5"}, &pgproto3.Bind{}, &pgproto3.Execute{MaxRows: 2}, &pgproto3.Execute{MaxRows: 2}, &pgproto3.Execute{}, &pgproto3.Sync{})},
		{"nothing to run", "RSSSSSSSSKZ12nIZ", said(t, startup, &pgproto3.Parse{}, &pgproto3.Bind{}, &pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}, &pgproto3.Sync{})},
		{"skipping until Sync", "RSSSSSSSSKZEZ12TDCZ", said(t, startup, &pgproto3.Bind{PreparedStatement: "no"}, &pgproto3.Execute{}, &pgproto3.Query{String: "SELECT 1"}, &pgproto3.Sync{},
			&pgproto3.Parse{Query: "SELECT 1"}, &pgproto3.Bind{}, &pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}, &pgproto3.Sync{})},
		{"no such portal", "RSSSSSSSSKZEZ", said(t, startup, &pgproto3.Execute{Portal: "no"}, &pgproto3.Sync{})},
		{"a portal ends with its transaction", "RSSSSSSSSKZ12ZEZ", said(t, startup, &pgproto3.Parse{Query: "SELECT 1"}, &pgproto3.Bind{DestinationPortal: "p"}, &pgproto3.Sync{},
			&pgproto3.Execute{Portal: "p"}, &pgproto3.Sync{})},
		{"what is no message", "RSSSSSSSSKZ", append(said(t, startup), "\xff\x00\x00\x00\x04"...)},
	} {
		if got := types(serveBytes(t, s, append(tc.bytes, 'X', 0, 0, 0, 4), false)); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

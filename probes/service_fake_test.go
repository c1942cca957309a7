package probes

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
)

// said is what a pretended server answers to a statement: a row, an error, or nothing at all.
type said struct {
	row    []string
	failed *pgproto3.ErrorResponse
	tag    string
	silent bool
}

// pretendedSQL is the server's side of PostgreSQL's protocol with answers by the beginning of a statement.
type pretendedSQL struct {
	mu      sync.Mutex
	answers map[string]said
	heard   []string // statements, in their order
	cancels int      // requests to cancel
}

// asked is how often statements with this beginning came.
func (p *pretendedSQL) asked(beginning string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, sql := range p.heard {
		if strings.HasPrefix(strings.TrimSpace(sql), beginning) {
			n++
		}
	}
	return n
}

func (p *pretendedSQL) answer(sql string) said {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, sql)
	for beginning, s := range p.answers {
		if strings.HasPrefix(strings.TrimSpace(sql), beginning) {
			return s
		}
	}
	return said{tag: strings.Fields(sql)[0]}
}

// serve speaks with one client.
func (p *pretendedSQL) serve(conn net.Conn) {
	defer conn.Close()
	back := pgproto3.NewBackend(conn, conn)
	start, err := back.ReceiveStartupMessage()
	if err != nil {
		return
	}
	if _, cancel := start.(*pgproto3.CancelRequest); cancel {
		p.mu.Lock()
		p.cancels++
		p.mu.Unlock()
		return
	}
	back.Send(&pgproto3.AuthenticationOk{})
	back.Send(&pgproto3.BackendKeyData{ProcessID: 7, SecretKey: []byte{0, 0, 0, 1}})
	back.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	var now said
	for back.Flush() == nil {
		msg, err := back.Receive()
		if err != nil {
			return
		}
		switch m := msg.(type) {
		case *pgproto3.Parse:
			now = p.answer(m.Query)
		case *pgproto3.Execute:
			switch {
			case now.silent:
				_, _ = back.Receive() // the client's Sync; then it waits until it hangs up
				_, _ = back.Receive()
				return
			case now.failed != nil:
				back.Send(now.failed)
			case now.row != nil:
				d, r := &pgproto3.RowDescription{}, &pgproto3.DataRow{}
				for _, v := range now.row {
					d.Fields = append(d.Fields, pgproto3.FieldDescription{Name: []byte("column"), DataTypeOID: 25, DataTypeSize: -1, TypeModifier: -1})
					r.Values = append(r.Values, []byte(v))
				}
				back.Send(&pgproto3.ParseComplete{})
				back.Send(&pgproto3.BindComplete{})
				back.Send(d)
				back.Send(r)
				back.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")})
			default:
				back.Send(&pgproto3.ParseComplete{})
				back.Send(&pgproto3.BindComplete{})
				back.Send(&pgproto3.NoData{})
				back.Send(&pgproto3.CommandComplete{CommandTag: []byte(now.tag)})
			}
		case *pgproto3.Sync:
			back.Send(&pgproto3.ReadyForQuery{TxStatus: 'T'})
		case *pgproto3.Terminate:
			return
		}
	}
}

// entryTo is a login at a pretended server that listens until the test ends.
func entryTo(t *testing.T, p *pretendedSQL) entryLogin {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	const address = "172.16.113.204:6432"
	w := &way{Hosts: oneAddress{l.Addr().String()}, address: address, direct: true, state: func() *State { return &State{} }}
	return entryLogin{way: w, user: "netbox", database: "netbox", login: &poolLogin{
		dialer: &dialer{hosts: w, address: address}, settings: connection("172.16.113.204", "6432", "netbox", "netbox", "disable"),
		password: func(context.Context) (string, error) { return "secret", nil },
	}}
}

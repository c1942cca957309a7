package pgwire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// The largest messages that are read, in bytes. PostgreSQL's limit for a startup packet is the same.
const (
	mostStartup = 10_000
	mostMessage = 16 << 20
)

var (
	errProtocol = errors.New("the client speaks another protocol")
	errTooLong  = errors.New("the client's message is too long")
)

// wire is a connection that speaks in messages. One goroutine reads, one writes.
type wire struct {
	net.Conn
	in  *bufio.Reader
	out []byte
}

func newWire(nc net.Conn) *wire { return &wire{Conn: nc, in: bufio.NewReader(nc)} }

// send adds a message to what Flush writes.
func (w *wire) send(m pgproto3.BackendMessage) error {
	out, err := m.Encode(w.out)
	if err != nil {
		return fmt.Errorf("write a %T: %w", m, err)
	}
	w.out = out
	if len(w.out) > 64<<10 {
		return w.flush()
	}
	return nil
}

func (w *wire) flush() error {
	if len(w.out) == 0 {
		return nil
	}
	_, err := w.Write(w.out)
	w.out = w.out[:0]
	return err
}

// packet reads a message without a type: its length and the rest.
func (w *wire) packet(most int) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(w.in, head[:]); err != nil {
		return nil, err
	}
	n := int64(binary.BigEndian.Uint32(head[:])) - 4
	switch {
	case n < 0:
		return nil, errProtocol
	case n > int64(most):
		return nil, errTooLong
	}
	body := make([]byte, n)
	_, err := io.ReadFull(w.in, body)
	return body, err
}

// The numbers that stand where a startup packet has its version.
const (
	cancelCode = 80877102
	sslCode    = 80877103
	gssCode    = 80877104
)

// startup is the first packet of a connection.
type startup struct {
	code  uint32
	body  []byte // after the code
	major uint32
	minor uint32
}

func (w *wire) startup() (startup, error) {
	b, err := w.packet(mostStartup)
	if err != nil {
		return startup{}, err
	}
	if len(b) < 4 {
		return startup{}, errProtocol
	}
	code := binary.BigEndian.Uint32(b)
	return startup{code: code, body: b[4:], major: code >> 16, minor: code & 0xffff}, nil
}

// parameters are the names and values of a startup packet.
func (s startup) parameters() (map[string]string, error) {
	text, ok := strings.CutSuffix(string(s.body), "\x00")
	if !ok {
		return nil, errProtocol
	}
	out := map[string]string{}
	for text != "" {
		name, rest, ok := strings.Cut(text, "\x00")
		value, after, also := strings.Cut(rest, "\x00")
		if !ok || !also || name == "" {
			return nil, errProtocol
		}
		out[name], text = value, after
	}
	return out, nil
}

// receive reads one message.
func (w *wire) receive() (pgproto3.FrontendMessage, error) {
	kind, body, err := w.message()
	if err != nil {
		return nil, err
	}
	var m pgproto3.FrontendMessage
	switch kind {
	case 'Q':
		m = &pgproto3.Query{}
	case 'P':
		m = &pgproto3.Parse{}
	case 'B':
		m = &pgproto3.Bind{}
	case 'D':
		m = &pgproto3.Describe{}
	case 'E':
		m = &pgproto3.Execute{}
	case 'C':
		m = &pgproto3.Close{}
	case 'S':
		m = &pgproto3.Sync{}
	case 'H':
		m = &pgproto3.Flush{}
	case 'X':
		m = &pgproto3.Terminate{}
	case 'F':
		m = &pgproto3.FunctionCall{}
	case 'd':
		m = &pgproto3.CopyData{}
	case 'c':
		m = &pgproto3.CopyDone{}
	case 'f':
		m = &pgproto3.CopyFail{}
	default:
		return nil, errProtocol
	}
	return m, m.Decode(body)
}

func (w *wire) message() (kind byte, body []byte, err error) {
	if kind, err = w.in.ReadByte(); err != nil {
		return 0, nil, err
	}
	body, err = w.packet(mostMessage)
	return kind, body, err
}

// password reads the body of a password message.
func (w *wire) password() ([]byte, error) {
	kind, body, err := w.message()
	if err == nil && kind != 'p' {
		err = errProtocol
	}
	return body, err
}

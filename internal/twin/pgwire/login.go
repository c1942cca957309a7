package pgwire

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// start reads the first packets, up to a startup packet with which the backend agrees. It is false when the connection
// is over: it was a cancel request, or the backend refused.
func (c *conn) start() bool {
	for {
		p, err := c.startup()
		if err != nil {
			return false
		}
		switch {
		case p.code == sslCode && c.server.TLS != nil && !c.session.TLS:
			if _, err := c.Write([]byte("S")); err != nil {
				return false
			}
			c.encrypt()
		case p.code == sslCode, p.code == gssCode:
			if _, err := c.Write([]byte("N")); err != nil {
				return false
			}
		case p.code == cancelCode:
			if len(p.body) > 4 {
				c.server.cancelRequest(int32(binary.BigEndian.Uint32(p.body)), p.body[4:])
			}
			return false
		case p.major != 3:
			c.fatal(&Error{Severity: "FATAL", Code: "0A000", Message: fmt.Sprintf("unsupported frontend protocol %d.%d: server supports 3.0 to 3.0", p.major, p.minor)})
			return false
		default:
			return c.admit(p)
		}
	}
}

// encrypt goes on inside of TLS. What the client sent ahead of the handshake is thrown away, so that nobody on the way
// can put words into its mouth.
func (c *conn) encrypt() {
	c.session.TLS = true
	c.wire = newWire(tls.Server(c.raw, c.server.TLS))
}

// hangUp closes the connection below TLS, which needs no goodbye.
func (c *conn) hangUp() error { return c.raw.Close() }

// admit asks the backend about a startup packet.
func (c *conn) admit(p startup) bool {
	parameters, err := p.parameters()
	if err != nil {
		c.fatal(&Error{Severity: "FATAL", Code: "08P01", Message: "invalid startup packet layout: expected terminator as last byte"})
		return false
	}
	var unknown []string
	for _, name := range sorted(parameters) {
		if strings.HasPrefix(name, "_pq_.") {
			unknown = append(unknown, name)
		}
	}
	if p.minor > 0 || len(unknown) > 0 {
		if c.send(&pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: 0, UnrecognizedOptions: unknown}) != nil {
			return false
		}
	}
	s := c.session
	s.User, s.Database = parameters["user"], parameters["database"]
	s.setApplication(parameters["application_name"])
	if s.User == "" {
		c.fatal(&Error{Severity: "FATAL", Code: "28000", Message: "no PostgreSQL user name specified in startup packet"})
		return false
	}
	if s.Database == "" {
		s.Database = s.User
	}
	s.ID = c.server.nextID(c)
	auth, err := c.server.Backend.Login(c.ctx, s, parameters)
	if err != nil {
		c.fatal(asFatal(err))
		return false
	}
	c.auth = auth
	return true
}

// authenticate lets the client show that it knows the password.
func (c *conn) authenticate() bool {
	ok, err := true, error(nil)
	switch c.auth.Method {
	case Trust:
	case Cleartext:
		ok, err = c.cleartext()
	case MD5:
		ok, err = c.md5()
	case SCRAM:
		ok, err = c.scram()
	default:
		panic(fmt.Sprintf("pgwire: no such method: %d", c.auth.Method))
	}
	switch {
	case err != nil:
		return false
	case !ok:
		refusal := &Error{Code: "28P01", Message: fmt.Sprintf("password authentication failed for user %q", c.session.User)}
		if c.auth.Refusal != nil {
			refusal = c.auth.Refusal
		}
		c.fatal(asFatal(refusal))
		return false
	}
	return c.send(&pgproto3.AuthenticationOk{}) == nil
}

// ask sends a request for a password and reads the answer.
func (c *conn) ask(m pgproto3.BackendMessage) ([]byte, error) {
	if err := c.send(m); err != nil {
		return nil, err
	}
	if err := c.flush(); err != nil {
		return nil, err
	}
	return c.password()
}

// same compares what a client sent, with its closing zero, to what it should have sent.
func same(answer []byte, want string) bool {
	return subtle.ConstantTimeCompare(answer, []byte(want+"\x00")) == 1
}

func (c *conn) cleartext() (bool, error) {
	answer, err := c.ask(&pgproto3.AuthenticationCleartextPassword{})
	return same(answer, c.auth.Password), err
}

func (c *conn) md5() (bool, error) {
	var salt [4]byte
	_, _ = rand.Read(salt[:]) // never fails
	answer, err := c.ask(&pgproto3.AuthenticationMD5Password{Salt: salt})
	hash := func(s string) string {
		b := md5.Sum([]byte(s))
		return hex.EncodeToString(b[:])
	}
	return same(answer, "md5"+hash(hash(c.auth.Password+c.session.User)+string(salt[:]))), err
}

func (c *conn) scram() (bool, error) {
	kept, err := c.server.verifierOf(c.auth.Password)
	if err != nil {
		return false, err
	}
	exchange := &scram{verifier: kept}
	answer, err := c.ask(&pgproto3.AuthenticationSASL{AuthMechanisms: []string{scramName}})
	if err != nil {
		return false, err
	}
	var initial pgproto3.SASLInitialResponse
	if err := initial.Decode(answer); err != nil || initial.AuthMechanism != scramName {
		c.fatal(&Error{Severity: "FATAL", Code: "08P01", Message: "client selected an invalid SASL authentication mechanism"})
		return false, errScram
	}
	first, err := exchange.first(initial.Data)
	if err != nil {
		c.malformed()
		return false, err
	}
	if answer, err = c.ask(&pgproto3.AuthenticationSASLContinue{Data: first}); err != nil {
		return false, err
	}
	final, ok, err := exchange.final(answer)
	if err != nil {
		c.malformed()
		return false, err
	}
	if !ok {
		return false, nil
	}
	return true, c.send(&pgproto3.AuthenticationSASLFinal{Data: final})
}

func (c *conn) malformed() {
	c.fatal(&Error{Severity: "FATAL", Code: "08P01", Message: "malformed SCRAM message"})
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

//lint:file-ignore ST1005 these are the words of the real programs

package twin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"recon/internal/twin/servers"
	"recon/internal/twin/world"
)

// talk is what a Redis or a Sentinel does with a connection.
type talk struct {
	login   func(h *world.Host, user, password string) error
	command func(h *world.Host, c servers.RedisClient, args []string) any
}

func (m *machine) serveRedis(l net.Listener) func() {
	w := m.twin.World
	return m.serveTalk(l, talk{
		login: func(h *world.Host, user, password string) error { return servers.RedisLogin(w, h, user, password) },
		command: func(h *world.Host, c servers.RedisClient, args []string) any {
			return servers.RedisCommandAs(w, h, c, args)
		},
	})
}

func (m *machine) serveSentinel(l net.Listener) func() {
	w := m.twin.World
	return m.serveTalk(l, talk{
		login: func(h *world.Host, user, password string) error { return servers.SentinelLogin(w, h, user, password) },
		command: func(h *world.Host, _ servers.RedisClient, args []string) any {
			return servers.SentinelCommand(w, h, args)
		},
	})
}

func (m *machine) serveTalk(l net.Listener, t talk) func() {
	return m.accept(l, func(_ context.Context, c net.Conn) {
		s := &redisSession{machine: m, talk: t, in: bufio.NewReader(c), out: bufio.NewWriter(c)}
		s.client.Address = c.RemoteAddr().String()
		for s.step() {
		}
	})
}

// redisSession is one client's connection.
type redisSession struct {
	machine *machine
	talk
	in     *bufio.Reader
	out    *bufio.Writer
	known  bool
	client servers.RedisClient
	resp3  bool
	multi  [][]string
	inTx   bool
}

// step answers one command; false when the connection is over.
func (s *redisSession) step() bool {
	if s.in.Buffered() == 0 && s.out.Flush() != nil {
		return false
	}
	args, err := readCommand(s.in)
	if err != nil {
		return false
	}
	if len(args) == 0 {
		return true
	}
	s.write(s.answer(args))
	if strings.EqualFold(args[0], "QUIT") {
		_ = s.out.Flush() // it goes anyway
		return false
	}
	return true
}

func (s *redisSession) answer(args []string) (reply any) {
	name := strings.ToUpper(args[0])
	switch name {
	case "QUIT":
		return servers.Simple("OK")
	case "AUTH":
		user, password := "", args[len(args)-1]
		if len(args) > 2 {
			user = args[1]
		}
		return s.auth(user, password)
	case "HELLO":
		if len(args) > 1 && args[1] != "2" && args[1] != "3" {
			return errors.New("NOPROTO unsupported protocol version")
		}
		for i := 2; i < len(args); i++ {
			if strings.EqualFold(args[i], "AUTH") && i+2 < len(args) {
				if err, bad := s.auth(args[i+1], args[i+2]).(error); bad {
					return err
				}
			}
		}
		if !s.known {
			return errors.New("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
		}
		s.resp3 = len(args) > 1 && args[1] == "3"
		return mapping{"server", "redis", "version", "8.0.2", "proto", map[bool]int64{true: 3, false: 2}[s.resp3], "id", int64(7), "mode", "standalone", "role", "master", "modules", []any{}}
	}
	if !s.known {
		return errors.New("NOAUTH Authentication required.")
	}
	switch name {
	case "SELECT":
		n, err := strconv.Atoi(args[len(args)-1])
		if err != nil || n < 0 || n > 15 {
			return errors.New("ERR DB index is out of range")
		}
		s.client.DB = n
		return servers.Simple("OK")
	case "MULTI":
		s.inTx, s.multi = true, nil
		return servers.Simple("OK")
	case "EXEC":
		out := []any{}
		for _, a := range s.multi {
			out = append(out, s.run(a))
		}
		s.inTx = false
		return out
	}
	if s.inTx {
		s.multi = append(s.multi, args)
		return servers.Simple("QUEUED")
	}
	return s.run(args)
}

func (s *redisSession) run(args []string) (reply any) {
	w := s.machine.twin.World
	see := w.Look
	if strings.EqualFold(args[0], "CONFIG") {
		see = w.Change // it may open or close ports
	}
	see(func() { reply = s.command(w.Host(s.machine.name), s.client, args) })
	return reply
}

func (s *redisSession) auth(user, password string) any {
	var err error
	w := s.machine.twin.World
	w.Look(func() { err = s.login(w.Host(s.machine.name), user, password) })
	if err != nil {
		return err
	}
	s.known, s.client.User = true, user
	if user == "" {
		s.client.User = "default"
	}
	return servers.Simple("OK")
}

// mapping is a list of keys and values: a map in RESP3, a flat list in RESP2.
type mapping []any

func (s *redisSession) write(v any) {
	switch v := v.(type) {
	case nil:
		if s.resp3 {
			s.say("_\r\n")
			return
		}
		s.say("$-1\r\n")
	case servers.Simple:
		s.say("+" + string(v) + "\r\n")
	case error:
		s.say("-" + v.Error() + "\r\n")
	case string:
		s.say(fmt.Sprintf("$%d\r\n%s\r\n", len(v), v))
	case int64:
		s.say(fmt.Sprintf(":%d\r\n", v))
	case int:
		s.say(fmt.Sprintf(":%d\r\n", v))
	case mapping:
		if s.resp3 {
			s.say(fmt.Sprintf("%%%d\r\n", len(v)/2))
		} else {
			s.say(fmt.Sprintf("*%d\r\n", len(v)))
		}
		for _, x := range v {
			s.write(x)
		}
	case []any:
		s.say(fmt.Sprintf("*%d\r\n", len(v)))
		for _, x := range v {
			s.write(x)
		}
	default:
		s.say(fmt.Sprintf("-ERR the training cluster cannot say %T\r\n", v))
	}
}

func (s *redisSession) say(text string) { _, _ = s.out.WriteString(text) } // Flush tells

// readCommand reads a list of words, or a line as typed by hand.
func readCommand(in *bufio.Reader) ([]string, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimRight(line, "\r\n")
	if !strings.HasPrefix(line, "*") {
		return strings.Fields(line), nil
	}
	n, err := strconv.Atoi(line[1:])
	if err != nil || n < 0 || n > 1<<16 {
		return nil, errors.New("not a command")
	}
	args := make([]string, 0, n)
	for range n {
		head, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		size, err := strconv.Atoi(strings.TrimRight(strings.TrimPrefix(head, "$"), "\r\n"))
		if err != nil || size < 0 || size > 1<<24 {
			return nil, errors.New("not a word")
		}
		b := make([]byte, size+2)
		if _, err := io.ReadFull(in, b); err != nil {
			return nil, err
		}
		args = append(args, string(b[:size]))
	}
	return args, nil
}

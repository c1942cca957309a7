package actions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"recon/internal/inventory"
	"recon/internal/redisblock"
	"recon/internal/remote"
)

// redisService is the server that a command is for, as the cluster file has it.
func (h *Hands) redisService(s redisblock.Service) (*inventory.Service, error) {
	switch {
	case s == redisblock.Sentinel && h.cluster.Sentinel != nil:
		return &h.cluster.Sentinel.Service, nil
	case s == redisblock.Sentinel:
		return nil, errors.New("the cluster file has no sentinel service")
	case h.cluster.Redis == nil:
		return nil, errors.New("the cluster file has no redis service")
	}
	return h.cluster.Redis, nil
}

// redisShot is the commands for one Redis or Sentinel, each with its values in it. Values are arguments of the protocol,
// whole or inside a word, and never text that is split again.
func (h *Hands) redisShot(cmd Command, node inventory.Node) (Shot, error) {
	s, err := h.redisService(cmd.Service)
	if err != nil {
		return Shot{}, err
	}
	service, place := redisblock.Redis, "Redis"
	if cmd.Service == redisblock.Sentinel {
		service, place = redisblock.Sentinel, "Sentinel"
	}
	if len(s.Nodes) > 0 && !slices.Contains(s.Nodes, node.Name) {
		return Shot{}, fmt.Errorf("no %s runs there, says the cluster file", place)
	}
	commands, err := redisWords(cmd)
	if err != nil {
		return Shot{}, err
	}
	var wire strings.Builder
	for _, words := range commands {
		// The values are known here, which lint did not have: they may make a command wait, or another one of it.
		switch v := redisblock.Judge(service, words); {
		case v.Refused != "":
			return Shot{}, errors.New(v.Refused)
		case !v.Known:
			return Shot{}, fmt.Errorf("%s has no command %q that recon knows", place, v.Name)
		}
		quoted := make([]string, len(words))
		for i, w := range words {
			quoted[i] = wireWord(w)
		}
		wire.WriteString(strings.Join(quoted, " ") + "\n")
	}
	who := "no credentials (" + place + ")"
	if !s.Password.IsZero() {
		who = either(s.User, "default") + " (" + place + ")"
	}
	return Shot{Target: node.Name, Address: net.JoinHostPort(node.Address, strconv.Itoa(s.Port)), Who: who, wire: wire.String()}, nil
}

// wireWord is an argument as it is shown: quoted as for a shell, or with escapes where it holds something that no line can
// show, so that a value with a newline in it does not look like a second command.
func wireWord(w string) string {
	if !utf8.ValidString(w) || strings.ContainsFunc(w, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(w)
	}
	return redisblock.Quote(w)
}

// redisWords are the block's commands with their values.
func redisWords(cmd Command) ([][]string, error) {
	byName := map[string]string{}
	for _, v := range cmd.Values {
		byName[v.Name] = v.Value
	}
	commands, bad := redisblock.Parse(cmd.Script)
	if bad != nil {
		return nil, bad
	}
	if len(commands) == 0 {
		return nil, errors.New("the block holds no command")
	}
	out := make([][]string, len(commands))
	for i, c := range commands {
		var err error
		if out[i], err = c.Fill(byName); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sendRedis sends the commands one after the other over one connection, each once, and stops at the first that is refused
// or gets no answer. An error that the server answers is its word that the command was not done; a connection that breaks
// after the first byte of a command says nothing.
func (h *Hands) sendRedis(ctx context.Context, cmd Command, s Shot, w io.Writer) (o Outcome) {
	o = Outcome{Kind: remote.NotStarted, Began: time.Now()}
	defer func() { o.Duration = time.Since(o.Began) }()
	ctx, cancel := context.WithTimeout(ctx, cmd.Timeout)
	defer cancel()
	commands, err := redisWords(cmd)
	if err != nil {
		o.Reason = err.Error()
		return o
	}
	line, err := h.redisConnect(ctx, cmd, s)
	if err != nil {
		o.Reason = "connecting: " + ended(ctx, cmd, err)
		return o
	}
	defer line.close()
	// The library looks at deadlines only: what is cancelled ends because its connection does.
	defer context.AfterFunc(ctx, line.cut)()
	for i, words := range commands {
		line.began.Store(false)
		args := make([]any, len(words))
		for j, word := range words {
			args[j] = word
		}
		reply, err := line.conn.Do(ctx, args...).Result()
		if err == nil || errors.Is(err, redis.Nil) {
			o.Kind = remote.OK
			printReply(w, reply, "")
			continue
		}
		var refused redis.Error
		switch {
		case !line.ready.Load():
			o.Kind, o.Reason = remote.NotStarted, "connecting: "+ended(ctx, cmd, err)
			return o
		case errors.As(err, &refused):
			o.Kind, o.Reason = remote.Failed, err.Error()
		case i == 0 && !line.began.Load():
			o.Kind, o.Reason = remote.NotStarted, ended(ctx, cmd, err)
		default:
			o.Kind, o.Reason = remote.Unknown, ended(ctx, cmd, err)
		}
		if len(commands) > 1 {
			o.Reason = fmt.Sprintf("command %d of %d (%s): %s", i+1, len(commands), redisblock.Judge(cmd.Service, words).Name, o.Reason)
			if i > 0 {
				o.Reason += "; what stands above it was done"
			}
		}
		return o
	}
	return o
}

// ended says why there was no answer.
func ended(ctx context.Context, cmd Command, err error) string {
	var late net.Error // the connection's deadline is the same moment as the context's
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &late) && late.Timeout():
		return fmt.Sprintf("no answer within %s", cmd.Timeout)
	case ctx.Err() != nil:
		return "cancelled before it answered"
	case errors.Is(err, io.EOF):
		return "the connection was closed before it answered"
	}
	return err.Error()
}

// redisLine is the one connection of a block.
type redisLine struct {
	net.Conn
	client *redis.Client
	conn   *redis.Conn
	// ready is true from the end of the login on; began once a byte of the present command was written.
	ready, began atomic.Bool
	read         int64
}

var errLongAnswer = fmt.Errorf("its answer is larger than %d MiB", maxAnswer>>20)

// Read gives no more than maxAnswer bytes in all.
func (l *redisLine) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if l.read += int64(n); l.read > maxAnswer {
		return 0, errLongAnswer
	}
	return n, err
}

func (l *redisLine) Write(p []byte) (int, error) {
	if l.ready.Load() {
		l.began.Store(true)
	}
	return l.Conn.Write(p)
}

func (l *redisLine) cut() { _ = l.Conn.Close() } // whoever reads from it says what became of it

func (l *redisLine) close() {
	_ = l.conn.Close() // the outcome is known by now
	_ = l.client.Close()
	_ = l.Conn.Close()
}

// noLog keeps the library from writing its log over the screen.
type noLog struct{}

func (noLog) Printf(context.Context, string, ...any) {}

var noRedisLog = sync.OnceFunc(func() { redis.SetLogger(noLog{}) })

// redisConnect dials the server. The library logs in with the first command; it gets this connection and no second one, so
// that nothing can be sent twice.
func (h *Hands) redisConnect(ctx context.Context, cmd Command, s Shot) (*redisLine, error) {
	noRedisLog()
	service, err := h.redisService(cmd.Service)
	if err != nil {
		return nil, err
	}
	word := ""
	if !service.Password.IsZero() {
		if word, err = h.secret(ctx, service.Password); err != nil {
			return nil, fmt.Errorf("the password: %w", err)
		}
	}
	user := service.User
	if word == "" {
		user = ""
	}
	conn, err := h.net.Dial(ctx, s.Target, "tcp", s.Address)
	if err != nil {
		return nil, err
	}
	line := &redisLine{Conn: conn}
	var taken atomic.Bool
	line.client = redis.NewClient(&redis.Options{
		Addr: s.Address, Username: user, Password: word,
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			if taken.Swap(true) {
				return nil, errors.New("the connection was lost")
			}
			return line, nil
		},
		OnConnect: func(context.Context, *redis.Conn) error {
			line.ready.Store(true)
			return nil
		},
		// As the probes: RESP2 and nothing said about ourselves, which Sentinel and old servers know too.
		Protocol: 2, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		PoolSize:                 4, MaxConcurrentDials: 1, MinIdleConns: 0, MaxRetries: -1, DialerRetries: 1, ContextTimeoutEnabled: true,
		PoolTimeout: cmd.Timeout, ReadTimeout: cmd.Timeout, WriteTimeout: cmd.Timeout, DialTimeout: cmd.Timeout,
		ConnMaxIdleTime: -1, ConnMaxLifetime: -1,
	})
	line.conn = line.client.Conn()
	return line, nil
}

// printReply writes an answer as redis-cli does into a pipe: texts as they are, one element a line. A list within a list
// has its number before it, and nothing and an empty list say so.
func printReply(w io.Writer, reply any, indent string) {
	switch v := reply.(type) {
	case nil:
		fmt.Fprintln(w, indent+"(nil)")
	case error:
		fmt.Fprintln(w, indent+"(error) "+v.Error())
	case string:
		fmt.Fprintln(w, indent+strings.TrimRight(v, "\r\n"))
	case []any:
		if len(v) == 0 {
			fmt.Fprintln(w, indent+"(empty)")
		}
		for i, e := range v {
			if _, list := e.([]any); list {
				fmt.Fprintf(w, "%s%d)\n", indent, i+1)
				printReply(w, e, indent+"  ")
				continue
			}
			printReply(w, e, indent)
		}
	default:
		fmt.Fprintln(w, indent+fmt.Sprint(v))
	}
}

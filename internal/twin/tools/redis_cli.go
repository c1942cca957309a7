package tools

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"recon/internal/twin/shell"
)

func (k *kit) caches() map[string]shell.Command {
	return map[string]shell.Command{"redis-cli": k.redisCLI, "redis-server": redisServer, "redis-sentinel": redisServer}
}

const redisVersion = "8.0.2"

// redisServer is redis-server --version; a unit runs it otherwise.
func redisServer(_ context.Context, c *shell.Call) int {
	if len(c.Args) == 2 && (c.Args[1] == "--version" || c.Args[1] == "-v") {
		fmt.Fprintf(c.Stdout, "Redis server v=%s sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=b843bbd074c0e1da\n", redisVersion)
		return 0
	}
	return c.Fail(1, "running it by hand is not simulated; systemctl start %s runs it", c.Name())
}

// redisCall is one run of redis-cli.
type redisCall struct {
	kit                  *kit
	call                 *shell.Call
	host, port           string
	user, password       string
	database             string
	raw, json, failing   bool
	limit                time.Duration
	repeat               int
	interval             time.Duration
	stdinLast            bool
	conn                 net.Conn
	reader               *bufio.Reader
	quiet, askedPassword bool
}

// read reads the options, which end at the command. ok is false when the run is over.
func (r *redisCall) read(args []string) (command []string, status int, ok bool) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		value := func() (string, bool) {
			if i++; i < len(args) {
				return args[i], true
			}
			return "", false
		}
		has := true
		switch a {
		case "-h":
			r.host, has = value()
		case "-p":
			r.port, has = value()
		case "-a", "--pass":
			r.password, has = value()
			r.askedPassword = true
		case "--user":
			r.user, has = value()
		case "-n":
			r.database, has = value()
		case "-t":
			var s string
			s, has = value()
			r.limit = socatSeconds(s)
		case "-r":
			var s string
			s, has = value()
			r.repeat, _ = strconv.Atoi(s) // 0 is once
		case "-i":
			var s string
			s, has = value()
			r.interval = socatSeconds(s)
		case "-x":
			r.stdinLast = true
		case "-e":
			r.failing = true
		case "--raw":
			r.raw = true
		case "--no-raw":
			r.raw = false
		case "--json":
			r.json = true
		case "--no-auth-warning":
			r.quiet = true
		case "-v", "--version":
			fmt.Fprintln(r.call.Stdout, "redis-cli "+redisVersion)
			return nil, 0, false
		default:
			if !strings.HasPrefix(a, "-") {
				return args[i:], 0, true
			}
			has = false
		}
		if !has {
			fmt.Fprintf(r.call.Stderr, "Unrecognized option or bad number of args for: '%s'\n", a)
			return nil, 1, false
		}
	}
	return nil, 0, true
}

func (k *kit) redisCLI(ctx context.Context, c *shell.Call) int {
	r := &redisCall{kit: k, call: c, host: "127.0.0.1", port: "6379", password: c.Env("REDISCLI_AUTH"), raw: true, repeat: 1}
	command, status, ok := r.read(c.Args[1:])
	if !ok {
		return status
	}
	if r.askedPassword && !r.quiet {
		fmt.Fprintln(c.Stderr, "Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.")
	}
	if r.stdinLast {
		b, err := io.ReadAll(c.Stdin)
		if err != nil {
			return 1
		}
		command = append(command, string(b))
	}
	defer func() {
		if r.conn != nil {
			_ = r.conn.Close()
		}
	}()
	if len(command) == 0 {
		return r.lines(ctx)
	}
	for i := range max(r.repeat, 1) {
		if i > 0 && sleep(ctx, c, max(r.interval, time.Millisecond)) != nil {
			return 1
		}
		if status = r.run(ctx, command); status != 0 {
			return status
		}
	}
	return status
}

// lines runs the commands of standard input.
func (r *redisCall) lines(ctx context.Context) int {
	in := &lineReader{r.call.Stdin}
	for {
		line, err := in.next()
		if err != nil {
			return 0
		}
		words, ok := redisWords(line)
		switch {
		case !ok:
			fmt.Fprintln(r.call.Stdout, "Invalid argument(s)")
			continue
		case len(words) == 0:
			continue
		case strings.EqualFold(words[0], "quit") || strings.EqualFold(words[0], "exit"):
			return 0
		}
		if status := r.run(ctx, words); status != 0 {
			return status
		}
	}
}

// redisWords splits a line as redis-cli does: blanks, and quotes of two kinds.
func redisWords(line string) (words []string, ok bool) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimLeft(line, " \t\r") {
		switch line[0] {
		case '"':
			end := 1
			for end < len(line) && (line[end] != '"' || line[end-1] == '\\') {
				end++
			}
			if end == len(line) {
				return nil, false
			}
			w, err := strconv.Unquote(line[:end+1])
			if err != nil {
				return nil, false
			}
			words, line = append(words, w), line[end+1:]
		case '\'':
			w, rest, found := strings.Cut(line[1:], "'")
			if !found {
				return nil, false
			}
			words, line = append(words, w), rest
		default:
			w, rest, _ := strings.Cut(line, " ")
			words, line = append(words, w), rest
		}
	}
	return words, true
}

// connect connects and logs in; what goes wrong with the password is said and lived with, as redis-cli does.
func (r *redisCall) connect(ctx context.Context) bool {
	ip := r.kit.resolve(r.call, r.host)
	fail := func(why string) bool {
		fmt.Fprintf(r.call.Stderr, "Could not connect to Redis at %s:%s: %s\n", r.host, r.port, why)
		return false
	}
	if ip == "" {
		return fail("Temporary failure in name resolution")
	}
	limited, done := within(ctx, r.call, r.limit)
	defer done()
	conn, err := r.kit.dial(limited, r.call, net.JoinHostPort(ip, r.port))
	if err != nil {
		var no syscall.Errno
		errors.As(err, &no)
		return fail(reason(no))
	}
	r.conn, r.reader = conn, bufio.NewReader(conn)
	if r.password != "" {
		login := []string{"AUTH", r.password}
		if r.user != "" {
			login = []string{"AUTH", r.user, r.password}
		}
		if v, err := r.ask(ctx, login); err == nil && v.failed() {
			fmt.Fprintf(r.call.Stderr, "AUTH failed: %s\n", v.text)
		}
	}
	if r.database != "" {
		if v, err := r.ask(ctx, []string{"SELECT", r.database}); err == nil && v.failed() {
			fmt.Fprintf(r.call.Stderr, "SELECT %s failed: %s\n", r.database, v.text)
		}
	}
	return true
}

// ask sends a command and reads its answer.
func (r *redisCall) ask(ctx context.Context, words []string) (redisValue, error) {
	stop := context.AfterFunc(ctx, func() { _ = r.conn.Close() })
	defer stop()
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	if _, err := io.WriteString(r.conn, b.String()); err != nil {
		return redisValue{}, err
	}
	return readRedis(r.reader)
}

func (r *redisCall) run(ctx context.Context, words []string) int {
	if r.conn == nil && !r.connect(ctx) {
		return 1
	}
	v, err := r.ask(ctx, words)
	if err != nil {
		_ = r.conn.Close()
		r.conn = nil
		fmt.Fprintln(r.call.Stderr, "Error: Server closed the connection")
		return 1
	}
	switch {
	case r.json && !v.failed():
		b, err := json.Marshal(v.plain())
		if err != nil {
			return 1
		}
		fmt.Fprintln(r.call.Stdout, string(b))
	case r.failing && v.failed():
		fmt.Fprintln(r.call.Stderr, v.text)
	case r.raw || r.json:
		text := v.rawText()
		fmt.Fprintln(r.call.Stdout, text)
		if v.failed() {
			fmt.Fprintln(r.call.Stdout) // redis-cli ends an error with an empty line
		}
	default:
		fmt.Fprintln(r.call.Stdout, v.pretty(""))
	}
	if v.failed() && r.failing {
		return 1
	}
	return 0
}

package tools

import (
	"context"
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

var socatOptions = grammar{short: "T:t:udVh", first: true}

// socat joins standard input and output with a unix socket or a port.
func (k *kit) socat(ctx context.Context, c *shell.Call) int {
	given, args, err := socatOptions.parse(c.Args[1:])
	say := func(format string, a ...any) int {
		fmt.Fprintf(c.Stderr, "%s socat[%d] E %s\n", now(c).UTC().Format("2006/01/02 15:04:05"), c.PID, fmt.Sprintf(format, a...))
		return 1
	}
	switch {
	case err != nil:
		return say("unknown option %q; use option \"-h\" for help", strings.TrimSuffix(strings.TrimPrefix(err.Error(), "invalid option -- '"), "'"))
	case given.has("V"):
		fmt.Fprintln(c.Stdout, "socat by Gerhard Rieger and contributors - see www.dest-unreach.org\nsocat version 1.8.0.3")
		return 0
	case given.has("u"), given.has("h"):
		return say("the option is not simulated")
	case len(args) != 2:
		return say("exactly 2 addresses required (there are %d); use option \"-h\" for help", len(args))
	}
	if args[0] != "-" && !strings.EqualFold(args[0], "stdio") {
		args[0], args[1] = args[1], args[0]
	}
	if args[0] != "-" && !strings.EqualFold(args[0], "stdio") {
		return say("only - and one more address are simulated")
	}
	to, ok := k.socatAddress(c, args[1])
	if !ok {
		return say("unknown device/address %q", strings.SplitN(args[1], ":", 2)[0])
	}
	limit := socatSeconds(given.value("T"))
	conn, err := k.dial(ctx, c, to)
	var no syscall.Errno
	switch {
	case err != nil && k.haproxy != nil && strings.HasSuffix(to, "/haproxy/admin.sock") && k.runsHAProxy(c):
		return k.askHAProxy(c)
	case errors.As(err, &no) && to[0] == '/':
		return say("connect(, AF=1 %q, %d): %s", to, len(to)+3, reason(no))
	case err != nil:
		return say("connect(, AF=2 %s, 16): %s", to, reason(no))
	}
	defer conn.Close()
	return k.join(ctx, c, conn, limit)
}

func reason(no syscall.Errno) string {
	if no == 0 {
		return "Connection timed out"
	}
	if no == syscall.ECONNREFUSED {
		return "Connection refused"
	}
	if no == syscall.EHOSTUNREACH {
		return "No route to host"
	}
	return shell.Reason(no)
}

func socatSeconds(s string) time.Duration {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return time.Duration(f * float64(time.Second))
}

// socatAddress is where an address leads, for dial.
func (k *kit) socatAddress(c *shell.Call, a string) (string, bool) {
	kind, rest, ok := strings.Cut(a, ":")
	rest, _, _ = strings.Cut(rest, ",")
	switch strings.ToUpper(kind) {
	case "UNIX-CONNECT", "UNIX", "UNIX-CLIENT":
		return c.Path(rest), ok
	case "TCP", "TCP4", "TCP-CONNECT", "TCP4-CONNECT":
		host, port, ok := strings.Cut(rest, ":")
		return net.JoinHostPort(k.resolve(c, host), port), ok
	}
	if strings.Contains(a, "/") {
		return c.Path(a), true
	}
	return "", false
}

// join copies both ways until the server ends, or nothing moves for the limit.
func (k *kit) join(ctx context.Context, c *shell.Call, conn net.Conn, limit time.Duration) int {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	over := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer over()
	go func() {
		_, _ = io.Copy(conn, c.Stdin) // what the server did not take is lost, as with socat
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}()
	buf := make([]byte, 16<<10)
	for {
		reading, done := within(ctx, c, limit)
		quiet := context.AfterFunc(reading, func() {
			if errors.Is(context.Cause(reading), context.DeadlineExceeded) {
				_ = conn.Close()
			}
		})
		n, err := conn.Read(buf)
		quiet()
		done()
		if n > 0 {
			if _, werr := c.Stdout.Write(buf[:n]); werr != nil {
				return 1
			}
		}
		if err != nil {
			return 0
		}
	}
}

func (k *kit) runsHAProxy(c *shell.Call) (yes bool) {
	k.world.Look(func() { yes = k.world.Host(c.Host.Name).Running("haproxy") })
	return yes
}

// askHAProxy answers the lines of standard input as the admin socket does.
func (k *kit) askHAProxy(c *shell.Call) int {
	if c.User != "root" && c.User != "haproxy" && !member(c, "haproxy") {
		fmt.Fprintf(c.Stderr, "%s socat[%d] E connect(, AF=1 \"/run/haproxy/admin.sock\", 26): Permission denied\n", now(c).UTC().Format("2006/01/02 15:04:05"), c.PID)
		return 1
	}
	in, err := io.ReadAll(c.Stdin)
	if err != nil {
		return 1
	}
	// The socket answers one line, which may hold several commands, and closes.
	text, _, _ := strings.Cut(string(in), "\n")
	for command := range strings.SplitSeq(text, ";") {
		fmt.Fprint(c.Stdout, k.haproxy(c.Host.Name, strings.TrimSpace(command)))
	}
	return 0
}

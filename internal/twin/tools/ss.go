package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

var ssOptions = grammar{
	short: "ntluaHps46xoieO",
	long: []string{
		"numeric=n", "tcp=t", "listening=l", "udp=u", "all=a", "no-header=H", "processes=p", "summary=s", "ipv4=4", "ipv6=6", "oneline=O", "version=V",
	},
}

// ss shows sockets.
func (k *kit) ss(_ context.Context, c *shell.Call) int {
	given, words, err := ssOptions.parse(c.Args[1:])
	if err != nil {
		return c.Fail(255, "%s\nUsage: ss [ OPTIONS ]\n       ss [ OPTIONS ] [ FILTER ]", err)
	}
	for _, o := range given {
		if strings.Contains("xoie", o.name) {
			return c.Fail(255, "the option -%s is not simulated", o.name)
		}
	}
	if given.has("V") {
		fmt.Fprintln(c.Stdout, "ss utility, iproute2-6.15.0")
		return 0
	}
	f, err := readFilter(words)
	if err != nil {
		return c.Fail(255, "%s", err)
	}
	if len(f.states) == 0 {
		switch {
		case given.has("a"):
			f.states = []string{"LISTEN", "ESTAB", "SYN-SENT"}
		case given.has("l"):
			f.states = []string{"LISTEN", "UNCONN"}
		default:
			f.states = []string{"ESTAB", "SYN-SENT"}
		}
	}
	var list []socket
	total := 0
	k.look(c, func(h *world.Host) {
		all := sockets(k.world, h)
		total = len(all)
		for _, s := range all {
			six := strings.HasPrefix(s.local.ip, "[")
			if slices.Contains(f.states, s.state) && f.fits(s) && (!given.has("4") || !six) && (!given.has("6") || six) && (given.has("t") || !given.has("u")) {
				list = append(list, s)
			}
		}
	})
	if given.has("s") {
		fmt.Fprintf(c.Stdout, "Total: %d\nTCP:   %d (estab %d, closed 0, orphaned 0, timewait 0)\n\nTransport Total     IP        IPv6\nRAW\t  0         0         0        \nUDP\t  0         0         0        \nTCP\t  %-9d %-9d 1        \nINET\t  %-9d %-9d 1        \nFRAG\t  0         0         0        \n\n",
			total+100, total, len(list), total, total-1, total, total-1)
		return 0
	}
	printSockets(c, list, given, len(f.states) > 1)
	return 0
}

// printSockets lays the columns out as ss does: addresses to the right, ports to the left of a colon.
func printSockets(c *shell.Call, list []socket, given options, states bool) {
	netid := given.has("t") && given.has("u") || !given.has("t") && !given.has("u")
	var rows [][]string
	row := func(cells ...string) { rows = append(rows, cells) }
	if !given.has("H") {
		row("Netid", "State", "Recv-Q", "Send-Q", "Local Address", "Port", "Peer Address", "Port", map[bool]string{true: "Process"}[given.has("p")])
	}
	for _, s := range list {
		users := ""
		if given.has("p") && c.User == "root" && s.program != "" {
			users = fmt.Sprintf(" users:((%q,pid=%d,fd=%d))", s.program, s.pid, s.fd)
		}
		row("tcp", s.state, fmt.Sprintf("%-6d", 0), fmt.Sprintf("%-6d", s.backlog), s.local.ip, s.local.port, s.peer.ip, s.peer.port, users)
	}
	width := make([]int, 9)
	for _, r := range rows {
		for i, cell := range r {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for _, r := range rows {
		var b strings.Builder
		if netid {
			b.WriteString(pad(r[0], width[0]) + " ")
		}
		if states {
			b.WriteString(pad(r[1], width[1]) + " ")
		}
		b.WriteString(pad(r[2], width[2]) + " " + pad(r[3], width[3]) + " ")
		for i := 4; i < 8; i += 2 {
			b.WriteString(strings.Repeat(" ", width[i]-len(r[i])) + r[i] + ":" + pad(r[i+1], width[i+1]))
			if i == 4 {
				b.WriteByte(' ')
			}
		}
		b.WriteString(pad(r[8], width[8]))
		fmt.Fprintln(c.Stdout, b.String())
	}
}

// filter is a FILTER of ss: states, and an expression of ports and addresses.
type filter struct {
	states []string
	words  []string
	fits   func(socket) bool
}

var errFilter = saying("bison bellows (while parsing filter): \"syntax error!\" Sorry.")

var stateNames = map[string][]string{
	"established": {"ESTAB"}, "estab": {"ESTAB"}, "syn-sent": {"SYN-SENT"}, "listening": {"LISTEN"}, "listen": {"LISTEN"},
	"all": {"LISTEN", "ESTAB", "SYN-SENT"}, "connected": {"ESTAB", "SYN-SENT"}, "synchronized": {"ESTAB", "CLOSE-WAIT"},
	"syn-recv": {"SYN-RECV"}, "fin-wait-1": {"FIN-WAIT-1"}, "fin-wait-2": {"FIN-WAIT-2"}, "time-wait": {"TIME-WAIT"}, "close-wait": {"CLOSE-WAIT"}, "last-ack": {"LAST-ACK"}, "closing": {"CLOSING"},
}

func readFilter(args []string) (*filter, error) {
	f := &filter{fits: func(socket) bool { return true }}
	for len(args) > 1 && args[0] == "state" {
		names, ok := stateNames[args[1]]
		if !ok {
			return nil, fmt.Errorf("wrong state name: %s", args[1])
		}
		f.states, args = append(f.states, names...), args[2:]
	}
	text := strings.Join(args, " ")
	for _, s := range []string{"(", ")", "!=", "=="} {
		text = strings.ReplaceAll(text, s, " "+s+" ")
	}
	f.words = strings.Fields(text)
	for i, w := range f.words {
		if w != "=" && strings.HasPrefix(w, "=") && w != "==" {
			f.words[i] = w[1:]
			f.words = slices.Insert(f.words, i, "=")
		}
	}
	if len(f.words) == 0 {
		return f, nil
	}
	fits, err := f.either()
	if err != nil || len(f.words) > 0 {
		return nil, errFilter
	}
	f.fits = fits
	return f, nil
}

func (f *filter) next() string {
	if len(f.words) == 0 {
		return ""
	}
	w := f.words[0]
	f.words = f.words[1:]
	return w
}

func (f *filter) at(words ...string) bool {
	return len(f.words) > 0 && slices.Contains(words, f.words[0])
}

func (f *filter) either() (func(socket) bool, error) {
	a, err := f.both()
	for err == nil && f.at("or", "||", "|") {
		f.next()
		left := a
		right, e := f.both()
		a, err = func(s socket) bool { return left(s) || right(s) }, e
	}
	return a, err
}

func (f *filter) both() (func(socket) bool, error) {
	a, err := f.one()
	for err == nil && len(f.words) > 0 && !f.at(")", "or", "||", "|") {
		if f.at("and", "&&", "&") {
			f.next()
		}
		left := a
		right, e := f.one()
		a, err = func(s socket) bool { return left(s) && right(s) }, e
	}
	return a, err
}

func (f *filter) one() (func(socket) bool, error) {
	switch w := f.next(); w {
	case "(":
		in, err := f.either()
		if err == nil && f.next() != ")" {
			err = errFilter
		}
		return in, err
	case "not", "!":
		in, err := f.one()
		return func(s socket) bool { return !in(s) }, err
	case "dport", "sport":
		return f.port(w == "dport")
	case "dst", "src":
		if f.at("=", "==", "eq") {
			f.next()
		}
		ip, port, _ := strings.Cut(f.next(), ":")
		return func(s socket) bool {
			e := s.local
			if w == "dst" {
				e = s.peer
			}
			return (ip == "" || ip == "*" || e.ip == ip) && (port == "" || port == "*" || e.port == port)
		}, nil
	}
	return nil, errFilter
}

func (f *filter) port(peer bool) (func(socket) bool, error) {
	equal := true
	switch op := f.next(); op {
	case "=", "==", "eq":
	case "!=", "ne", "neq":
		equal = false
	default:
		return nil, errFilter
	}
	_, want, ok := strings.Cut(f.next(), ":")
	if !ok || !isNumber(want) {
		return nil, errFilter
	}
	return func(s socket) bool {
		port := s.local.port
		if peer {
			port = s.peer.port
		}
		return (port == want) == equal
	}, nil
}

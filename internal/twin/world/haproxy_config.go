package world

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sections are the words that a section of haproxy.cfg may begin its lines with; those of a proxy are the same in all.
var globalWords = strings.Fields(`log chroot user group stats maxconn hard-stop-after daemon nbthread ca-base crt-base ssl-default-bind-ciphers
	ssl-default-bind-ciphersuites ssl-default-bind-options tune.ssl.default-dh-param tune.bufsize pidfile ulimit-n node description spread-checks
	external-check insecure-fork-wanted setenv unix-bind cpu-map expose-fd master-worker`)

var proxyWords = strings.Fields(`log mode option timeout retries default-server bind default_backend use_backend monitor-uri monitor stats balance
	http-check tcp-check server acl http-request http-response tcp-request tcp-response use-server maxconn fullconn errorfile redirect
	clitcpka-idle clitcpka-intvl clitcpka-cnt srvtcpka-idle srvtcpka-intvl srvtcpka-cnt stick-table stick hash-type id disabled enabled
	description cookie compression retry-on source email-alert log-format error-log-format capture unique-id-format load-server-state-from-file`)

// serverDefaults are what a server's line does not say.
type serverDefaults struct {
	words         []string // of default-server lines
	connect, read time.Duration
	redispatch    bool
}

// haproxyReader follows the sections of a configuration.
type haproxyReader struct {
	world    *World
	pid      int
	section  string
	defaults serverDefaults // of the section "defaults"
	here     serverDefaults // of the backend around
	front    *Front
	back     *Backend
	ids      int

	fronts   []*Front
	backends []*Backend
}

// readHAProxy reads the lines that matter here, and refuses what HAProxy refuses; pid is the process's that says so.
func readHAProxy(w *World, conf string, pid int) ([]*Front, []*Backend, error) {
	r := &haproxyReader{world: w, pid: pid, ids: 1}
	n := 0
	for line := range strings.Lines(conf) {
		n++
		f := haproxyFields(line)
		if len(f) == 0 {
			continue
		}
		if err := r.line(n, f); err != nil {
			return nil, nil, err
		}
	}
	if len(r.backends)+len(r.fronts) == 0 {
		return nil, nil, words("[ALERT]    (%d) : config : No enabled listener found (check for 'bind' directives) ! Exiting.", pid)
	}
	for _, f := range r.fronts {
		i := slices.IndexFunc(r.backends, func(b *Backend) bool { return b.Name == f.Backend })
		switch {
		case f.Backend == "":
		case i < 0:
			return nil, nil, words("[ALERT]    (%d) : config : Proxy '%s': unable to find required default_backend: '%s'.", pid, f.Name, f.Backend)
		default:
			r.backends[i].Port = f.Port
		}
	}
	return r.fronts, r.backends, nil
}

// haproxyFields splits a line; a backslash keeps a blank in its word, a # ends the line.
func haproxyFields(line string) []string {
	var out []string
	var word strings.Builder
	quoted, open := byte(0), false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\' && quoted != '\'' && i+1 < len(line):
			i++
			open = true
			switch line[i] {
			case 'r':
				word.WriteByte('\r')
			case 'n':
				word.WriteByte('\n')
			default:
				word.WriteByte(line[i])
			}
		case quoted != 0 && c == quoted:
			quoted = 0
		case quoted != 0:
			word.WriteByte(c)
		case c == '"' || c == '\'':
			quoted, open = c, true
		case c == '#' && !open:
			return out
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			if open {
				out = append(out, word.String())
				word.Reset()
				open = false
			}
		default:
			word.WriteByte(c)
			open = true
		}
	}
	if open {
		out = append(out, word.String())
	}
	return out
}

func (r *haproxyReader) wrong(n int, format string, args ...any) error {
	return fmt.Errorf("[ALERT]    (%d) : config : parsing [%s:%d] : %s", r.pid, HAProxyFile, n, fmt.Sprintf(format, args...))
}

func (r *haproxyReader) line(n int, f []string) error {
	switch f[0] {
	case "global", "defaults":
		r.section, r.front, r.back = f[0], nil, nil
		return nil
	case "frontend", "backend", "listen":
		r.section, r.front, r.back = f[0], nil, nil
		if len(f) < 2 {
			return r.wrong(n, "'%s' expects an <id> argument", f[0])
		}
		r.ids++
		if f[0] == "frontend" {
			r.front = &Front{Name: f[1], ID: r.ids}
			r.fronts = append(r.fronts, r.front)
			return nil
		}
		r.here = r.defaults
		r.here.words = slices.Clone(r.defaults.words)
		r.back = &Backend{Name: f[1], ID: r.ids, Balance: "roundrobin", Check: "tcp", redispatch: r.defaults.redispatch}
		r.backends = append(r.backends, r.back)
		return nil
	}
	words := proxyWords
	if r.section == "global" {
		words = globalWords
	}
	if r.section == "" || !slices.Contains(words, f[0]) {
		return r.wrong(n, "unknown keyword '%s' in '%s' section", f[0], r.section)
	}
	return r.word(n, f)
}

func (r *haproxyReader) word(n int, f []string) error {
	is := func(words ...string) bool { return len(f) > len(words) && slices.Equal(f[:len(words)], words) }
	d := &r.defaults
	if r.back != nil {
		d = &r.here
	}
	switch {
	case r.section == "global":
	case f[0] == "default-server":
		d.words = append(d.words, f[1:]...)
	case is("timeout", "check"):
		d.read = haproxyTime(f[2])
	case is("timeout", "connect"):
		d.connect = haproxyTime(f[2])
	case len(f) > 1 && f[0] == "option" && f[1] == "redispatch":
		if d.redispatch = true; r.back != nil {
			r.back.redispatch = true
		}
	case r.front != nil && f[0] == "bind" && len(f) > 1:
		bind, port, _ := strings.Cut(f[1], ":")
		r.front.Bind, r.front.Line = bind, n
		r.front.Port, _ = strconv.Atoi(port) // 0 where it is no number: nothing listens
	case r.front != nil && f[0] == "default_backend" && len(f) > 1:
		r.front.Backend = f[1]
	case r.back != nil:
		return r.backend(n, f)
	case f[0] == "server":
		return r.wrong(n, "'server' not allowed in '%s' section.", r.section)
	}
	return nil
}

func (r *haproxyReader) backend(n int, f []string) error {
	b := r.back
	switch {
	case f[0] == "balance" && len(f) > 1:
		b.Balance = f[1]
	case f[0] == "option" && len(f) > 3 && f[1] == "httpchk":
		b.Check = f[3]
	case f[0] == "option" && len(f) > 1 && f[1] == "tcp-check":
		b.Check = "tcp"
	case f[0] == "tcp-check" && len(f) > 2 && f[1] == "send-binary":
		b.Check = "pgbouncer"
	case f[0] == "tcp-check" && len(f) > 2 && f[1] == "send":
		if a := strings.Fields(f[2]); len(a) == 3 && a[0] == "AUTH" {
			b.User, b.Password = a[1], a[2]
		} else if len(a) == 2 && a[0] == "AUTH" {
			b.User, b.Password = "default", a[1]
		}
	case f[0] == "tcp-check" && slices.Contains(f, "role:master"):
		b.Check = "redis"
	case f[0] == "server":
		if len(f) < 3 {
			return r.wrong(n, "'server' expects <name> and <addr>[:<port>] as arguments.")
		}
		s := r.server(f)
		if s.Host == "" {
			return r.wrong(n, "'server %s' : could not resolve address '%s'.", f[1], f[2])
		}
		b.Servers = append(b.Servers, s)
	}
	return nil
}

func (r *haproxyReader) server(f []string) *Server {
	address, port, _ := strings.Cut(f[2], ":")
	s := &Server{Name: f[1], Host: r.world.hostOf(address), Rise: 2, Fall: 3, inter: 2 * time.Second, readTimeout: r.here.read}
	s.Port, _ = strconv.Atoi(port) // 0 where it is no number
	words := append(slices.Clone(r.here.words), f[3:]...)
	for i, word := range words {
		value := ""
		if i+1 < len(words) {
			value = words[i+1]
		}
		number, _ := strconv.Atoi(value) // 0 where it is no number
		switch word {
		case "check":
			s.checked = true
		case "inter":
			s.inter = haproxyTime(value)
		case "fastinter":
			s.fastInter = haproxyTime(value)
		case "rise":
			s.Rise = max(number, 1)
		case "fall":
			s.Fall = max(number, 1)
		case "port":
			s.checkPort = number
		case "disabled":
			s.Maint = true
		}
	}
	if s.fastInter == 0 {
		s.fastInter = s.inter
	}
	// With `timeout check` a connection may take the shorter of connect and inter, the answer as long as it says.
	s.connectTimeout = s.inter
	if r.here.connect > 0 {
		s.connectTimeout = min(s.inter, r.here.connect)
	}
	if s.readTimeout == 0 {
		s.readTimeout = s.inter
	}
	return s
}

// haproxyTime reads 3s, 500ms, 30m, or milliseconds.
func haproxyTime(s string) time.Duration {
	if n, err := strconv.Atoi(s); err == nil {
		return time.Duration(n) * time.Millisecond
	}
	d, _ := time.ParseDuration(s) // 0 where it is no time
	return d
}

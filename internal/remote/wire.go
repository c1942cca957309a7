package remote

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"recon/internal/inventory"
)

// LineLimit is how many bytes a line may have: Linux takes no longer argument (MAX_ARG_STRLEN, less its end).
const LineLimit = 128<<10 - 1

// Wire returns the line that a host would get for a command line of /bin/sh, and who would run it, as "deploy",
// "root (sudo)" or "root (su)". Exactly these bytes are sent by Run, so their hash is the command's. Nothing is connected.
//
// Without become, or where the ssh user is that user already, the line is exec /bin/sh -c '...', because the login shell
// may be another one. Otherwise it is
//
//	sudo -n -u root -- /bin/sh -c '...'                            without a password in the cluster file
//	sudo -S -p 'MARKER-password:' -u root -- /bin/sh -c '...'      with one
//	env LC_ALL=C su -s /bin/sh -c '...' root
//
// and before the command stands a preamble, which says MARKER on standard error and waits for the console's word: so
// "sudo refused" and "it ran and failed" are told apart, nothing runs by accident of a late password, and standard input
// reaches nobody but the command. MARKER is random for each process and the same for the same node and command, so that
// a plan can be made twice. It needs no secrecy: a host that lies about it only fools itself.
//
// Errors: an unknown node, a NUL, more than LineLimit bytes, a user's name that is none.
func (p *Pool) Wire(node, cmd string, become bool) (line, who string, err error) {
	l, err := p.link(node)
	if err != nil {
		return "", "", err
	}
	ep, err := l.endpoint()
	if err != nil {
		return "", "", &ConnectError{Place: node, Stage: StageSettings, Err: err}
	}
	if strings.ContainsRune(cmd, 0) {
		return "", "", errors.New("the command holds a NUL byte, which no shell can take")
	}
	method, user := change(ep, become)
	if method == inventory.BecomeNone {
		line, who = "exec /bin/sh -c "+quote(cmd), ep.user
	} else {
		if !userName(user) {
			return "", "", fmt.Errorf("become on %s: %q is not a user's name", node, user)
		}
		b := becoming{method: method, user: user, password: !ep.ssh.Become.Password.IsZero(), marker: p.marker(node, cmd)}
		line, who = b.line(cmd), user+" ("+string(method)+")"
	}
	if len(line) > LineLimit {
		return "", "", fmt.Errorf("the command for %s has %d bytes as it would be sent, %d is the most", node, len(line), LineLimit)
	}
	return line, who, nil
}

// change is how the user changes on a host; none when nothing has to be done.
func change(ep *endpoint, become bool) (inventory.BecomeMethod, string) {
	b := ep.ssh.Become
	user := b.User
	if user == "" {
		user = "root"
	}
	method := b.Method
	if method == "" {
		method = inventory.BecomeSudo
	}
	if !become || user == ep.user {
		method = inventory.BecomeNone
	}
	return method, user
}

// becoming is what Run has to know about a line that changes the user.
type becoming struct {
	method   inventory.BecomeMethod
	user     string
	password bool
	// marker is what the preamble says; it begins with markerStart.
	marker string
}

const (
	markerStart  = "recon-"
	markerLength = len(markerStart) + 32
	// goAhead is the console's word; a password that comes late is another word.
	goAhead = "recon-go"
)

func (p *Pool) marker(node, cmd string) string {
	mac := hmac.New(sha256.New, p.seed)
	mac.Write([]byte(node + "\x00" + cmd))
	return markerStart + hex.EncodeToString(mac.Sum(nil)[:16])
}

// prompt is what sudo asks with. su's cannot be chosen.
func (b becoming) prompt() string { return b.marker + "-password:" }

func (b becoming) line(cmd string) string {
	end := ""
	if b.method == inventory.BecomeSu {
		end = " " + b.user
	}
	return b.opening() + quote(cmd)[1:] + end
}

// opening is the line up to the command; the quotation mark is open.
func (b becoming) opening() string {
	// read takes one byte at a time from a pipe (POSIX), so that the rest of standard input stays for the command.
	say := "echo " + b.marker + " >&2; read -r go; [ \"$go\" = " + goAhead + " ] || exit 125; unset go\n"
	switch {
	case b.method == inventory.BecomeSu:
		// su keeps the caller's PATH, which has no sbin on Debian. LC_ALL is for su's own words only.
		return "env LC_ALL=C su -s /bin/sh -c 'unset LC_ALL; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; " + say
	case b.password:
		return "sudo -S -p '" + b.prompt() + "' -u " + b.user + " -- /bin/sh -c '" + say
	default:
		return "sudo -n -u " + b.user + " -- /bin/sh -c '" + say
	}
}

// readLine finds out what a line does. It returns nil for a line that changes nobody, and an error for one that changes the
// user in another way than the cluster file says now.
func readLine(ep *endpoint, line string, become bool) (*becoming, error) {
	method, user := change(ep, true)
	b := &becoming{method: method, user: user, password: !ep.ssh.Become.Password.IsZero()}
	if at := strings.Index(line, "echo "+markerStart); at >= 0 && len(line) >= at+5+markerLength {
		b.marker = line[at+5 : at+5+markerLength]
		if method != inventory.BecomeNone && strings.HasPrefix(line, b.opening()) {
			return b, nil
		}
	}
	if become && method != inventory.BecomeNone {
		return nil, fmt.Errorf("the line does not become %s with %s as the cluster file says; make it with Wire", user, method)
	}
	return nil, nil
}

// quote makes one word of the shell out of text.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// userName is what useradd(8) allows, with capitals and dots as in directories.
func userName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || (r < '0' || r > '9') && r != '-' && r != '.') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

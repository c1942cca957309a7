package runbooks

import (
	"regexp"
	"strings"
)

var (
	// A key that holds a secret, and its value.
	secretPair = regexp.MustCompile(`(?i)([\w.-]*(?:password|passwd|passphrase|secret|api[_-]?key|auth[_-]?pass|requirepass|masterauth|redispw|pgpassword|rediscli_auth|_token|auth_token)[\w]*)["']?\s*(=|:)\s*["']?([^\s"'#,;]+)`)
	// A value given to a directive or an option.
	secretWord = regexp.MustCompile(`(?i)(?:\b(?:requirepass|masterauth|auth_pass|sentinel auth-pass \S+)\s+|\bPASSWORD\s+'|\bIDENTIFIED BY\s+'|^\s*AUTH\s+(?:\S+\s+)?|redis-cli\b.*\s-a\s+|--pass(?:word)?[ =]|--user[ =]\S+:|curl\b.*\s-u\s*\S+:)["']?([^\s"']+)`)
	// User and password in an address.
	secretURL = regexp.MustCompile(`[a-z][a-z0-9+.-]*://[^\s/:@"']*:([^\s/@"']+)@`)
	secretPEM = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`)
	basicAuth = regexp.MustCompile(`(?i)authorization:\s*(?:basic|bearer)\s+([A-Za-z0-9+/=._-]{6,})`)
)

// secrets refuses a password in the text, wherever it stands: a book is read by many and kept for ever.
func (l *linter) secrets() {
	const hint = "secrets are references in the cluster file (env:NAME, file:PATH, prompt)"
	for n := 1; n <= l.lines(); n++ {
		line := l.line(n)
		for _, re := range []*regexp.Regexp{secretPair, secretWord, secretURL, basicAuth} {
			for _, m := range re.FindAllStringSubmatchIndex(line, -1) {
				value := line[m[len(m)-2]:m[len(m)-1]]
				if re == secretPair && line[m[4]:m[5]] == ":" && !secretLooking(value) || placeholder(value) {
					continue
				}
				l.problem(n, len([]rune(line[:m[len(m)-2]]))+1, "a password stands in the text", hint)
			}
		}
		if at := secretPEM.FindStringIndex(line); at != nil {
			l.problem(n, at[0]+1, "a private key stands in the text", hint)
		}
	}
}

// placeholder says that a value stands for a secret and is none.
func placeholder(v string) bool {
	v = strings.Trim(v, `"'`+"`")
	switch {
	case len(v) < 3, strings.ContainsAny(v[:1], "$<‹{%(*.=!&|"), strings.HasPrefix(v, "env:"), strings.HasPrefix(v, "file:"),
		strings.HasPrefix(v, "..."), strings.HasPrefix(v, "xxx"), strings.HasPrefix(v, "XXX"), strings.HasPrefix(v, "‹"), strings.HasPrefix(v, "/"):
		return true
	}
	switch strings.ToLower(v) {
	case "prompt", "nil", "true", "false", "none", "null", "file", "env", "password", "secret", "is", "and", "the", "for", "from", "changeme":
		return true
	}
	return false
}

// secretLooking tells a secret from a word of prose: it has a digit or a sign, or is in a file of settings.
func secretLooking(v string) bool {
	return len(v) >= 4 && strings.ContainsAny(v, "0123456789!@%^*_+=~?$")
}

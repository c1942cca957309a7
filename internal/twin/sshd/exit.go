package sshd

import (
	"errors"

	"golang.org/x/crypto/ssh"
)

// Signal is a signal that the client sent, by its name without SIG: TERM, KILL, HUP, INT.
type Signal string

func (s Signal) Error() string { return "signal " + string(s) }

// numbers are the signals of RFC 4254 section 6.10 as Linux numbers them.
var numbers = map[string]int{
	"HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "ABRT": 6, "FPE": 8, "KILL": 9, "USR1": 10, "SEGV": 11, "USR2": 12,
	"PIPE": 13, "ALRM": 14, "TERM": 15,
}

// ending is the request that tells how a session ended, with its payload.
func ending(status int, cause error) (kind string, payload []byte) {
	var asked Signal
	switch {
	case errors.As(cause, &asked) && (status < 0 || status > 128):
		return "exit-signal", signalled(string(asked))
	case status < 0:
		return "exit-signal", signalled(nameOf(-status))
	}
	return "exit-status", ssh.Marshal(struct{ Code uint32 }{uint32(status)})
}

func signalled(name string) []byte {
	return ssh.Marshal(struct {
		Name       string
		Core       bool
		Text, Lang string
	}{Name: name})
}

// nameOf is what sshd calls a signal; session.c, sig2name.
func nameOf(number int) string {
	for name, n := range numbers {
		if n == number {
			return name
		}
	}
	return "SIG@openssh.com"
}

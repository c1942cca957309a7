package world

import (
	"fmt"
	"slices"
	"strings"
)

// RedisUser is a user of a Redis.
type RedisUser struct {
	On bool
	// NoPass is a user that needs no password; Hashes are the SHA-256 of those that it has.
	NoPass bool
	Hashes []string
	// All is every command; Commands are single ones, in small letters, "config|get" for one of several.
	All      bool
	Commands []string
}

// set applies one rule of ACL SETUSER. The error is Redis's.
func (u *RedisUser) set(rule string) error {
	hash := func(s string) (string, error) {
		if len(s) != 64 || strings.Trim(s, "0123456789abcdef") != "" {
			return "", words("Error in ACL SETUSER modifier '%s': The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters", rule)
		}
		return s, nil
	}
	drop := func(h string) { u.Hashes = slices.DeleteFunc(u.Hashes, func(x string) bool { return x == h }) }
	switch word := strings.ToLower(rule); {
	case word == "on" || word == "off":
		u.On = word == "on"
	case word == "nopass":
		u.NoPass, u.Hashes = true, nil
	case word == "resetpass":
		u.NoPass, u.Hashes = false, nil
	case word == "reset":
		*u = RedisUser{}
	case word == "allcommands" || word == "+@all":
		u.All, u.Commands = true, nil
	case word == "nocommands" || word == "-@all":
		u.All, u.Commands = false, nil
	case word == "allkeys" || word == "resetkeys" || word == "allchannels" || word == "resetchannels" || word == "sanitize-payload" || word == "skip-sanitize-payload",
		strings.HasPrefix(word, "~"), strings.HasPrefix(word, "%"), strings.HasPrefix(word, "&"):
		// Keys and channels are the same for everybody here.
	case rule[0] == '>':
		u.NoPass = false
		drop(hashed(rule[1:]))
		u.Hashes = append(u.Hashes, hashed(rule[1:]))
	case rule[0] == '<':
		drop(hashed(rule[1:]))
	case rule[0] == '#' || rule[0] == '!':
		h, err := hash(rule[1:])
		if err != nil {
			return err
		}
		if drop(h); rule[0] == '#' {
			u.NoPass = false
			u.Hashes = append(u.Hashes, h)
		}
	case rule[0] == '+':
		u.Commands = append(slices.DeleteFunc(u.Commands, func(c string) bool { return c == word[1:] }), word[1:])
	case rule[0] == '-':
		u.Commands = slices.DeleteFunc(u.Commands, func(c string) bool { return c == word[1:] })
	default:
		return words("Error in ACL SETUSER modifier '%s': Syntax error", rule)
	}
	return nil
}

// String is the user's rules as ACL LIST shows them.
func (u *RedisUser) String() string {
	out := []string{map[bool]string{true: "on", false: "off"}[u.On]}
	if u.NoPass {
		out = append(out, "nopass")
	}
	out = append(out, "sanitize-payload")
	for _, h := range u.Hashes {
		out = append(out, "#"+h)
	}
	if u.All {
		return strings.Join(append(out, "~*", "&*", "+@all"), " ")
	}
	out = append(out, "resetchannels", "-@all")
	for _, c := range u.Commands {
		out = append(out, "+"+c)
	}
	return strings.Join(out, " ")
}

// May says whether the user may give a command, in small letters; sub is its second word where it has several forms.
func (u *RedisUser) May(command, sub string) bool {
	return u.All || slices.Contains(u.Commands, command) || sub != "" && slices.Contains(u.Commands, command+"|"+sub)
}

// SetUser is ACL SETUSER: all rules or none. The error is Redis's.
func (r *Redis) SetUser(name string, rules []string) error {
	u := &RedisUser{}
	if was := r.Users[name]; was != nil {
		*u = *was
		u.Hashes, u.Commands = slices.Clone(was.Hashes), slices.Clone(was.Commands)
	}
	for _, rule := range rules {
		if rule == "" {
			continue
		}
		if err := u.set(rule); err != nil {
			return fmt.Errorf("ERR %w", err)
		}
	}
	r.Users[name] = u
	return nil
}

// Accepts says whether a user may come in with a password; no name is the default user.
func (r *Redis) Accepts(user, password string) bool {
	if user == "" {
		user = "default"
	}
	u := r.Users[user]
	if u == nil || !u.On {
		return false
	}
	return u.NoPass || user == "default" && len(u.Hashes) == 0 || slices.Contains(u.Hashes, r.hash(password))
}

// hash remembers what it made: the same few passwords are asked about all the time.
func (r *Redis) hash(password string) string {
	h, ok := r.hashes[password]
	if !ok {
		if len(r.hashes) >= 16 || r.hashes == nil {
			r.hashes = map[string]string{}
		}
		h = hashed(password)
		r.hashes[password] = h
	}
	return h
}

// Open says whether nobody needs a password.
func (r *Redis) Open() bool {
	u := r.Users["default"]
	return u != nil && u.On && (u.NoPass || len(u.Hashes) == 0)
}

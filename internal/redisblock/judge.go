package redisblock

import (
	"slices"
	"strconv"
	"strings"
)

// Service is the server that a command is for.
type Service string

// The services.
const (
	Redis    Service = "redis"
	Sentinel Service = "sentinel"
)

// Effect is the least that a command may do.
type Effect int

// The effects, in the order of what they cost.
const (
	Reads Effect = iota
	Changes
	Destroys
)

// Verdict is what is known of a command.
type Verdict struct {
	// Name is the command, with its subcommand where it has any: `CONFIG SET`.
	Name string
	// Known is false for a command that neither Redis nor Valkey nor Sentinel has, and for one whose name is a value.
	Known  bool
	Effect Effect
	// Refused is why it is never sent, and Hint what to do instead; At is the index of the word that decides it.
	Refused, Hint string
	At            int
}

func refused(name string, at int, why, hint string) Verdict {
	return Verdict{Name: name, Known: true, Effect: Destroys, Refused: why, Hint: hint, At: at}
}

// Judge says what a command does at a service. words are its arguments; a word that holds a value is written with $NAME
// while the value is not known. Commands of a module (JSON.SET) are known to change something.
func Judge(service Service, words []string) Verdict {
	name := strings.ToUpper(words[0])
	if slices.Contains(families, name) {
		if len(words) < 2 {
			if _, bare := effects[name]; !bare {
				return refused(name, 0, "`"+name+"` stands alone", "write its subcommand: "+name+" HELP lists them")
			}
		} else {
			name += " " + strings.ToUpper(words[1])
		}
	}
	if why, hint := takesOver(name); why != "" {
		return refused(name, 0, why, hint)
	}
	if v := misplaced(service, name); v.Refused != "" {
		return v
	}
	effect, known := effects[name]
	if !known && strings.Contains(words[0], ".") && !strings.Contains(words[0], "$") {
		effect, known = Changes, true
	}
	v := Verdict{Name: name, Known: known, Effect: effect}
	if !known {
		v.At = min(strings.Count(name, " "), len(words)-1)
		return v
	}
	arguments(&v, words)
	return v
}

// takesOver says why a command is no question with one answer: it waits, it takes the connection over, or it changes what
// the connection is.
func takesOver(name string) (why, hint string) {
	first, _, _ := strings.Cut(name, " ")
	switch {
	case slices.Contains(streams, first):
		return "`" + first + "` takes the connection over and never ends", "ask for what is there now, with INFO, PUBSUB or CLIENT LIST"
	case slices.Contains(waits, first):
		return "`" + first + "` waits until somebody writes", "take the one that does not wait: " + strings.TrimPrefix(first, "B")
	case slices.Contains(logins, first):
		return "a book carries no credentials", "user and password come from the cluster file"
	case slices.Contains(transactions, first):
		return "`" + first + "` belongs to a transaction, in which an answer does not say what was done", "write one command a line"
	case slices.Contains(connections, name):
		return "`" + name + "` changes how the server answers on this connection", "leave it out: recon opens a connection for each block"
	case first == "FLUSHALL" || first == "FLUSHDB":
		return first + " empties Redis", "take out the keys that are meant, by name"
	case first == "SHUTDOWN":
		return "`SHUTDOWN` stops the server behind systemd's back", "stop its unit in an `sh` block"
	case first == "DEBUG":
		return "`DEBUG` can stop the server or break its data", ""
	}
	return "", ""
}

// misplaced refuses a command that the other server answers.
func misplaced(service Service, name string) Verdict {
	first, _, _ := strings.Cut(name, " ")
	switch {
	case service != Sentinel && first == "SENTINEL":
		return refused(name, 0, "`SENTINEL` is a command of Sentinel, and the block goes to Redis", "write service=sentinel")
	case service == Sentinel && !slices.Contains(ofSentinel, first) && isKnown(name):
		return refused(name, 0, "Sentinel has no command `"+first+"`", "write service=redis, or leave `service` out")
	}
	return Verdict{}
}

func isKnown(name string) bool {
	_, known := effects[name]
	return known
}

// arguments are what only a command's arguments tell.
func arguments(v *Verdict, words []string) {
	word := func(i int) string {
		if i < len(words) {
			return strings.ToUpper(words[i])
		}
		return ""
	}
	find := func(texts ...string) int {
		return slices.IndexFunc(words, func(w string) bool { return slices.Contains(texts, strings.ToUpper(w)) })
	}
	switch v.Name {
	case "XREAD", "XREADGROUP":
		if at := find("BLOCK"); at > 0 {
			*v = refused(v.Name, at, "with BLOCK it waits until somebody writes", "leave BLOCK out")
		}
	case "WAIT", "WAITAOF":
		last := len(words) - 1
		if n, err := strconv.ParseInt(words[last], 10, 64); err == nil && n <= 0 && last > 0 {
			*v = refused(v.Name, last, "with a timeout of 0 it waits without an end", "write how many milliseconds it may wait")
		}
	case "REPLICAOF", "SLAVEOF":
		// What the server holds is thrown away for what the other one holds.
		if word(1) != "NO" || word(2) != "ONE" {
			v.Effect = Destroys
		}
	case "FAILOVER":
		if find("FORCE") > 0 {
			v.Effect = Destroys
		}
	case "MIGRATE":
		if at := find("AUTH", "AUTH2"); at > 0 {
			*v = secret(v.Name, at)
		} else if find("COPY") < 0 {
			v.Effect = Destroys
		}
	case "SORT", "GEORADIUS", "GEORADIUSBYMEMBER":
		if find("STORE", "STOREDIST") < 0 {
			v.Effect = Reads
		}
	case "BITFIELD":
		if find("SET", "INCRBY") < 0 {
			v.Effect = Reads
		}
	case "CONFIG SET":
		for i := 2; i < len(words); i += 2 {
			if slices.Contains(secretSettings, strings.ToLower(words[i])) && !emptied(words, i+1) {
				*v = secret(v.Name, i)
				return
			}
		}
	case "SENTINEL SET":
		for i := 3; i < len(words); i += 2 {
			if strings.EqualFold(words[i], "auth-pass") && !emptied(words, i+1) {
				*v = secret(v.Name, i)
				return
			}
		}
	case "SENTINEL CONFIG":
		if word(2) != "GET" {
			v.Effect = Changes
		}
		if word(2) == "SET" && slices.Contains(secretSettings, strings.ToLower(word(3))) && !emptied(words, 4) {
			*v = secret(v.Name, 3)
		}
	case "SENTINEL DEBUG":
		if len(words) > 2 {
			v.Effect = Changes
		}
	case "ACL LOG":
		if word(2) == "RESET" {
			v.Effect = Changes
		}
	case "ACL SETUSER":
		if at := slices.IndexFunc(words, func(w string) bool { return strings.Trim(w[:min(1, len(w))], "<>#!") == "" && w != "" }); at > 2 {
			*v = secret(v.Name, at)
		}
	}
}

// emptied says that a setting is set to nothing, which is no secret.
func emptied(words []string, i int) bool { return i < len(words) && words[i] == "" }

func secret(name string, at int) Verdict {
	return refused(name, at, "a password would be shown, and kept in the trail", "passwords are changed by the playbook rotate.yml")
}

// Names are the commands that a service has, for those who look for the word that was meant.
func Names(service Service) []string {
	var out []string
	for name := range effects {
		first, _, _ := strings.Cut(name, " ")
		if service == Sentinel && slices.Contains(ofSentinel, first) || service != Sentinel && first != "SENTINEL" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

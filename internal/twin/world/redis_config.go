package world

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// redisDefaults are settings of Redis 8.0 that a file may leave out.
func redisDefaults() map[string]string {
	return map[string]string{
		"appendonly": "no", "appendfsync": "everysec", "appenddirname": "appendonlydir", "appendfilename": "appendonly.aof", "auto-aof-rewrite-percentage": "100",
		"client-output-buffer-limit": "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60", "daemonize": "no", "databases": "16", "dbfilename": "dump.rdb",
		"dir": "/var/lib/redis", "hz": "10", "io-threads": "1", "lazyfree-lazy-eviction": "no", "logfile": "", "loglevel": "notice", "maxclients": "10000", "maxmemory": "0",
		"maxmemory-policy": "noeviction", "maxmemory-samples": "5", "min-replicas-max-lag": "10", "min-replicas-to-write": "0", "no-appendfsync-on-rewrite": "no",
		"notify-keyspace-events": "", "pidfile": "", "port": "6379", "protected-mode": "yes", "repl-backlog-size": "1048576", "repl-diskless-load": "disabled",
		"repl-diskless-sync": "yes", "repl-diskless-sync-delay": "5", "repl-ping-replica-period": "10", "repl-timeout": "60", "replica-announce-ip": "", "replica-announce-port": "0",
		"replica-read-only": "yes", "replica-serve-stale-data": "yes", "save": "3600 1 300 100 60 10000", "slowlog-log-slower-than": "10000", "slowlog-max-len": "128",
		"stop-writes-on-bgsave-error": "yes", "tcp-backlog": "511", "tcp-keepalive": "300", "timeout": "0", "tls-port": "0",
	}
}

// redisAliases are the old names.
var redisAliases = map[string]string{
	"slaveof": "replicaof", "slave-priority": "replica-priority", "slave-read-only": "replica-read-only", "min-slaves-to-write": "min-replicas-to-write",
	"min-slaves-max-lag": "min-replicas-max-lag", "slave-announce-ip": "replica-announce-ip", "slave-announce-port": "replica-announce-port",
}

// immutable are settings that a running server does not change.
var immutable = []string{"daemonize", "databases", "io-threads", "logfile", "pidfile", "tcp-backlog", "appenddirname", "appendfilename"}

// Setting is a setting in the words of CONFIG GET; false when there is none of that name.
func (r *Redis) Setting(h *Host, name string) (string, bool) {
	if now, ok := redisAliases[name]; ok {
		name = now
	}
	switch name {
	case "bind":
		return strings.Join(r.Bind, " "), true
	case "replica-priority":
		return strconv.Itoa(r.Priority), true
	case "masterauth":
		return r.MasterAuth, true
	case "requirepass":
		return r.Password, true
	case "replicaof":
		if up := h.world.Host(r.Upstream); !r.Master && up != nil {
			return fmt.Sprintf("%s %d", up.IP, RedisPort), true
		}
		return "", true
	}
	v, ok := r.Settings[name]
	return v, ok
}

// SettingNames are all names, sorted.
func (r *Redis) SettingNames() []string {
	names := append(slices.Collect(maps.Keys(r.Settings)), "bind", "replica-priority", "masterauth", "requirepass", "replicaof", "slave-priority", "slaveof")
	slices.Sort(names)
	return names
}

// read takes what a file says; the answer is what is wrong with it, in Redis's words.
func (r *Redis) read(h *Host, conf string) string {
	r.Settings, r.Priority, r.Master = redisDefaults(), 100, true
	r.Bind = nil
	n := 0
	var users [][]string
	for line := range strings.Lines(conf) {
		n++
		f := redisFields(line)
		if len(f) == 0 {
			continue
		}
		name := strings.ToLower(f[0])
		if now, ok := redisAliases[name]; ok {
			name = now
		}
		value := strings.Join(f[1:], " ")
		switch name {
		case "bind":
			r.Bind = f[1:]
		case "requirepass":
			r.Password = value
		case "masterauth":
			r.MasterAuth = value
		case "user":
			users = append(users, f[1:])
		case "replicaof":
			up := ""
			if len(f) == 3 {
				up = h.world.hostOf(f[1])
			}
			r.Master, r.Upstream = strings.EqualFold(value, "no one"), up
			if len(f) != 3 {
				return r.badLine(n, line, "wrong number of arguments")
			}
		case "replica-priority":
			p, err := strconv.Atoi(value)
			if err != nil || p < 0 {
				return r.badLine(n, line, "argument couldn't be parsed into an integer")
			}
			r.Priority = p
		default:
			if _, ok := r.Settings[name]; !ok && !slices.Contains([]string{"latency-tracking-info-percentiles", "include", "supervised", "always-show-logo"}, name) {
				return r.badLine(n, line, "Bad directive or wrong number of arguments")
			}
			r.Settings[name] = value
		}
	}
	r.Users = map[string]*RedisUser{"default": {On: true, All: true}}
	if r.Password != "" {
		r.Users["default"].Hashes = []string{hashed(r.Password)}
	}
	for _, f := range users {
		if len(f) == 0 {
			continue
		}
		if r.Users[f[0]] == nil || f[0] != "default" {
			r.Users[f[0]] = &RedisUser{}
		}
		for _, rule := range f[1:] {
			_ = r.Users[f[0]].set(rule) // a rule that Redis does not know is another fault
		}
	}
	return ""
}

func (r *Redis) badLine(n int, line, why string) string {
	return fmt.Sprintf("*** FATAL CONFIG FILE ERROR (Redis 8.0.2) ***\nReading the configuration file, at line %d\n>>> '%s'\n%s", n, strings.TrimSpace(line), why)
}

// redisFields splits a line; quotes hold blanks together, # begins a comment at the start of the line only.
func redisFields(line string) []string {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return nil
	}
	var out []string
	for line != "" {
		if line[0] == '"' || line[0] == '\'' {
			end := strings.IndexByte(line[1:], line[0])
			if end < 0 {
				return append(out, line[1:])
			}
			out = append(out, line[1:1+end])
			line = strings.TrimSpace(line[2+end:])
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		out = append(out, word)
		line = strings.TrimSpace(rest)
	}
	return out
}

// SetRedis sets a setting while the server runs, as CONFIG SET does. The error is Redis's.
func (w *World) SetRedis(h *Host, name, value string) error {
	r := h.Redis
	failed := func(why string) error {
		return fmt.Errorf("ERR CONFIG SET failed (possibly related to argument '%s') - %s", name, why)
	}
	given := name
	if now, ok := redisAliases[name]; ok {
		name = now
	}
	switch name {
	case "replica-priority":
		n, err := strconv.Atoi(value)
		if err != nil {
			return failed("argument couldn't be parsed into an integer")
		}
		if n < 0 {
			return failed("argument must be between 0 and 2147483647 inclusive")
		}
		r.Priority = n
	case "masterauth":
		r.MasterAuth = value
	case "requirepass":
		r.Password = value
		r.Users["default"].Hashes = nil
		if value != "" {
			r.Users["default"].Hashes = []string{hashed(value)}
		}
	case "bind":
		r.Bind = strings.Fields(value)
	default:
		if _, ok := r.Settings[name]; !ok {
			return fmt.Errorf("ERR Unknown option or number of arguments for CONFIG SET - '%s'", given)
		}
		if slices.Contains(immutable, name) {
			return failed("can't set immutable config")
		}
		if name == "dir" && h.Files != nil && !h.Files.Exists(value) {
			return failed("No such file or directory")
		}
		r.Settings[name] = value
	}
	return nil
}

// RewriteRedis is CONFIG REWRITE. The error is Redis's.
func (w *World) RewriteRedis(h *Host) error { return h.Redis.rewrite(h) }

const rewritten = "# Generated by CONFIG REWRITE"

// rewrite puts the settings into the file: in their places where they have one, else at its end.
func (r *Redis) rewrite(h *Host) error {
	if h.Files == nil {
		return nil
	}
	if !h.ownsConfig() {
		r.log(h, warning, "CONFIG REWRITE failed: Permission denied")
		return fmt.Errorf("ERR Rewriting config file: Permission denied")
	}
	lines := map[string]string{
		"bind": "bind " + strings.Join(r.Bind, " "), "replica-priority": fmt.Sprintf("replica-priority %d", r.Priority), "masterauth": "", "requirepass": "", "replicaof": "",
	}
	if r.MasterAuth != "" {
		lines["masterauth"] = fmt.Sprintf("masterauth %q", r.MasterAuth)
	}
	if r.Password != "" {
		lines["requirepass"] = fmt.Sprintf("requirepass %q", r.Password)
	}
	if up := h.world.Host(r.Upstream); !r.Master && up != nil {
		lines["replicaof"] = fmt.Sprintf("replicaof %s %d", up.IP, RedisPort)
	}
	defaults := redisDefaults()
	for name, value := range r.Settings {
		switch {
		case value == defaults[name] || name == "save" || name == "client-output-buffer-limit":
		case value == "" || strings.ContainsAny(value, "/\""):
			lines[name] = fmt.Sprintf("%s %q", name, value)
		default:
			lines[name] = name + " " + value
		}
	}
	for name, u := range r.Users {
		lines["user "+name] = "user " + name + " " + u.String()
	}
	text := rewriteLines(h.text(RedisFile), lines, func(f []string) string {
		name := strings.ToLower(f[0])
		if now, ok := redisAliases[name]; ok {
			name = now
		}
		if name == "user" && len(f) > 1 {
			return "user " + f[1]
		}
		// What has its default again loses nothing by saying so.
		if v, ok := r.Settings[name]; ok && lines[name] == "" && name != "save" && name != "client-output-buffer-limit" && strings.Join(f[1:], " ") != v {
			lines[name] = name + " " + v
		}
		return name
	})
	_ = h.Files.WriteFile(RedisFile, []byte(text), 0, "") // it is theirs
	r.log(h, notice, "CONFIG REWRITE executed with success.")
	return nil
}

// rewriteLines replaces the first line of each name, drops further ones and those whose line is empty, and adds what had no
// place. Lines of other names stay.
func rewriteLines(text string, lines map[string]string, name func(f []string) string) string {
	var out []string
	done := map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		f := redisFields(line)
		if len(f) == 0 {
			out = append(out, line)
			continue
		}
		n := name(f)
		now, ours := lines[n]
		switch {
		case !ours:
			out = append(out, line)
		case !done[n] && now != "":
			if slices.Equal(redisFields(now), f) {
				now = line
			}
			out = append(out, now)
		}
		done[n] = true
	}
	var missing []string
	for n, line := range lines {
		if !done[n] && line != "" {
			missing = append(missing, line)
		}
	}
	if len(missing) > 0 {
		if !slices.Contains(out, rewritten) {
			out = append(out, rewritten)
		}
		slices.Sort(missing)
		out = append(out, missing...)
	}
	return strings.Join(out, "\n") + "\n"
}

// ownsConfig says whether Redis's user can write its files: it renames a new one into the folder.
func (h *Host) ownsConfig() bool {
	o, ok := h.Files.(interface{ Owner(path string) string })
	if !ok {
		return true
	}
	owner := o.Owner("/etc/redis")
	return owner == "" || strings.HasPrefix(owner, "redis:")
}

func hashed(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

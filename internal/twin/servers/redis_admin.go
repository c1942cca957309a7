package servers

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"recon/internal/twin/world"
)

func (q *redisQuery) config() any {
	switch sub := strings.ToLower(q.arg(0)); sub {
	case "get":
		if len(q.args) < 2 {
			return fail("ERR wrong number of arguments for 'config|get' command")
		}
		out := []any{}
		for _, name := range q.redis.SettingNames() {
			if slices.ContainsFunc(q.args[1:], func(p string) bool { ok, err := path.Match(strings.ToLower(p), name); return ok && err == nil }) {
				value, _ := q.redis.Setting(q.host, name)
				out = append(out, name, value)
			}
		}
		return out
	case "set":
		if len(q.args) < 3 || len(q.args)%2 == 0 {
			return fail("ERR wrong number of arguments for 'config|set' command")
		}
		for i := 1; i < len(q.args); i += 2 {
			if err := q.world.SetRedis(q.host, strings.ToLower(q.args[i]), q.args[i+1]); err != nil {
				return err
			}
		}
		return Simple("OK")
	case "rewrite":
		return told(q.world.RewriteRedis(q.host))
	case "resetstat":
		return Simple("OK")
	}
	return fail("ERR unknown subcommand '%s'. Try CONFIG HELP.", q.arg(0))
}

func (q *redisQuery) acl() any {
	r := q.redis
	switch strings.ToLower(q.arg(0)) {
	case "whoami":
		return q.client.User
	case "users":
		out := []any{}
		for _, name := range slices.Sorted(maps.Keys(r.Users)) {
			out = append(out, name)
		}
		return out
	case "list":
		out := []any{}
		for _, name := range slices.Sorted(maps.Keys(r.Users)) {
			out = append(out, "user "+name+" "+r.Users[name].String())
		}
		return out
	case "getuser":
		u := r.Users[q.arg(1)]
		if u == nil {
			return nil
		}
		flags, passwords, commands := []any{map[bool]string{true: "on", false: "off"}[u.On]}, []any{}, "-@all"
		if u.NoPass {
			flags = append(flags, "nopass")
		}
		for _, h := range u.Hashes {
			passwords = append(passwords, h)
		}
		if u.All {
			commands = "+@all"
		}
		for _, c := range u.Commands {
			commands += " +" + c
		}
		return []any{"flags", append(flags, "sanitize-payload"), "passwords", passwords, "commands", commands, "keys", "~*", "channels", "&*", "selectors", []any{}}
	case "setuser":
		if len(q.args) < 2 {
			return fail("ERR wrong number of arguments for 'acl|setuser' command")
		}
		return told(r.SetUser(q.arg(1), q.args[2:]))
	case "deluser":
		n := int64(0)
		for _, name := range q.args[1:] {
			if name == "default" {
				return fail("ERR The 'default' user cannot be removed")
			}
			if r.Users[name] != nil {
				delete(r.Users, name)
				n++
			}
		}
		return n
	case "log":
		return []any{}
	case "load", "save":
		return fail("ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.")
	}
	return fail("ERR unknown subcommand '%s'. Try ACL HELP.", q.arg(0))
}

// redisConnection is a connection that the stack keeps to a Redis.
type redisConnection struct {
	id             int64
	address, local string
	name, flags    string // N normal, P subscriber, S replica, M master, b blocked
	command, lib   string
	host           string // whose it is
}

// redisClients are the connections of a server: its replicas', the Sentinels', the workers', and whoever asks.
func redisClients(w *world.World, h *world.Host, who RedisClient) []redisConnection {
	var out []redisConnection
	local := fmt.Sprintf("%s:%d", h.IP, world.RedisPort)
	add := func(from *world.Host, port int, c redisConnection) {
		c.id, c.address, c.local, c.host = int64(len(out)+3), fmt.Sprintf("%s:%d", from.IP, port), local, from.Name
		out = append(out, c)
	}
	for i, o := range w.Nodes() {
		if s := o.Sentinel; s != nil && s.Running && w.RedisAnswers(o.Name, h) {
			add(o, 41000+10*i, redisConnection{name: "sentinel-" + s.ID[:8] + "-cmd", flags: "N", command: "ping"})
			add(o, 41001+10*i, redisConnection{name: "sentinel-" + s.ID[:8] + "-pubsub", flags: "P", command: "subscribe"})
		}
		if h.Redis.Attached[o.Name] != nil {
			add(o, 42000+10*i, redisConnection{flags: "S", command: "replconf"})
		}
	}
	if up := w.Host(h.Redis.Upstream); up != nil && h.Redis.Linked {
		add(up, world.RedisPort, redisConnection{flags: "M", command: "NULL"})
		out[len(out)-1].local = fmt.Sprintf("%s:%d", h.IP, 42600)
	}
	for i, o := range w.Nodes() {
		if n := o.NetBox; n != nil && n.Worker && o.Up() && h.Redis.Master && n.Redis == h.Redis.RunID {
			add(o, 43000+10*i, redisConnection{flags: "b", command: "brpop", lib: "redis-py"})
		}
	}
	if who.User != "" {
		out = append(out, redisConnection{id: max(who.ID, int64(len(out)+3)), address: who.Address, local: local, flags: "N", command: "client|list"})
	}
	return out
}

func (q *redisQuery) clients() any {
	all := redisClients(q.world, q.host, q.client)
	own := all[len(all)-1]
	switch strings.ToLower(q.arg(0)) {
	case "id":
		return own.id
	case "list":
		kind := ""
		if len(q.args) > 2 && strings.EqualFold(q.arg(1), "type") {
			kind = strings.ToLower(q.arg(2))
		}
		var b strings.Builder
		for _, c := range all {
			if kind == "" || c.is(kind) {
				b.WriteString(q.line(c))
			}
		}
		return b.String()
	case "info":
		return q.line(own)
	case "getname":
		return nil
	case "kill":
		return q.kill(all)
	case "setname", "setinfo", "no-evict", "no-touch", "reply", "unpause", "pause":
		return Simple("OK")
	}
	return fail("ERR unknown subcommand '%s'. Try CLIENT HELP.", q.arg(0))
}

func (q *redisQuery) line(c redisConnection) string {
	flags, sub := c.flags, 0
	if flags == "P" {
		sub = 1
	}
	age := int(q.world.Time().Sub(q.redis.Started).Seconds())
	return fmt.Sprintf("id=%d addr=%s laddr=%s fd=%d name=%s age=%d idle=0 flags=%s db=%d sub=%d psub=0 ssub=0 multi=-1 watch=0 qbuf=0 qbuf-free=20474 argv-mem=0 multi-mem=0 rbs=1024 rbp=0 obl=0 oll=0 "+
		"omem=0 tot-mem=22400 events=r cmd=%s user=default redir=-1 resp=2 lib-name=%s lib-ver= io-thread=0 tot-net-in=0 tot-net-out=0 tot-cmds=0\n",
		c.id, c.address, c.local, c.id+8, c.name, age, flags, q.client.DB, sub, c.command, c.lib)
}

// is says whether a connection is of a type: normal, master, replica, pubsub.
func (c redisConnection) is(kind string) bool {
	switch kind {
	case "replica", "slave":
		return c.flags == "S"
	case "master":
		return c.flags == "M"
	case "pubsub":
		return c.flags == "P"
	case "normal":
		return c.flags == "N" || c.flags == "b"
	}
	return false
}

// kill ends connections. Those of replication are made again; the others' owners come back by themselves.
func (q *redisQuery) kill(all []redisConnection) any {
	chosen := func(c redisConnection) bool { return c.address == q.arg(1) }
	single := len(q.args) == 2
	if !single {
		for i := 1; i+1 < len(q.args); i += 2 {
			value, was := q.args[i+1], chosen
			if i == 1 {
				was = func(redisConnection) bool { return true }
			}
			switch strings.ToLower(q.args[i]) {
			case "type":
				if !slices.Contains([]string{"normal", "master", "replica", "slave", "pubsub"}, strings.ToLower(value)) {
					return fail("ERR Unknown client type '%s'", value)
				}
				chosen = func(c redisConnection) bool { return was(c) && c.is(strings.ToLower(value)) }
			case "id":
				chosen = func(c redisConnection) bool { return was(c) && strconv.FormatInt(c.id, 10) == value }
			case "addr":
				chosen = func(c redisConnection) bool { return was(c) && c.address == value }
			case "skipme", "user", "laddr":
				chosen = was
			default:
				return fail("ERR syntax error")
			}
		}
	}
	n := int64(0)
	for _, c := range all[:len(all)-1] {
		if !chosen(c) {
			continue
		}
		n++
		switch c.flags {
		case "M":
			q.world.DropLink(q.host)
		case "S":
			q.world.DropLink(q.world.Host(c.host))
		}
	}
	switch {
	case single && n == 0:
		return fail("ERR No such client")
	case single:
		return Simple("OK")
	}
	return n
}

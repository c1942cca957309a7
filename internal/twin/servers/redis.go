package servers

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"recon/internal/twin/world"
)

// Simple is a status reply, such as +OK.
type Simple string

// fail is an error in Redis's words; the first word is the kind.
func fail(format string, args ...any) error { return fmt.Errorf(format, args...) }

var errWrong = fail("WRONGPASS invalid username-password pair or user is disabled.")

// RedisClient is a client of a Redis: who logged in, the database that it chose, and where it comes from.
type RedisClient struct {
	ID            int64
	User, Address string
	DB            int
}

// RedisLogin says whether a user and password are right for a host's Redis; no name is the default user.
func RedisLogin(_ *world.World, h *world.Host, user, password string) error {
	if h.Redis.Accepts(user, password) {
		return nil
	}
	return errWrong
}

// RedisCommand answers one command of the default user; see RedisCommandAs.
func RedisCommand(w *world.World, h *world.Host, db int, args []string) any {
	return RedisCommandAs(w, h, RedisClient{User: "default", DB: db, Address: h.IP + ":50512"}, args)
}

// RedisCommandAs answers one command of a client that has logged in: a string, Simple, int64, nil, error or a list of those.
// AUTH, HELLO, SELECT, QUIT and transactions are its caller's. The caller holds the world's lock, for changing.
func RedisCommandAs(w *world.World, h *world.Host, c RedisClient, args []string) any {
	if len(args) == 0 {
		return fail("ERR Protocol error: no command")
	}
	name, sub := strings.ToLower(args[0]), ""
	q := &redisQuery{world: w, host: h, redis: h.Redis, client: c, name: name, args: args[1:]}
	answer, known := redisCommands()[name]
	if !known {
		return unknownCommand(args)
	}
	full := name
	if strings.Contains(containers, " "+name+" ") && len(q.args) > 0 {
		sub = strings.ToLower(q.args[0])
		full += "|" + sub
	}
	if u := h.Redis.Users[c.User]; u == nil || !u.May(name, sub) {
		return fail("NOPERM User %s has no permissions to run the '%s' command", c.User, full)
	}
	if len(q.args) < answer.least || answer.most >= 0 && len(q.args) > answer.most {
		return fail("ERR wrong number of arguments for '%s' command", full)
	}
	if answer.writes {
		if why := w.RedisWrites(h); why != "" {
			return errors.New(why)
		}
	}
	return answer.do(q)
}

// containers are the commands whose second word says what they do.
const containers = " acl client config command latency memory object slowlog pubsub "

// redisQuery is one command on its way.
type redisQuery struct {
	world  *world.World
	host   *world.Host
	redis  *world.Redis
	client RedisClient
	name   string
	args   []string
}

func (q *redisQuery) arg(i int) string {
	if i < len(q.args) {
		return q.args[i]
	}
	return ""
}

// redisAnswer is a command: how many arguments it takes (most -1 is any number), whether it writes, and what it does.
type redisAnswer struct {
	least, most int
	writes      bool
	do          func(q *redisQuery) any
}

var redisCommands = sync.OnceValue(func() map[string]redisAnswer {
	all := dataCommands()
	maps.Copy(all, adminCommands())
	return all
})

func adminCommands() map[string]redisAnswer {
	return map[string]redisAnswer{
		"ping": {0, 1, false, func(q *redisQuery) any {
			if len(q.args) > 0 {
				return q.arg(0)
			}
			return Simple("PONG")
		}},
		"echo":         {1, 1, false, func(q *redisQuery) any { return q.arg(0) }},
		"info":         {0, -1, false, func(q *redisQuery) any { return redisInfo(q.world, q.host, q.args) }},
		"role":         {0, 0, false, func(q *redisQuery) any { return redisRole(q.world, q.host) }},
		"config":       {1, -1, false, (*redisQuery).config},
		"acl":          {1, -1, false, (*redisQuery).acl},
		"client":       {1, -1, false, (*redisQuery).clients},
		"replicaof":    {2, 2, false, (*redisQuery).replicaOf},
		"slaveof":      {2, 2, false, (*redisQuery).replicaOf},
		"command":      {0, -1, false, func(q *redisQuery) any { return q.command() }},
		"memory":       {1, -1, false, none},
		"latency":      {1, -1, false, none},
		"slowlog":      {1, -1, false, func(q *redisQuery) any { return q.slowlog() }},
		"pubsub":       {1, -1, false, none},
		"lastsave":     {0, 0, false, func(q *redisQuery) any { return byClock(q.world, q.host, q.redis.Saved).Unix() }},
		"save":         {0, 0, false, func(q *redisQuery) any { q.redis.Saved = q.world.Time(); return Simple("OK") }},
		"bgsave":       {0, 1, false, func(q *redisQuery) any { q.redis.Saved = q.world.Time(); return Simple("Background saving started") }},
		"bgrewriteaof": {0, 0, false, func(*redisQuery) any { return Simple("Background append only file rewriting started") }},
		"wait":         {2, 2, false, func(q *redisQuery) any { return int64(q.redis.Good(q.world.Time())) }},
		"time": {0, 0, false, func(q *redisQuery) any {
			now := q.host.Clock()
			return []any{strconv.FormatInt(now.Unix(), 10), strconv.Itoa(now.Nanosecond() / 1000)}
		}},
		"shutdown": {0, -1, false, func(q *redisQuery) any { return told(q.host.Stop(world.RedisUnit)) }},
	}
}

func none(*redisQuery) any { return []any{} }

func told(err error) any {
	if err != nil {
		return err
	}
	return Simple("OK")
}

// byClock is a moment by a host's own clock.
func byClock(w *world.World, h *world.Host, at time.Time) time.Time {
	return h.Clock().Add(at.Sub(w.Time()))
}

func (q *redisQuery) command() any {
	if strings.EqualFold(q.arg(0), "count") {
		return int64(253)
	}
	return []any{}
}

func (q *redisQuery) slowlog() any {
	switch strings.ToLower(q.arg(0)) {
	case "len":
		return int64(0)
	case "reset":
		return Simple("OK")
	}
	return []any{}
}

func (q *redisQuery) replicaOf() any {
	if strings.EqualFold(q.arg(0), "no") && strings.EqualFold(q.arg(1), "one") {
		q.world.ReplicaOf(q.host, "")
		return Simple("OK")
	}
	if _, err := strconv.Atoi(q.arg(1)); err != nil {
		return fail("ERR Invalid master port")
	}
	for _, o := range q.world.Nodes() {
		if o.IP != q.arg(0) && o.Name != q.arg(0) {
			continue
		}
		if !q.redis.Master && q.redis.Upstream == o.Name {
			return Simple("OK Already connected to specified master")
		}
		q.world.ReplicaOf(q.host, o.Name)
		return Simple("OK")
	}
	return fail("ERR the training cluster has no host %s", q.arg(0))
}

func redisRole(w *world.World, h *world.Host) any {
	r := h.Redis
	if r.Master {
		replicas := []any{}
		for _, o := range w.RedisReplicas(h) {
			replicas = append(replicas, []any{o.IP, strconv.Itoa(world.RedisPort), strconv.FormatInt(r.Attached[o.Name].Offset, 10)})
		}
		return []any{"master", r.Offset, replicas}
	}
	ip, state, offset := "", "connect", int64(-1)
	if up := w.Host(r.Upstream); up != nil {
		ip = up.IP
	}
	if r.Linked {
		state, offset = "connected", r.Offset
	}
	return []any{"slave", ip, int64(world.RedisPort), state, offset}
}

func unknownCommand(args []string) error {
	return fail("ERR unknown command '%s', with args beginning with: %s", args[0], quoted(args[1:]))
}

func quoted(args []string) string {
	var b strings.Builder
	for _, a := range args {
		if b.Len() >= 128 {
			break
		}
		b.WriteString("'" + a + "' ")
	}
	return b.String()
}

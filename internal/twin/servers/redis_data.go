package servers

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"recon/internal/twin/world"
)

// key is what stands behind a name: a string, set, list, hash or zset. The items of a hash are names and values by turns.
type key struct {
	kind  string
	items []string
	ttl   time.Duration // 0 is for ever
}

const (
	rqStamp   = "2006-01-02T15:04:05.000000Z"
	workerTTL = 8 * time.Minute
	queueKey  = "rq:queue:default"
	workerKey = "rq:worker:"
)

// redisKeys are the keys of a database: those of rq in 0, NetBox's cache in 1, and what somebody set by hand.
func redisKeys(w *world.World, h *world.Host, db int) map[string]key {
	r := h.Redis
	out := map[string]key{}
	for name, word := range r.Data.Words {
		if d, k, ok := strings.Cut(name, " "); ok && d == strconv.Itoa(db) {
			out[k] = key{kind: "string", items: []string{word}}
		}
	}
	switch db {
	case 0:
		rqKeys(w, h, out)
	case 1:
		if r.Data.Queues {
			out[":1:config"] = key{kind: "string", items: []string{"{}"}, ttl: 5 * time.Minute}
		}
	}
	return out
}

func (q *redisQuery) keys() map[string]key { return redisKeys(q.world, q.host, q.client.DB) }

func rqKeys(w *world.World, h *world.Host, out map[string]key) {
	r := h.Redis
	at := func(host string, t time.Time) string {
		if o := w.Host(host); o != nil {
			t = byClock(w, o, t)
		}
		return t.UTC().Format(rqStamp)
	}
	var workers []string
	for _, name := range slices.Sorted(maps.Keys(r.Data.Workers)) {
		x := r.Data.Workers[name]
		workers = append(workers, workerKey+name)
		out[workerKey+name] = key{kind: "hash", ttl: workerTTL, items: []string{
			"birth", at(x.Host, x.Birth), "last_heartbeat", at(x.Host, x.Heartbeat), "queues", "high,default,low", "pid", strconv.Itoa(x.PID),
			"hostname", x.Host, "ip_address", "unknown", "version", "2.3.1", "python_version", "3.13.5 (main, Jun 25 2025, 18:55:22) [GCC 14.2.0]", "custom_prefix", "", "state", "idle",
		}}
	}
	if len(workers) > 0 {
		for _, name := range []string{"rq:workers", "rq:workers:default", "rq:workers:high", "rq:workers:low"} {
			out[name] = key{kind: "set", items: workers}
		}
	}
	if r.Data.Queues || len(r.Data.Jobs) > 0 {
		out["rq:queues"] = key{kind: "set", items: []string{"rq:queue:default", "rq:queue:high", "rq:queue:low"}}
	}
	if len(r.Data.Jobs) > 0 {
		out[queueKey] = key{kind: "list", items: slices.Clone(r.Data.Jobs)}
	}
	for _, id := range r.Data.Jobs {
		out["rq:job:"+id] = key{kind: "hash", items: []string{
			"origin", "default", "status", "queued", "description", "core.jobs.SystemHousekeepingJob.handle()", "timeout", "300", "worker_name", "",
		}}
	}
}

var errKind = fail("WRONGTYPE Operation against a key holding the wrong kind of value")

// of is the key that the first argument names, empty when there is none; wrong is when it is of another kind.
func (q *redisQuery) of(kind string) (k key, wrong error) {
	k, ok := q.keys()[q.arg(0)]
	if ok && k.kind != kind {
		return k, errKind
	}
	return k, nil
}

// reads makes a command that reads a key of one kind.
func reads(kind string, least, most int, f func(q *redisQuery, items []string) any) redisAnswer {
	return redisAnswer{least, most, false, func(q *redisQuery) any {
		k, err := q.of(kind)
		if err != nil {
			return err
		}
		return f(q, k.items)
	}}
}

func list(items []string) []any {
	out := make([]any, len(items))
	for i, s := range items {
		out[i] = s
	}
	return out
}

func field(items []string, name string) any {
	for i := 0; i+1 < len(items); i += 2 {
		if items[i] == name {
			return items[i+1]
		}
	}
	return nil
}

func count(_ *redisQuery, items []string) any { return int64(len(items)) }

// span are the items from one place to another, which count from the end when they are below 0.
func span(items []string, from, to string) []string {
	at := func(s string) int {
		n, _ := strconv.Atoi(s) // 0 where it is no number
		if n < 0 {
			n += len(items)
		}
		return n
	}
	a, b := max(at(from), 0), min(at(to)+1, len(items))
	if a >= b {
		return nil
	}
	return items[a:b]
}

// dataCommands are those that read and write keys.
func dataCommands() map[string]redisAnswer {
	return map[string]redisAnswer{
		"get": reads("string", 1, 1, func(_ *redisQuery, items []string) any {
			if len(items) == 0 {
				return nil
			}
			return items[0]
		}),
		"smembers":  reads("set", 1, 1, func(_ *redisQuery, items []string) any { return list(items) }),
		"sismember": reads("set", 2, 2, func(q *redisQuery, items []string) any { return bit(slices.Contains(items, q.arg(1))) }),
		"scard":     reads("set", 1, 1, count),
		"sscan":     reads("set", 2, -1, func(_ *redisQuery, items []string) any { return []any{"0", list(items)} }),
		"llen":      reads("list", 1, 1, count),
		"lrange":    reads("list", 3, 3, func(q *redisQuery, items []string) any { return list(span(items, q.arg(1), q.arg(2))) }),
		"hlen":      reads("hash", 1, 1, func(_ *redisQuery, items []string) any { return int64(len(items) / 2) }),
		"hget":      reads("hash", 2, 2, func(q *redisQuery, items []string) any { return field(items, q.arg(1)) }),
		"hexists":   reads("hash", 2, 2, func(q *redisQuery, items []string) any { return bit(field(items, q.arg(1)) != nil) }),
		"hgetall":   reads("hash", 1, 1, func(_ *redisQuery, items []string) any { return list(items) }),
		"hmget": reads("hash", 2, -1, func(q *redisQuery, items []string) any {
			out := []any{}
			for _, name := range q.args[1:] {
				out = append(out, field(items, name))
			}
			return out
		}),
		"zcard":  reads("zset", 1, 1, count),
		"zrange": reads("zset", 3, -1, func(_ *redisQuery, items []string) any { return list(items) }),
		"exists": {1, -1, false, func(q *redisQuery) any {
			n, keys := int64(0), q.keys()
			for _, name := range q.args {
				if _, ok := keys[name]; ok {
					n++
				}
			}
			return n
		}},
		"type": {1, 1, false, func(q *redisQuery) any {
			if k, ok := q.keys()[q.arg(0)]; ok {
				return Simple(k.kind)
			}
			return Simple("none")
		}},
		"ttl": {1, 1, false, func(q *redisQuery) any {
			switch k, ok := q.keys()[q.arg(0)]; {
			case !ok:
				return int64(-2)
			case k.ttl == 0:
				return int64(-1)
			default:
				return int64(k.ttl / time.Second)
			}
		}},
		"dbsize": {0, 0, false, func(q *redisQuery) any { return int64(len(q.keys())) }},
		"keys":   {1, 1, false, func(q *redisQuery) any { return list(q.matching(q.arg(0))) }},
		"scan": {1, -1, false, func(q *redisQuery) any {
			pattern := "*"
			for i := 1; i+1 < len(q.args); i += 2 {
				if strings.EqualFold(q.args[i], "match") {
					pattern = q.args[i+1]
				}
			}
			return []any{"0", list(q.matching(pattern))}
		}},
		"set":      {2, -1, true, (*redisQuery).set},
		"incr":     {1, 1, true, (*redisQuery).incr},
		"del":      {1, -1, true, (*redisQuery).del},
		"unlink":   {1, -1, true, (*redisQuery).del},
		"lpush":    {2, -1, true, (*redisQuery).push},
		"rpush":    {2, -1, true, (*redisQuery).push},
		"lpop":     {1, 1, true, (*redisQuery).pop},
		"srem":     {2, -1, true, (*redisQuery).forget},
		"expire":   {2, -1, true, func(q *redisQuery) any { return bit(len(q.matching(q.arg(0))) > 0) }},
		"flushdb":  {0, 1, true, (*redisQuery).flush},
		"flushall": {0, 1, true, (*redisQuery).flush},
	}
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (q *redisQuery) matching(pattern string) []string {
	var out []string
	for name := range q.keys() {
		// A pattern's / is no border here, as it is in a path's.
		if ok, err := path.Match(strings.ReplaceAll(pattern, "/", "\x00"), strings.ReplaceAll(name, "/", "\x00")); ok && err == nil {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// wrote counts what a write adds to the stream of replication.
func (q *redisQuery) wrote() {
	n := 14
	for _, a := range append([]string{q.name}, q.args...) {
		n += len(a) + 8
	}
	q.redis.Offset += int64(n)
}

func (q *redisQuery) word() string { return fmt.Sprintf("%d %s", q.client.DB, q.arg(0)) }

func (q *redisQuery) set() any {
	if k, ok := q.keys()[q.arg(0)]; ok && k.kind != "string" {
		return errKind
	}
	q.wrote()
	q.redis.Data.Words[q.word()] = q.arg(1)
	return Simple("OK")
}

func (q *redisQuery) incr() any {
	k, err := q.of("string")
	if err != nil {
		return err
	}
	n := int64(0)
	if len(k.items) > 0 {
		if n, err = strconv.ParseInt(k.items[0], 10, 64); err != nil {
			return fail("ERR value is not an integer or out of range")
		}
	}
	q.wrote()
	q.redis.Data.Words[q.word()] = strconv.FormatInt(n+1, 10)
	return n + 1
}

func (q *redisQuery) del() any {
	n, keys := int64(0), q.keys()
	for _, name := range q.args {
		if _, ok := keys[name]; !ok {
			continue
		}
		n++
		switch worker, is := strings.CutPrefix(name, workerKey); {
		case is && q.client.DB == 0:
			delete(q.redis.Data.Workers, worker)
		case name == queueKey && q.client.DB == 0:
			q.redis.Data.Jobs = nil
		}
		delete(q.redis.Data.Words, fmt.Sprintf("%d %s", q.client.DB, name))
	}
	q.wrote()
	return n
}

var errNoPlace = fail("ERR the training cluster keeps lists and sets of rq alone")

func (q *redisQuery) push() any {
	if q.arg(0) != queueKey || q.client.DB != 0 {
		return errNoPlace
	}
	q.wrote()
	q.redis.Data.Jobs = append(q.redis.Data.Jobs, q.args[1:]...)
	return int64(len(q.redis.Data.Jobs))
}

func (q *redisQuery) pop() any {
	if q.arg(0) != queueKey || q.client.DB != 0 || len(q.redis.Data.Jobs) == 0 {
		return nil
	}
	q.wrote()
	first := q.redis.Data.Jobs[0]
	q.redis.Data.Jobs = q.redis.Data.Jobs[1:]
	return first
}

// forget takes workers out of rq's set.
func (q *redisQuery) forget() any {
	if !strings.HasPrefix(q.arg(0), "rq:workers") || q.client.DB != 0 {
		return errNoPlace
	}
	n := int64(0)
	for _, member := range q.args[1:] {
		name := strings.TrimPrefix(member, workerKey)
		if _, ok := q.redis.Data.Workers[name]; ok {
			delete(q.redis.Data.Workers, name)
			n++
		}
	}
	q.wrote()
	return n
}

func (q *redisQuery) flush() any {
	everything := q.name == "flushall"
	if everything || q.client.DB == 0 {
		clear(q.redis.Data.Workers)
		q.redis.Data.Jobs = nil
	}
	maps.DeleteFunc(q.redis.Data.Words, func(name, _ string) bool {
		return everything || strings.HasPrefix(name, strconv.Itoa(q.client.DB)+" ")
	})
	q.wrote()
	return Simple("OK")
}

package probes

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"recon/internal/inventory"
)

// rqFacts is what NetBox's queues and workers leave in Redis, in database 0 (NetBox's default for tasks).
type rqFacts struct {
	queues  []Queue
	workers []Worker
	err     string // why they could not be read
}

// So many queues and workers are read at most; NetBox has three queues, and a worker or a few on each node.
const (
	mostQueues  = 50
	mostWorkers = 200
)

// netboxQueues are NetBox's own queues. A queue is in rq's set only since its first job.
var netboxQueues = []string{"high", "default", "low"}

// askQueues reads the names in two sets, and then what belongs to each by its name, in two round trips. Nothing is scanned
// that grows with the data.
func (p *redisProbe) askQueues(ctx context.Context) *rqFacts {
	f := &rqFacts{queues: []Queue{}, workers: []Worker{}}
	failed := func(err error) *rqFacts {
		return &rqFacts{err: "read rq's queues: " + words(redisError(err, p.service), deadline)}
	}
	first := p.client.Pipeline()
	queueSet, workerSet := first.SScan(ctx, "rq:queues", 0, "", mostQueues), first.SScan(ctx, "rq:workers", 0, "", mostWorkers)
	if _, err := first.Exec(ctx); err != nil {
		return failed(err)
	}
	queueKeys, _ := queueSet.Val()
	workerKeys, _ := workerSet.Val()
	queues, workers := rqNames(queueKeys, "rq:queue:", netboxQueues, mostQueues), rqNames(workerKeys, "rq:worker:", nil, mostWorkers)

	second := p.client.Pipeline()
	var waiting, broken []*redis.IntCmd
	for _, name := range queues {
		waiting, broken = append(waiting, second.LLen(ctx, "rq:queue:"+name)), append(broken, second.ZCard(ctx, "rq:failed:"+name))
	}
	var hashes []*redis.SliceCmd
	for _, name := range workers {
		hashes = append(hashes, second.HMGet(ctx, "rq:worker:"+name, "hostname", "last_heartbeat", "state"))
	}
	if _, err := second.Exec(ctx); err != nil {
		return failed(err)
	}
	for i, name := range queues {
		f.queues = append(f.queues, Queue{Name: line(name), Waiting: int(waiting[i].Val()), Failed: int(broken[i].Val())})
	}
	for i, name := range workers {
		if w := rqWorker(name, hashes[i].Val(), p.now()); w != nil {
			f.workers = append(f.workers, *w)
		}
	}
	return f
}

// rqNames are the names in a set of keys, sorted, after those that are always there; at most so many.
func rqNames(keys []string, prefix string, always []string, most int) []string {
	names := []string{}
	for _, k := range keys {
		if n := strings.TrimPrefix(k, prefix); !slices.Contains(always, n) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	names = append(slices.Clone(always), slices.Compact(names)...) // SSCAN may give one twice
	return names[:min(len(names), most)]
}

// rqWorker is a registered worker. Its hash expires some minutes after its last heartbeat, its name in the set only when
// another worker tidies up: a name without a hash is nobody, and nil.
func rqWorker(name string, hash []any, now time.Time) *Worker {
	text := func(i int) string {
		if i >= len(hash) {
			return ""
		}
		s, _ := hash[i].(string) // nil when the hash does not have it
		return s
	}
	if !slices.ContainsFunc(hash, func(v any) bool { return v != nil }) {
		return nil
	}
	w := parseWorker(name, text(0), text(1), text(2), now)
	return &w
}

// parseWorker reads a worker's hash. A heartbeat that is missing or cannot be read is as old as can be: such a worker is
// registered and gone.
func parseWorker(name, host, heartbeat, state string, now time.Time) Worker {
	w := Worker{Name: line(name), Host: line(host), State: line(state), Heartbeat: now.Sub(time.Unix(0, 0)).Seconds()}
	for _, layout := range []string{"2006-01-02T15:04:05.999999Z", time.RFC3339Nano, "2006-01-02T15:04:05.999999"} {
		if at, err := time.Parse(layout, heartbeat); err == nil {
			w.Heartbeat = max(0, now.Sub(at).Seconds())
			return w
		}
	}
	if sec, err := strconv.ParseFloat(heartbeat, 64); err == nil && sec > 0 && sec < 1e11 {
		w.Heartbeat = max(0, now.Sub(time.UnixMicro(int64(sec*1e6))).Seconds())
	}
	return w
}

// assembleQueues is what the one master tells of NetBox's background jobs, or why nothing is known of them.
func assembleQueues(c *inventory.Cluster, r raw, m moment) (queues []Queue, workers []Worker, why string) {
	if c.Redis == nil {
		return nil, nil, "the cluster file names no Redis"
	}
	var masters []answer[redisFacts]
	for _, n := range running(c, c.Redis.On) {
		if a := r.redis[n.Name]; a.fresh(m) && a.fact.info.role == "master" {
			masters = append(masters, a)
		}
	}
	switch {
	case len(masters) == 0:
		return nil, nil, "no Redis master was seen"
	case len(masters) > 1:
		return nil, nil, "more than one Redis says that it is master"
	case masters[0].fact.rq == nil:
		return nil, nil, "the queues were not read"
	case masters[0].fact.rq.err != "":
		return nil, nil, masters[0].fact.rq.err
	}
	old := m.now.Sub(masters[0].ended).Seconds()
	f := masters[0].fact.rq
	workers = slices.Clone(f.workers)
	for i := range workers {
		workers[i].Heartbeat += max(0, old)
	}
	return f.queues, workers, ""
}

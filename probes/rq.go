package probes

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

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

// askQueues reads the names in two sets and then each by its name. Nothing is scanned that grows with the data.
func (p *redisProbe) askQueues(ctx context.Context) *rqFacts {
	f := &rqFacts{queues: []Queue{}, workers: []Worker{}}
	failed := func(err error) *rqFacts {
		f.err = "read rq's queues: " + words(redisError(err, p.service), deadline)
		return f
	}
	names, _, err := p.client.SScan(ctx, "rq:queues", 0, "", mostQueues).Result()
	if err != nil {
		return failed(err)
	}
	workers, _, err := p.client.SScan(ctx, "rq:workers", 0, "", mostWorkers).Result()
	if err != nil {
		return failed(err)
	}
	slices.Sort(names)
	slices.Sort(workers)
	names, workers = slices.Compact(names), slices.Compact(workers) // SSCAN may give one twice
	for _, key := range names[:min(len(names), mostQueues)] {
		name := strings.TrimPrefix(key, "rq:queue:")
		waiting, err := p.client.LLen(ctx, "rq:queue:"+name).Result()
		if err != nil {
			return failed(err)
		}
		broken, err := p.client.ZCard(ctx, "rq:failed:"+name).Result()
		if err != nil {
			return failed(err)
		}
		f.queues = append(f.queues, Queue{Name: line(name), Waiting: int(waiting), Failed: int(broken)})
	}
	for _, key := range workers[:min(len(workers), mostWorkers)] {
		h, err := p.client.HMGet(ctx, key, "hostname", "last_heartbeat", "state", "queues").Result()
		if err != nil {
			return failed(err)
		}
		text := func(i int) string {
			s, _ := h[i].(string) // nil when the hash does not have it
			return s
		}
		f.workers = append(f.workers, parseWorker(strings.TrimPrefix(key, "rq:worker:"), text(0), text(1), text(2), p.now()))
	}
	return f
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

package probes

import (
	"context"
	"slices"
)

// sentinelFacts is what one Sentinel answered.
type sentinelFacts struct {
	version string
	tilt    *bool
	// monitors are the names of the masters that it watches. master is the one of the cluster file; nil when it is not among
	// them.
	monitors []string
	master   *sentinelMaster
	// quorumErr is what CKQUORUM answered when a failover could not be authorised.
	quorumOK  bool
	quorumErr string
	// othersDown and replicasDown are counts of its lists; unread says of single fields why they were not told.
	othersDown, replicasDown int
	unread                   map[string]string
}

func aimSentinel(a aiming) ([]*target, error) {
	s := a.cluster.Sentinel
	if s == nil {
		return nil, nil
	}
	var out []*target
	for _, n := range running(a.cluster, s.On) {
		d := a.reach(n, s.Port)
		out = append(out, aimed(a.Watch, a.raw.sentinel, "sentinel", n.Name, "sentinel "+d.address, deadline,
			&sentinelProbe{redisClient: a.redisClient(d, "sentinel", s.User, s.Password), name: s.Master}))
	}
	return out, nil
}

// sentinelProbe asks one Sentinel. What it says of others is its own view: every one is asked, and they are compared.
type sentinelProbe struct {
	*redisClient
	name string
}

func (p *sentinelProbe) ask(ctx context.Context) (sentinelFacts, error) {
	f := sentinelFacts{unread: map[string]string{}}
	err := p.try(ctx, func(ctx context.Context) error {
		reply, err := p.client.Do(ctx, "SENTINEL", "MASTERS").Result()
		if err != nil {
			return err
		}
		masters, err := parseSentinelList(reply)
		if err != nil {
			return err
		}
		for _, m := range masters {
			f.monitors = append(f.monitors, line(m["name"]))
			if m["name"] == p.name {
				master := parseSentinelMaster(m)
				f.master = &master
			}
		}
		if err := p.about(ctx, &f); err != nil {
			return err
		}
		if f.master == nil {
			return nil
		}
		if _, err := p.client.Do(ctx, "SENTINEL", "CKQUORUM", p.name).Result(); err == nil {
			f.quorumOK = true
		} else if isReply(err) {
			f.quorumErr = line(err.Error()) // an error is its answer when there is no quorum
		} else {
			return err
		}
		if f.othersDown, err = p.down(ctx, "SENTINELS"); err != nil {
			return err
		}
		f.replicasDown, err = p.down(ctx, "REPLICAS")
		return err
	})
	return f, err
}

// about reads what INFO says of the Sentinel itself.
func (p *sentinelProbe) about(ctx context.Context, f *sentinelFacts) error {
	text, err := p.client.Info(ctx).Result()
	switch {
	case isReply(err):
		f.unread["version"], f.unread["tilt"] = line(err.Error()), line(err.Error())
		return nil
	case err != nil:
		return err
	}
	m := infoFields(text)
	f.version = line(m["redis_version"])
	if v := m["valkey_version"]; v != "" {
		f.version = line(v)
	}
	if v, ok := m["sentinel_tilt"]; ok {
		tilt := v == "1"
		f.tilt = &tilt
	} else {
		f.unread["tilt"] = "its answer to INFO does not tell it"
	}
	return nil
}

// down counts the entries of a list that the Sentinel cannot reach.
func (p *sentinelProbe) down(ctx context.Context, list string) (int, error) {
	reply, err := p.client.Do(ctx, "SENTINEL", list, p.name).Result()
	if isReply(err) && list == "REPLICAS" {
		// The word before Redis 5.
		reply, err = p.client.Do(ctx, "SENTINEL", "SLAVES", p.name).Result()
	}
	if err != nil {
		return 0, err
	}
	entries, err := parseSentinelList(reply)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, e := range entries {
		flags := sentinelFlags(e["flags"])
		if slices.Contains(flags, "s_down") || slices.Contains(flags, "o_down") || slices.Contains(flags, "disconnected") {
			n++
		}
	}
	return n, nil
}

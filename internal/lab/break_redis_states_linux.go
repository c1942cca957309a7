package lab

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// redisSetting is a fault that is a setting of a running Redis.
func redisSetting(where func(context.Context, *scene) ([]host, error), said string, set, back []string) recipe {
	return recipe{
		func(ctx context.Context, s *scene) error {
			hosts, err := where(ctx, s)
			if err != nil {
				return err
			}
			s.tell(said)
			_, err = (guest{s.Lab, hosts[0]}).redis(ctx, append([]string{"CONFIG", "SET"}, set...)...)
			return err
		},
		func(ctx context.Context, s *scene) error {
			return s.each(s.where(), func(g guest) error {
				if g.unitStates(ctx)["redis-server"] != "active" {
					return nil // it reads its file when it starts
				}
				_, err := g.redis(ctx, append([]string{"CONFIG", "SET"}, back...)...)
				return err
			})
		},
	}
}

func leaveLittleMemory(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.redisReplica)
	if err != nil {
		return err
	}
	info, err := g.redis(ctx, "INFO", "memory")
	if err != nil {
		return err
	}
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "used_memory:"); ok {
			used, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return err
			}
			s.say("set maxmemory of Redis on %s to little more than it uses", g.name)
			_, err = g.redis(ctx, "CONFIG", "SET", "maxmemory", fmt.Sprint(used+used/25))
			return err
		}
	}
	return &Error{What: "Redis on " + g.name + " does not tell how much memory it uses"}
}

func failSave(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.redisReplica)
	if err != nil {
		return err
	}
	if _, err := g.run(ctx, "chmod", "u-w", "/var/lib/redis"); err != nil {
		return err
	}
	if _, err := g.redis(ctx, "BGSAVE"); err != nil {
		return err
	}
	s.say("Redis on %s cannot write its snapshot", g.name)
	return g.awaitInfo(ctx, "a snapshot that failed", "persistence", "rdb_last_bgsave_status:err")
}

func saveAgain(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		if _, err := g.run(ctx, "chmod", "u+w", "/var/lib/redis"); err != nil {
			return err
		}
		if g.unitStates(ctx)["redis-server"] != "active" {
			return nil
		}
		_, err := g.redis(ctx, "BGSAVE")
		return err
	})
}

// chainRedis stops the Sentinels, which would mend it, and lets one replica follow the other.
func chainRedis(ctx context.Context, s *scene) error {
	master, err := s.redisMaster(ctx)
	if err != nil {
		return err
	}
	var replicas []host
	for _, h := range nodes() {
		if h.name != master {
			replicas = append(replicas, h)
		}
	}
	if err := s.mark(hostNames(nodes())...); err != nil {
		return err
	}
	if err := s.each(nodes(), func(g guest) error { _, err := g.run(ctx, "systemctl", "stop", "redis-sentinel"); return err }); err != nil {
		return err
	}
	s.say("stopped the Sentinels and let Redis on %s follow %s", replicas[1].name, replicas[0].name)
	_, err = (guest{s.Lab, replicas[1]}).redis(ctx, "REPLICAOF", replicas[0].address, "6379")
	return err
}

func unchainRedis(ctx context.Context, s *scene) error {
	name, err := s.redisMaster(ctx)
	if err != nil {
		return err
	}
	master, err := find(name)
	if err != nil {
		return err
	}
	return s.each(nodes(), func(g guest) error {
		if g.name != name && g.unitStates(ctx)["redis-server"] == "active" {
			if _, err := g.redis(ctx, "REPLICAOF", master.address, "6379"); err != nil {
				return err
			}
		}
		return g.start(ctx, "redis-sentinel")
	})
}

// moveRedis does by hand what a failover does, behind the Sentinels' backs.
func moveRedis(ctx context.Context, s *scene) error {
	name, err := s.redisReplica(ctx)
	if err != nil {
		return err
	}
	to, err := find(name)
	if err != nil {
		return err
	}
	if err := s.mark(hostNames(nodes())...); err != nil {
		return err
	}
	if _, err := (guest{s.Lab, to}).redis(ctx, "REPLICAOF", "NO", "ONE"); err != nil {
		return err
	}
	s.say("made Redis on %s the master by hand", name)
	return s.each(nodes(), func(g guest) error {
		if g.name == name || g.unitStates(ctx)["redis-server"] != "active" {
			return nil
		}
		_, err := g.redis(ctx, "REPLICAOF", to.address, "6379")
		return err
	})
}

// unmoveRedis lets everybody know of the one master that there is.
func unmoveRedis(ctx context.Context, s *scene) error {
	if err := unchainRedis(ctx, s); err != nil {
		return err
	}
	return watchMaster(ctx, s)
}

// watchOther takes the master from a Sentinel, and may give it a replica instead.
func watchOther(ctx context.Context, s *scene, another bool) error {
	g, err := s.choose(ctx, lastNode)
	if err != nil {
		return err
	}
	if _, err := g.sentinel(ctx, "REMOVE", sentinelMaster); err != nil {
		return err
	}
	if !another {
		s.say("the Sentinel on %s watches nothing any more", g.name)
		return nil
	}
	name, err := s.redisReplica(ctx)
	if err != nil {
		return err
	}
	s.say("the Sentinel on %s takes %s for the master", g.name, name)
	return s.monitor(ctx, g, name)
}

func watchMaster(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		if g.unitStates(ctx)["redis-sentinel"] != "active" {
			return nil
		}
		master, err := s.redisMaster(ctx)
		if err != nil {
			return err
		}
		_, _ = g.sentinel(ctx, "REMOVE", sentinelMaster) // it may watch none
		return s.monitor(ctx, g, master)
	})
}

// monitor lets a Sentinel watch the Redis of a node as the master, with what the roles give it. The password goes by
// standard input.
func (s *scene) monitor(ctx context.Context, g guest, name string) error {
	h, err := find(name)
	if err != nil {
		return err
	}
	_, err = g.sh(ctx, `
password=$(sed -n 's/^requirepass "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/redis/redis.conf)
REDISCLI_AUTH=$(sed -n 's/^requirepass "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/redis/sentinel.conf); export REDISCLI_AUTH
cli() { redis-cli -h 127.0.0.1 -p 26379 -e "$@"; }
cli SENTINEL MONITOR "$1" "$2" 6379 2
cli SENTINEL SET "$1" down-after-milliseconds 5000
cli SENTINEL SET "$1" failover-timeout 60000
printf %s "$password" | cli -x SENTINEL SET "$1" auth-pass`, sentinelMaster, h.address)
	return err
}

// onRedisMaster runs a script on the host of the master, with the password at hand.
func onRedisMaster(ctx context.Context, s *scene, said, script string) error {
	name, err := s.redisMaster(ctx)
	if err != nil {
		return err
	}
	g, err := s.guest(name)
	if err != nil {
		return err
	}
	if err := s.mark(name); err != nil {
		return err
	}
	if said != "" {
		s.say("%s", said)
	}
	_, err = g.sh(ctx, `REDISCLI_AUTH=$(sed -n 's/^requirepass "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/redis/redis.conf); export REDISCLI_AUTH`+"\n"+script)
	return err
}

// leaveJobs kills the workers, then leaves jobs.
func leaveJobs(ctx context.Context, s *scene) error {
	if err := s.mark(hostNames(nodes())...); err != nil {
		return err
	}
	if err := s.each(nodes(), func(g guest) error { return g.kill(ctx, "netbox-rq") }); err != nil {
		return err
	}
	_, err := (guest{s.Lab, nodes()[0]}).sh(ctx, `
cd /opt/netbox/netbox
runuser -u netbox -- python3 -c 'import redis, rq, standin, time
queue, end = rq.Queue("default", connection=standin.TASKS), time.monotonic() + 30
while True:
    try: # another fault may have moved Redis a moment ago
        while queue.count < 60: queue.enqueue("standin.housekeeping")
        break
    except redis.exceptions.RedisError:
        if time.monotonic() > end: raise
        time.sleep(0.5)'`)
	if err != nil {
		return err
	}
	s.say("killed the workers on every node, and left 60 jobs")
	return nil
}

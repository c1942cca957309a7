package lab

import (
	"context"
	"fmt"
	"strings"
	"time"

	"recon/internal/fault"
)

func redisRecipes() map[string]recipe {
	return map[string]recipe{
		fault.KillRedisMaster:  {killRedisMaster, starts("redis-server")},
		fault.RedisTwoMasters:  {secondMaster, dropSecondMaster},
		fault.RedisWrongPass:   {wrongMasterauth, rightMasterauth},
		fault.RedisLocalhost:   {listenLocally, listenAgain},
		fault.RedisReadonlyDir: {sealDataDir, unsealDataDir},
		fault.RedisNoCandidate: {noCandidate, candidatesAgain},
	}
}

// redis asks the guest's own Redis, with the password from its configuration: neither is seen in a process list.
func (g guest) redis(ctx context.Context, args ...string) (string, error) {
	return g.redisCLI(ctx, "6379", "/etc/redis/redis.conf", args...)
}

func (g guest) redisCLI(ctx context.Context, port, config string, args ...string) (string, error) {
	return g.sh(ctx, `
REDISCLI_AUTH=$(sed -n 's/^requirepass "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$2"); export REDISCLI_AUTH
port=$1; shift 2; exec redis-cli -h 127.0.0.1 -p "$port" -t 3 -e "$@"`, append([]string{port, config}, args...)...)
}

// redisMasters are the nodes whose Redis says that it is a master.
func (l *Lab) redisMasters(ctx context.Context) ([]host, error) {
	is := map[string]bool{}
	roles := make([]string, len(nodes()))
	for i, h := range nodes() {
		g := guest{l, h}
		if g.unitStates(ctx)["redis-server"] != "active" {
			continue
		}
		out, err := g.redis(ctx, "ROLE")
		if err != nil {
			return nil, err
		}
		roles[i], _, _ = strings.Cut(out, "\n")
		is[h.name] = roles[i] == "master"
	}
	var masters []host
	for _, h := range nodes() {
		if is[h.name] {
			masters = append(masters, h)
		}
	}
	return masters, nil
}

// redisMaster is the one master.
func (l *Lab) redisMaster(ctx context.Context) (string, error) {
	masters, err := l.redisMasters(ctx)
	if err == nil && len(masters) != 1 {
		err = &Error{What: fmt.Sprintf("%d masters of Redis", len(masters)), Hint: "`recon lab mend`"}
	}
	if err != nil {
		return "", err
	}
	return masters[0].name, nil
}

// redisReplica is the last node that is not the master.
func (l *Lab) redisReplica(ctx context.Context) (string, error) {
	master, err := l.redisMaster(ctx)
	if err != nil {
		return "", err
	}
	return oneOf(master)
}

func killRedisMaster(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.redisMaster)
	if err != nil {
		return err
	}
	if err := g.kill(ctx, "redis-server"); err != nil {
		return err
	}
	s.say("killed the Redis master on %s; its unit stays stopped", g.name)
	return g.refuses(ctx, 6379)
}

func secondMaster(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.redisReplica)
	if err != nil {
		return err
	}
	// They would put it right within seconds.
	err = s.each(nodes(), func(g guest) error {
		_, err := g.run(ctx, "systemctl", "stop", "redis-sentinel")
		return err
	})
	if err != nil {
		return err
	}
	if _, err := g.redis(ctx, "REPLICAOF", "NO", "ONE"); err != nil {
		return err
	}
	s.say("stopped the Sentinels and made Redis on %s a second master", g.name)
	name, err := s.holder(ctx)
	if err != nil {
		return err
	}
	entry, err := s.guest(name)
	if err != nil {
		return err
	}
	return entry.backend(ctx, "be_redis_master", g.name, "UP")
}

// dropSecondMaster gives up what the second master took; the Sentinels come back to what they knew.
func dropSecondMaster(ctx context.Context, s *scene) error {
	masters, err := s.redisMasters(ctx)
	if err != nil {
		return err
	}
	for _, other := range masters {
		for _, h := range s.where() {
			if len(masters) < 2 || len(s.hosts) == 0 || other.name == h.name {
				continue
			}
			if _, err := (guest{s.Lab, h}).redis(ctx, "REPLICAOF", other.address, "6379"); err != nil {
				return err
			}
		}
	}
	return s.each(nodes(), func(g guest) error { return g.start(ctx, "redis-sentinel") })
}

func wrongMasterauth(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.redisReplica)
	if err != nil {
		return err
	}
	if _, err := g.redis(ctx, "CONFIG", "SET", "masterauth", "not-the-password"); err != nil {
		return err
	}
	// The open link has its password behind it.
	if _, err := g.redis(ctx, "CLIENT", "KILL", "TYPE", "master"); err != nil {
		return err
	}
	s.say("gave the replica on %s a wrong password for its master", g.name)
	return g.awaitInfo(ctx, "a link that is down", "replication", "master_link_status:down")
}

// awaitInfo waits until the guest's Redis says so in a section of INFO.
func (g guest) awaitInfo(ctx context.Context, what, section, wanted string) error {
	return g.lab.await(ctx, 20*time.Second, what, func(ctx context.Context) error {
		out, err := g.redis(ctx, "INFO", section)
		if err == nil && !strings.Contains(out, wanted) {
			err = fmt.Errorf("redis on %s does not say %s", g.name, wanted)
		}
		return err
	})
}

func rightMasterauth(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		if g.unitStates(ctx)["redis-server"] != "active" {
			return nil // it reads its file when it starts
		}
		// The password goes by standard input: -x makes it the last argument.
		_, err := g.sh(ctx, `
password=$(sed -n 's/^requirepass "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/redis/redis.conf)
export REDISCLI_AUTH=$password
printf %s "$password" | redis-cli -h 127.0.0.1 -e -x CONFIG SET masterauth
! grep -q '^masterauth.*not-the-password' /etc/redis/redis.conf || redis-cli -h 127.0.0.1 -e CONFIG REWRITE`)
		return err
	})
}

func listenLocally(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.redisReplica)
	if err != nil {
		return err
	}
	if _, err := g.redis(ctx, "CONFIG", "SET", "bind", "127.0.0.1"); err != nil {
		return err
	}
	// Connections that are open stay so, and would hide it.
	for _, kind := range []string{"normal", "pubsub"} {
		if _, err := g.redis(ctx, "CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes"); err != nil {
			return err
		}
	}
	s.say("Redis on %s listens on 127.0.0.1 only", g.name)
	return g.refuses(ctx, 6379)
}

func listenAgain(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		if g.unitStates(ctx)["redis-server"] != "active" {
			return nil
		}
		_, err := g.redis(ctx, "CONFIG", "SET", "bind", "127.0.0.1 "+g.address)
		return err
	})
}

// sealed is the drop-in of the unit that makes Redis's folder read-only.
const sealed = "/etc/systemd/system/redis-server.service.d/hardening.conf"

func sealDataDir(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.redisReplica)
	if err != nil {
		return err
	}
	since, err := g.sh(ctx, `
mkdir -p "$(dirname "$1")"
printf '[Service]\nReadWritePaths=\nReadWritePaths=-/var/run/redis -/etc/redis\nReadOnlyPaths=/var/lib/redis\n' >"$1"
systemctl daemon-reload
date +%s
systemctl restart --no-block redis-server`, sealed)
	if err != nil {
		return err
	}
	s.say("made /var/lib/redis read-only to Redis on %s; it does not start", g.name)
	return s.await(ctx, 30*time.Second, "Redis to give up", func(ctx context.Context) error {
		out, err := g.sh(ctx, `systemctl show --property=ActiveState --value redis-server; journalctl --unit=redis-server --since="@$1" --grep='[Rr]ead-only' --quiet || :`, since)
		if state, journal, _ := strings.Cut(out, "\n"); err == nil && (state != "failed" || journal == "") {
			err = fmt.Errorf("redis-server is %s", out)
		}
		return err
	})
}

func unsealDataDir(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		if _, err := g.sh(ctx, `[ ! -e "$1" ] || { rm "$1"; systemctl daemon-reload; }`, sealed); err != nil {
			return err
		}
		return g.start(ctx, "redis-server")
	})
}

func noCandidate(ctx context.Context, s *scene) error {
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
	if err := s.mark(hostNames(replicas)...); err != nil {
		return err
	}
	s.say("left replica-priority 0 on %s", strings.Join(s.hosts, " and "))
	return s.each(replicas, func(g guest) error { return g.setPriority(ctx, "0") })
}

func candidatesAgain(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		if g.unitStates(ctx)["redis-server"] != "active" {
			return nil
		}
		return g.setPriority(ctx, "100")
	})
}

func (g guest) setPriority(ctx context.Context, priority string) error {
	_, err := g.redis(ctx, "CONFIG", "SET", "replica-priority", priority)
	return err
}

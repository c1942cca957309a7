package lab

import (
	"context"
	"fmt"
	"strings"
	"time"

	"recon/internal/fault"
)

func sentinelRecipes() map[string]recipe {
	return map[string]recipe{
		fault.SentinelQuorum:  {killSentinels, starts("redis-sentinel")},
		fault.SentinelGhost:   {leaveGhost, forgetGhost},
		fault.SentinelUnsaved: {sealConfig, unsealConfig},
	}
}

// sentinel asks the guest's own Sentinel.
func (g guest) sentinel(ctx context.Context, args ...string) (string, error) {
	return g.redisCLI(ctx, "26379", "/etc/redis/sentinel.conf", append([]string{"SENTINEL"}, args...)...)
}

func killSentinels(ctx context.Context, s *scene) error {
	victims := nodes()[1:]
	if err := s.mark(hostNames(victims)...); err != nil {
		return err
	}
	err := s.each(victims, func(g guest) error {
		if err := g.kill(ctx, "redis-sentinel"); err != nil {
			return err
		}
		return g.refuses(ctx, 26379)
	})
	if err != nil {
		return err
	}
	s.say("killed the Sentinels on %s; their units stay stopped", strings.Join(s.hosts, " and "))
	last := guest{s.Lab, nodes()[0]}
	return s.await(ctx, 20*time.Second, "the loss of quorum", func(ctx context.Context) error {
		if out, err := last.sentinel(ctx, "CKQUORUM", sentinelMaster); err == nil {
			return fmt.Errorf("%s says %s", last.name, out)
		}
		return nil
	})
}

// others is how many other Sentinels and replicas the guest's Sentinel knows.
func (g guest) others(ctx context.Context) (sentinels, replicas string, err error) {
	out, err := g.sentinel(ctx, "MASTER", sentinelMaster)
	if err != nil {
		return "", "", err
	}
	words := strings.Fields(out)
	for i := 0; i+1 < len(words); i++ {
		switch words[i] {
		case "num-other-sentinels":
			sentinels = words[i+1]
		case "num-slaves":
			replicas = words[i+1]
		}
	}
	return sentinels, replicas, nil
}

// leaveGhost starts a Sentinel with the same master and password, but an identity of its own, until the others know it.
func leaveGhost(ctx context.Context, s *scene) error {
	if err := s.mark(nodes()[0].name); err != nil {
		return err
	}
	g := guest{s.Lab, nodes()[0]}
	if _, err := g.sh(ctx, `
dir=/var/lib/redis/lab-ghost
install -d -o redis -g redis -m 750 "$dir"
sed -e '/myid\|known-\|epoch\|announce-\|^port\|^dir\|^pidfile\|^bind/d' /etc/redis/sentinel.conf >"$dir/sentinel.conf"
printf 'port 26380\nbind %s\ndir %s\nsentinel announce-ip %s\n' "$1" "$dir" "$1" >>"$dir/sentinel.conf"
chown redis:redis "$dir/sentinel.conf"
systemd-run --quiet --collect --unit=lab-ghost --uid=redis redis-sentinel "$dir/sentinel.conf"`, g.address); err != nil {
		return err
	}
	known := s.await(ctx, 40*time.Second, "Sentinels that know the fourth", func(ctx context.Context) error {
		return s.each(nodes(), func(g guest) error {
			n, _, err := g.others(ctx)
			if err == nil && n != "3" {
				err = fmt.Errorf("the Sentinel on %s knows %s others", g.name, n)
			}
			return err
		})
	})
	if _, err := g.sh(ctx, `systemctl stop lab-ghost; rm -r /var/lib/redis/lab-ghost`); err != nil {
		return err
	}
	if known != nil {
		return known
	}
	s.say("a fourth Sentinel introduced itself on %s and is gone", g.name)
	return s.await(ctx, 30*time.Second, "the ghost to be seen down", func(ctx context.Context) error {
		out, err := g.sentinel(ctx, "SENTINELS", sentinelMaster)
		if err == nil && !strings.Contains(out, "s_down") {
			err = fmt.Errorf("the Sentinel on %s still believes in it", g.name)
		}
		return err
	})
}

// forgetGhost makes one Sentinel after the other forget and find anew, each only when the one before knows its peers again.
func forgetGhost(ctx context.Context, s *scene) error {
	for _, h := range nodes() {
		g := guest{s.Lab, h}
		if g.unitStates(ctx)["redis-sentinel"] != "active" {
			if err := g.start(ctx, "redis-sentinel"); err != nil {
				return err
			}
		}
		// What a stopped fault left.
		if _, err := g.sh(ctx, `systemctl stop lab-ghost 2>/dev/null || :; rm -rf /var/lib/redis/lab-ghost`); err != nil {
			return err
		}
		if n, _, err := g.others(ctx); err == nil && n == fmt.Sprint(len(nodes())-1) {
			continue
		}
		if _, err := g.sentinel(ctx, "RESET", sentinelMaster); err != nil {
			return err
		}
		err := s.await(ctx, 40*time.Second, "the Sentinel on "+g.name+" to know its peers", func(ctx context.Context) error {
			n, replicas, err := g.others(ctx)
			if want := fmt.Sprint(len(nodes()) - 1); err == nil && (n != want || replicas != want) {
				err = fmt.Errorf("it knows %s others and %s replicas", n, replicas)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func sealConfig(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, lastNode)
	if err != nil {
		return err
	}
	if _, err := g.sh(ctx, `chown -R root:redis /etc/redis; chmod -R g-w /etc/redis`); err != nil {
		return err
	}
	if out, err := g.sentinel(ctx, "FLUSHCONFIG"); err == nil {
		return &Error{What: "the Sentinel on " + g.name + " still saves what it knows: " + out}
	}
	s.say("took /etc/redis from Redis's user on %s: the Sentinel there cannot save what it knows", g.name)
	return nil
}

func unsealConfig(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		if _, err := g.sh(ctx, `chown -R redis:redis /etc/redis; chmod g+w /etc/redis`); err != nil {
			return err
		}
		if g.unitStates(ctx)["redis-sentinel"] != "active" {
			return nil
		}
		_, err := g.sentinel(ctx, "FLUSHCONFIG")
		return err
	})
}

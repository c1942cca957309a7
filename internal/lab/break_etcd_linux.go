package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"recon/internal/fault"
)

func etcdRecipes() map[string]recipe {
	return map[string]recipe{
		fault.EtcdMember:  {killMember, starts("etcd-patroni")},
		fault.EtcdQuorum:  {killQuorum, starts("etcd-patroni")},
		fault.EtcdNoSpace: {fillStore, emptyStore},
		fault.EtcdStalls:  {stallStore, freeStore},
	}
}

// etcdctl talks to the guest's own member.
func (g guest) etcdctl(ctx context.Context, args ...string) (string, error) {
	out, err := g.run(ctx, append([]string{"etcdctl", "--endpoints=http://" + g.address + ":22379", "--command-timeout=5s"}, args...)...)
	return strings.TrimSpace(out), err
}

func killMember(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.asyncReplica)
	if err != nil {
		return err
	}
	if err := g.kill(ctx, "etcd-patroni"); err != nil {
		return err
	}
	s.say("killed etcd on %s; its unit stays stopped", g.name)
	return g.refuses(ctx, 22379)
}

func killQuorum(ctx context.Context, s *scene) error {
	victims, err := s.replicas(ctx)
	if err != nil {
		return err
	}
	keep, err := s.leaderGuest(ctx)
	if err != nil {
		return err
	}
	if err := s.mark(hostNames(victims)...); err != nil {
		return err
	}
	if err := s.each(victims, func(g guest) error { return g.kill(ctx, "etcd-patroni") }); err != nil {
		return err
	}
	err = s.await(ctx, 20*time.Second, "the loss of quorum", func(ctx context.Context) error {
		if _, err := keep.etcdctl(ctx, "--command-timeout=1s", "endpoint", "health"); err == nil {
			return errors.New("the last member still serves reads")
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.say("killed etcd on %s, their units stay stopped; the member of the leader %s is alone", strings.Join(s.hosts, " and "), keep.name)
	return nil
}

// fillStore lowers the quota of one member, which is enough: it raises the alarm for all.
func fillStore(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.asyncReplica)
	if err != nil {
		return err
	}
	_, err = g.sh(ctx, `
grep -q '# fault was' /etc/etcd-patroni/etcd.yml ||
  sed -i 's/^quota-backend-bytes: \([0-9]*\)$/quota-backend-bytes: 8388608 # fault was \1/' /etc/etcd-patroni/etcd.yml
systemctl restart etcd-patroni`)
	if err != nil {
		return err
	}
	s.say("gave etcd on %s a quota of 8 MiB; filling it", g.name)
	// One key, written again and again: what fills the store are old revisions, as on the training cluster and as mostly in life.
	for range 20 {
		out, err := g.feed(ctx, strings.Repeat("x", 1<<20), "etcdctl", "--endpoints=http://"+g.address+":22379", "put", "/lab/fill/0")
		if err != nil && strings.Contains(err.Error()+out, "database space exceeded") {
			break
		}
		if err != nil {
			return err
		}
	}
	return s.await(ctx, 20*time.Second, "the alarm", func(ctx context.Context) error {
		out, err := g.etcdctl(ctx, "alarm", "list")
		if err == nil && !strings.Contains(out, "NOSPACE") {
			err = fmt.Errorf("no alarm yet: %q", out)
		}
		return err
	})
}

// emptyStore gives the quota back and brings the store back to its size, member by member.
func emptyStore(ctx context.Context, s *scene) error {
	err := s.each(nodes(), func(g guest) error {
		_, err := g.sh(ctx, `
grep -q '# fault was' /etc/etcd-patroni/etcd.yml || exit 0
sed -i 's/^quota-backend-bytes: .* # fault was \([0-9]*\)$/quota-backend-bytes: \1/' /etc/etcd-patroni/etcd.yml
systemctl restart etcd-patroni`)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.await(ctx, 30*time.Second, "etcd's members", s.etcdAnswers); err != nil {
		return err
	}
	g, err := s.guest(nodes()[0].name)
	if err != nil {
		return err
	}
	if _, err := g.sh(ctx, `
export ETCDCTL_ENDPOINTS=http://$1:22379
etcdctl alarm disarm
etcdctl del --prefix /lab/fill/
revision=$(etcdctl endpoint status --write-out=json | grep -o '"revision":[0-9]*' | head -n 1 | cut -d: -f2)
etcdctl compact "$revision" 2>&1 || etcdctl endpoint status`, g.address); err != nil {
		return err
	}
	for _, h := range nodes() {
		if _, err := (guest{s.Lab, h}).etcdctl(ctx, "--command-timeout=30s", "defrag"); err != nil {
			return err
		}
	}
	_, err = g.etcdctl(ctx, "alarm", "disarm")
	return err
}

// etcdAnswers is nil when every member answers with a leader, an alarm or not.
func (l *Lab) etcdAnswers(ctx context.Context) error {
	return l.each(nodes(), func(g guest) error {
		_, err := g.etcdctl(ctx, "--command-timeout=2s", "get", "/lab/none")
		return err
	})
}

// stallStore stops each member for 2 s in a period of 6 s, one after the other: a majority always runs, and whoever leads
// loses it again and again.
func stallStore(ctx context.Context, s *scene) error {
	g, err := s.guest(nodes()[0].name)
	if err != nil {
		return err
	}
	before, err := g.raftTerm(ctx)
	if err != nil {
		return err
	}
	if err := s.mark(hostNames(nodes())...); err != nil {
		return err
	}
	for i, h := range nodes() {
		if _, err := (guest{s.Lab, h}).run(ctx, "systemd-run", "--quiet", "--collect", "--unit=lab-etcd-stalls",
			"--property=ExecStopPost=-systemctl kill --signal=CONT etcd-patroni",
			"bash", "-c", `sleep "$1"; while :; do systemctl kill --signal=STOP etcd-patroni; sleep 2; systemctl kill --signal=CONT etcd-patroni; sleep 4; done`,
			"bash", fmt.Sprint(2*i)); err != nil {
			return err
		}
	}
	s.say("every etcd member stalls for 2 s in turn")
	return s.await(ctx, 40*time.Second, "an election", func(ctx context.Context) error {
		now, err := g.raftTerm(ctx)
		if err == nil && now == before {
			err = fmt.Errorf("the term is still %s", now)
		}
		return err
	})
}

func (g guest) raftTerm(ctx context.Context) (string, error) {
	return g.sh(ctx, `etcdctl --endpoints="http://$1:22379" --command-timeout=3s endpoint status --write-out=json | grep -o '"raftTerm":[0-9]*' | head -n 1`, g.address)
}

func freeStore(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		_, err := g.sh(ctx, `systemctl stop lab-etcd-stalls 2>/dev/null || :; systemctl kill --signal=CONT etcd-patroni 2>/dev/null || :`)
		return err
	})
}

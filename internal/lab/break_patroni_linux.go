package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"recon/internal/fault"
)

func patroniRecipes() map[string]recipe {
	return map[string]recipe{
		fault.KillLeader:        {killLeader, starts("patroni")},
		fault.StopSyncStandby:   {stopSyncStandby, starts("patroni")},
		fault.StopReplicas:      {stopReplicas, starts("patroni")},
		fault.PatroniPaused:     {pausePatroni, resumePatroni},
		fault.PendingRestart:    {pendRestart, applyRestart},
		fault.WrongHBA:          {wrongHBA, rightHBA},
		fault.ScheduledSwitch:   {scheduleSwitchover, flushSwitchover},
		fault.NoFailoverLeft:    {leaveNoFailover, clearTags},
		fault.PatroniNotEnabled: {disablePatroni, enablePatroni},
	}
}

// leaderGuest is the guest of the member that answers as primary.
func (l *Lab) leaderGuest(ctx context.Context) (guest, error) {
	name, err := l.leader(ctx)
	if err != nil {
		return guest{}, err
	}
	return l.guest(name)
}

// member is the last one with that role in the store's view.
func (l *Lab) member(ctx context.Context, role string) (string, error) {
	v, err := l.cluster(ctx)
	if err != nil {
		return "", err
	}
	name := ""
	for _, m := range v.Members {
		if _, err := find(m.Name); err == nil && m.Role == role { // a key can name a host that does not exist
			name = m.Name
		}
	}
	if name == "" {
		return "", &Error{What: "no member is a " + strings.ReplaceAll(role, "_", " "), Hint: "`recon lab mend`, or name the host"}
	}
	return name, nil
}

func (l *Lab) asyncReplica(ctx context.Context) (string, error) { return l.member(ctx, "replica") }

// replicas are the nodes that are not the leader.
func (l *Lab) replicas(ctx context.Context) ([]host, error) {
	leader, err := l.leader(ctx)
	if err != nil {
		return nil, err
	}
	var others []host
	for _, h := range nodes() {
		if h.name != leader {
			others = append(others, h)
		}
	}
	return others, nil
}

// killPatroni kills all processes of the unit at once: Patroni, PostgreSQL and its children, chosen by their cgroup.
func (g guest) killPatroni(ctx context.Context) error {
	if _, err := g.run(ctx, "systemctl", "kill", "--kill-whom=all", "--signal=KILL", "patroni"); err != nil {
		return err
	}
	return g.lab.await(ctx, 20*time.Second, "the end of Patroni and PostgreSQL on "+g.name, func(ctx context.Context) error {
		state, err := g.run(ctx, "systemctl", "show", "--property=ActiveState", "--value", "patroni")
		if err != nil {
			return err
		}
		left, err := g.run(ctx, "sh", "-c", "pgrep --count --uid postgres --exact postgres || test $? = 1")
		if err != nil {
			return err
		}
		if state, left = strings.TrimSpace(state), strings.TrimSpace(left); state == "active" || left != "0" {
			return fmt.Errorf("the unit is %s and %s processes of PostgreSQL are left", state, left)
		}
		return nil
	})
}

func killLeader(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.leader)
	if err != nil {
		return err
	}
	if err := g.killPatroni(ctx); err != nil {
		return err
	}
	s.say("killed Patroni and PostgreSQL on the leader %s; `systemctl start patroni` there starts them again", g.name)
	return nil
}

func stopSyncStandby(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, func(ctx context.Context) (string, error) { return s.member(ctx, "sync_standby") })
	if err != nil {
		return err
	}
	if _, err := g.run(ctx, "systemctl", "stop", "patroni"); err != nil {
		return err
	}
	s.say("stopped Patroni and PostgreSQL on the synchronous standby %s", g.name)
	return g.refuses(ctx, 5432)
}

func stopReplicas(ctx context.Context, s *scene) error {
	leader, err := s.leaderGuest(ctx)
	if err != nil {
		return err
	}
	others, err := s.replicas(ctx)
	if err != nil {
		return err
	}
	if err := s.mark(hostNames(others)...); err != nil {
		return err
	}
	err = s.each(others, func(g guest) error {
		_, err := g.run(ctx, "systemctl", "stop", "patroni")
		return err
	})
	if err != nil {
		return err
	}
	// One commit of a client's: it leaves nothing behind, and ends when a standby is there again.
	_, err = leader.run(ctx, "systemd-run", "--quiet", "--collect", "--unit=lab-waiting-commit", "--uid=postgres",
		"psql", "-XAtq", "-c", "SELECT pg_logical_emit_message(true, 'lab', 'a commit that waits')")
	if err != nil {
		return err
	}
	err = s.await(ctx, 20*time.Second, "a commit that waits", func(ctx context.Context) error {
		out, err := leader.psql(ctx, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
		if err == nil && out == "0" {
			err = fmt.Errorf("no commit waits on %s", leader.name)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.say("stopped Patroni and PostgreSQL on %s; commits on the leader %s wait", strings.Join(s.hosts, " and "), leader.name)
	return nil
}

// rest changes something over Patroni's REST API on its own host, as the user who may; the answer must be one of the codes.
func (g guest) rest(ctx context.Context, method, path, body string, codes ...string) error {
	out, err := g.sh(ctx, `
password=$(sed -n '/^restapi:/,/^[^ ]/s/^ *password: *"\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/patroni/patroni.yml)
printf 'user = "patroni:%s"\n' "$password" |
  curl --silent --max-time 20 --config - --request "$2" ${4:+--data "$4"} --write-out ' %{http_code}' "http://$1:8008$3"`,
		g.address, method, path, body)
	what := fmt.Sprintf("%s %s on %s", method, path, g.name)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if code := out[strings.LastIndexByte(out, ' ')+1:]; !slices.Contains(codes, code) {
		return fmt.Errorf("%s: %s", what, out)
	}
	return nil
}

// configure changes what the cluster keeps in the store, and makes the members read it now and not at their next loop. It
// waits for a member that answers: after a repair the store may need a moment.
func (l *Lab) configure(ctx context.Context, patch string) error {
	err := l.await(ctx, 30*time.Second, "a change of Patroni's configuration", func(ctx context.Context) error {
		var last error
		for _, h := range nodes() {
			if last = (guest{l, h}).rest(ctx, "PATCH", "/config", patch, "200"); last == nil {
				return nil
			}
		}
		return last
	})
	if err != nil {
		return err
	}
	return l.wakePatroni(ctx)
}

// wakePatroni makes every running Patroni run its loop now.
func (l *Lab) wakePatroni(ctx context.Context) error {
	return l.each(nodes(), func(g guest) error {
		if g.unitStates(ctx)["patroni"] != "active" {
			return nil
		}
		_, err := g.run(ctx, "systemctl", "reload", "patroni")
		return err
	})
}

// memberState is a member's own answer to /patroni, as far as the faults need it.
type memberState struct {
	State   string         `json:"state"`
	Pause   bool           `json:"pause"`
	Pending bool           `json:"pending_restart"`
	Tags    map[string]any `json:"tags"`
}

func (g guest) patroni(ctx context.Context) (memberState, error) {
	var m memberState
	out, err := g.run(ctx, "curl", "-s", "--max-time", "5", "http://"+g.address+":8008/patroni")
	if err == nil {
		err = json.Unmarshal([]byte(out), &m)
	}
	return m, err
}

// awaitMembers waits until each of the hosts' members is as wanted.
func (l *Lab) awaitMembers(ctx context.Context, limit time.Duration, hosts []host, what string, right func(memberState) bool) error {
	return l.await(ctx, limit, what, func(ctx context.Context) error {
		return l.each(hosts, func(g guest) error {
			m, err := g.patroni(ctx)
			if err == nil && !right(m) {
				err = fmt.Errorf("%s says %+v", g.name, m)
			}
			return err
		})
	})
}

func pausePatroni(ctx context.Context, s *scene) error {
	if err := s.mark(); err != nil {
		return err
	}
	if err := s.configure(ctx, `{"pause": true}`); err != nil {
		return err
	}
	s.say("left Patroni in maintenance mode; `patronictl resume` ends it")
	return s.awaitMembers(ctx, 30*time.Second, nodes(), "the pause", func(m memberState) bool { return m.Pause })
}

func resumePatroni(ctx context.Context, s *scene) error { return s.configure(ctx, `{"pause": null}`) }

func pendRestart(ctx context.Context, s *scene) error {
	if err := s.mark(); err != nil {
		return err
	}
	if err := s.configure(ctx, `{"postgresql": {"parameters": {"max_locks_per_transaction": 96}}}`); err != nil {
		return err
	}
	s.say("raised max_locks_per_transaction to 96: every member waits for a restart")
	return s.awaitMembers(ctx, 30*time.Second, nodes(), "members that wait for a restart", func(m memberState) bool { return m.Pending })
}

// applyRestart takes the setting back. A member that was restarted meanwhile waits for another restart, and gets it.
func applyRestart(ctx context.Context, s *scene) error {
	if err := s.configure(ctx, `{"postgresql": {"parameters": {"max_locks_per_transaction": null}}}`); err != nil {
		return err
	}
	done := func(m memberState) bool { return !m.Pending }
	if s.awaitMembers(ctx, 15*time.Second, nodes(), "members that wait for nothing", done) == nil {
		return nil
	}
	for _, h := range nodes() {
		g := guest{s.Lab, h}
		if m, err := g.patroni(ctx); err != nil || done(m) {
			continue
		}
		if err := g.rest(ctx, "POST", "/restart", `{"restart_pending": true}`, "200"); err != nil {
			return err
		}
	}
	return s.awaitMembers(ctx, 30*time.Second, nodes(), "members that wait for nothing", done)
}

func wrongHBA(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.asyncReplica)
	if err != nil {
		return err
	}
	// The line before Patroni's own wins. Its open connection would outlive the change, and no other could end it.
	_, err = g.sh(ctx, `
grep -q '# fault wrong-hba$' /etc/patroni/patroni.yml ||
  sed -i 's/^\( *\)- local all postgres peer$/\1- local all postgres reject # fault wrong-hba\n&/' /etc/patroni/patroni.yml
grep -q '# fault wrong-hba$' /etc/patroni/patroni.yml
systemctl reload patroni
for try in $(seq 50); do grep -q 'postgres reject' /var/lib/postgresql/17/patroni/pg_hba.conf && break; sleep 0.1; done
sleep 0.3
pkill --signal TERM --uid postgres --full 'postgres postgres \[local\]' || :`)
	if err != nil {
		return err
	}
	s.say("pg_hba on %s refuses Patroni's own user", g.name)
	return s.await(ctx, 40*time.Second, "an unknown state", func(ctx context.Context) error {
		// A connection that came before the change took effect is ended like the first.
		g.sh(ctx, `pkill --signal TERM --uid postgres --full 'postgres postgres \[local\]'`)
		m, err := g.patroni(ctx)
		if err == nil && m.State != "unknown" {
			err = fmt.Errorf("%s is %s", g.name, m.State)
		}
		return err
	})
}

// rightHBA also repairs the file that PostgreSQL reads: Patroni 4.0 asks PostgreSQL while it reloads its own configuration,
// and leaves it as it was when it gets no answer.
func rightHBA(ctx context.Context, s *scene) error {
	const reject = "local all postgres reject"
	return s.each(s.where(), func(g guest) error {
		if _, err := g.sh(ctx, `
data=/var/lib/postgresql/17/patroni
sed -i '/# fault wrong-hba$/d' /etc/patroni/patroni.yml
[ ! -e "$data/pg_hba.conf" ] || ! grep -q "^$1" "$data/pg_hba.conf" || {
  sed -i "/^$1/d" "$data/pg_hba.conf"
  [ ! -e "$data/postmaster.pid" ] || runuser -u postgres -- /usr/lib/postgresql/17/bin/pg_ctl reload -s -D "$data"
}`, reject); err != nil {
			return err
		}
		if g.unitStates(ctx)["patroni"] != "active" {
			return nil
		}
		err := s.awaitMembers(ctx, 30*time.Second, []host{g.host}, "Patroni to reach PostgreSQL on "+g.name, func(m memberState) bool { return m.State == "running" })
		if err != nil {
			return err
		}
		_, err = g.run(ctx, "systemctl", "reload", "patroni")
		return err
	})
}

func scheduleSwitchover(ctx context.Context, s *scene) error {
	leader, err := s.leaderGuest(ctx)
	if err != nil {
		return err
	}
	standby, err := s.member(ctx, "sync_standby")
	if err != nil {
		return err
	}
	if err := s.mark(); err != nil {
		return err
	}
	at := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	body, err := json.Marshal(map[string]string{"leader": leader.name, "candidate": standby, "scheduled_at": at})
	if err != nil {
		return err
	}
	if err := leader.rest(ctx, "POST", "/switchover", string(body), "202"); err != nil {
		return err
	}
	s.say("left a switchover from %s to %s scheduled at %s", leader.name, standby, at)
	return nil
}

func flushSwitchover(ctx context.Context, s *scene) error {
	return s.await(ctx, 30*time.Second, "the end of the scheduled switchover", func(ctx context.Context) error {
		g, err := s.leaderGuest(ctx)
		if err != nil {
			return err
		}
		return g.rest(ctx, "DELETE", "/switchover", "", "200", "404")
	})
}

func disablePatroni(ctx context.Context, s *scene) error {
	hosts, err := s.every()
	if err != nil {
		return err
	}
	if err := s.each(hosts, func(g guest) error {
		_, err := g.run(ctx, "systemctl", "disable", "--quiet", "patroni")
		return err
	}); err != nil {
		return err
	}
	s.say("Patroni does not start with its host on %s", strings.Join(s.hosts, ", "))
	return nil
}

func enablePatroni(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		_, err := g.sh(ctx, `systemctl enable --quiet patroni; systemctl is-active --quiet patroni || systemctl start patroni`)
		return err
	})
}

func leaveNoFailover(ctx context.Context, s *scene) error {
	hosts, err := s.replicas(ctx)
	if err != nil {
		return err
	}
	if len(s.args) > 0 {
		if hosts, err = s.every(); err != nil {
			return err
		}
	} else if err := s.mark(hostNames(hosts)...); err != nil {
		return err
	}
	err = s.each(hosts, func(g guest) error {
		_, err := g.sh(ctx, `
grep -q '# fault nofailover-left$' /etc/patroni/patroni.yml || echo 'tags: {nofailover: true} # fault nofailover-left' >>/etc/patroni/patroni.yml
systemctl reload patroni`)
		return err
	})
	if err != nil {
		return err
	}
	s.say("left the tag nofailover on %s", strings.Join(s.hosts, " and "))
	return s.awaitMembers(ctx, 30*time.Second, hosts, "the tag", func(m memberState) bool { return m.Tags["nofailover"] == true })
}

func clearTags(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		if _, err := g.sh(ctx, `sed -i '/# fault nofailover-left$/d' /etc/patroni/patroni.yml`); err != nil {
			return err
		}
		if g.unitStates(ctx)["patroni"] != "active" {
			return nil
		}
		if _, err := g.run(ctx, "systemctl", "reload", "patroni"); err != nil {
			return err
		}
		return s.awaitMembers(ctx, 30*time.Second, []host{g.host}, "the end of the tag", func(m memberState) bool { return m.Tags["nofailover"] != true })
	})
}

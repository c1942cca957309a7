package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"recon/internal/doctor"
	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/probes"
	"recon/probes/probestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hosts are what the nodes do when somebody comes over ssh: the end of `true`, and of `id -u` as another user.
type hosts struct {
	ssh, become map[string]remote.Exit
	uid         string
	hang        bool
}

func (h *hosts) Address(node string) string { return node + ".example.com" }
func (h *hosts) User(string) string         { return "anna" }

func (h *hosts) Wire(_, cmd string, become bool) (string, string, error) {
	if cmd != "true" && cmd != "id -u" {
		return "", "", fmt.Errorf("%q is more than looking", cmd)
	}
	return fmt.Sprint(cmd, " ", become), "", nil
}

func (h *hosts) Run(ctx context.Context, node string, cmd remote.Command) remote.Exit {
	if h.hang {
		<-ctx.Done()
		return remote.Exit{Kind: remote.Unknown, Reason: "its deadline came"}
	}
	answers := h.ssh
	if cmd.Become {
		answers = h.become
	}
	if e, ok := answers[node]; ok {
		return e
	}
	if cmd.Become {
		_, _ = io.WriteString(cmd.Stdout, h.uid+"\n") // a Buffer does not fail
	}
	return remote.Exit{Kind: remote.OK}
}

func lost(stage remote.Stage, err error, hint string) remote.Exit {
	c := &remote.ConnectError{Place: "node", Stage: stage, Err: err, Hint: hint}
	return remote.Exit{Kind: remote.NotStarted, Reason: c.Error(), Connect: c}
}

type scene struct {
	cluster *inventory.Cluster
	state   *probes.State
	hosts   *hosts
	o       doctor.Options
}

func (s *scene) examine(t *testing.T, ctx context.Context) []doctor.Check {
	t.Helper()
	s.o.Runner = s.hosts
	if s.o.Look == nil {
		s.o.Look = func(context.Context) (*probes.State, error) { return s.state, nil }
	}
	got, err := doctor.Examine(ctx, s.cluster, s.o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func healthy() *scene {
	c := probestest.StackInventory()
	c.Dial = inventory.DialSSH
	s := &scene{cluster: c, state: probestest.Stack(), hosts: &hosts{uid: "0"}}
	c.Patroni.Scope, c.Patroni.Namespace = "pgclusternetbox", "/service/pgcluster/"
	for i := range s.state.Nodes {
		n := &s.state.Nodes[i]
		scope, namespace := c.Patroni.Scope, c.Patroni.Namespace
		n.PatroniScope, n.PatroniNamespace = &scope, &namespace
	}
	s.o.Resolve = func(context.Context, string) ([]string, error) { return []string{"192.0.2.1"}, nil }
	s.o.Secret = func(context.Context, inventory.Secret) (string, error) { return "x", nil }
	return s
}

// lines are the checks that are not ok, one a line.
func lines(all []doctor.Check) string {
	out := ""
	for _, c := range all {
		if c.Answer != doctor.OK && c.What != "version" || c.Answer == doctor.Fail {
			out += strings.Join([]string{string(c.Answer), c.Node, c.System, c.What, c.Why, c.Hint}, "|") + "\n"
		}
	}
	return out
}

func TestExamine(t *testing.T) {
	const n1, n2 = probestest.Node1, probestest.Node2
	key := &remote.HostKeyError{Place: n1, Problem: remote.KeyUnknown, Type: "ssh-ed25519", Fingerprint: "SHA256:abc", Line: n1 + " ssh-ed25519 AAAA", File: "known_hosts"}
	for name, tt := range map[string]struct {
		change func(s *scene)
		code   int
		want   []string // parts of the lines that are not ok
		most   int      // so many lines that are not ok at most
	}{
		"all is well":      {func(*scene) {}, 0, nil, 0},
		"unknown host key": {func(s *scene) { s.hosts.ssh = map[string]remote.Exit{n1: lost(remote.StageHostKey, key, "")} }, 3, []string{"fail|" + n1 + "|host|host key|", "SHA256:abc", "|compare the fingerprint", "skipped|" + n1 + "|host|become|ssh fails", "skipped|" + n1 + "|services|etcd, patroni"}, 3},
		"refused key": {func(s *scene) {
			s.hosts.ssh = map[string]remote.Exit{n1: lost(remote.StageLogin, errors.New("no key was accepted"), "")}
		}, 3, []string{"fail|" + n1 + "|host|login|", "authorized_keys of anna@"}, 3},
		"sshd is not there": {func(s *scene) {
			s.hosts.ssh = map[string]remote.Exit{n1: lost(remote.StageConnect, errors.New("refused"), "")}
		}, 3, []string{"fail|" + n1 + "|host|tcp|", "sshd listens"}, 3},
		"no name": {func(s *scene) {
			s.hosts.ssh = map[string]remote.Exit{n1: lost(remote.StageConnect, errors.New("no such host"), "")}
			s.o.Resolve = func(_ context.Context, host string) ([]string, error) {
				if strings.HasPrefix(host, n1) {
					return nil, errors.New("no such host")
				}
				return []string{"192.0.2.1"}, nil
			}
		}, 3, []string{"fail|" + n1 + "|host|name|no such host|mend `address`"}, 4},
		"sudo refused": {func(s *scene) {
			s.hosts.become = map[string]remote.Exit{n2: {Kind: remote.NotStarted, Reason: "sudo: a password is required"}}
		}, 3, []string{"fail|" + n2 + "|host|become|sudo: a password is required|allow it in sudoers"}, 1},
		"sudo is not root": {func(s *scene) { s.hosts.uid = "1000" }, 3, []string{"fail|" + n2 + "|host|become|the user there has the id 1000"}, 3},
		"unit missing": {func(s *scene) {
			n := &s.state.Nodes[1]
			n.Units["haproxy"] = "not-found"
			s.state.HAProxy.Members[1] = probes.HAProxyMember{Node: n2, Seen: probestest.RefusedBy(s.state.HAProxy.Members[1].Seen, 0)}
		}, 3, []string{"fail|" + n2 + "|haproxy|unit|there is no such unit on the host|it is not installed yet"}, 1},
		"port closed": {func(s *scene) {
			s.state.PgBouncer.Members[0] = probes.PgBouncerMember{Node: n1, Seen: probestest.RefusedBy(s.state.PgBouncer.Members[0].Seen, 0)}
		}, 3, []string{"fail|" + n1 + "|pgbouncer|port|"}, 1},
		"wrong password": {func(s *scene) {
			d := &s.state.Postgres.Members[0]
			d.Seen = probestest.Silent(d.Seen, 0)
			d.Seen.Error = `FATAL: password authentication failed for user "recon" (SQLSTATE 28P01)`
		}, 3, []string{"fail|" + n1 + "|postgres|login|FATAL: password authentication failed", "mend `user` and `password` of postgres"}, 1},
		"wrong scope": {func(s *scene) { s.cluster.Patroni.Scope = "other" }, 3, []string{`|patroni|scope|the cluster file says "other" and the host "pgclusternetbox"`}, 3},
		"wrong master": {func(s *scene) {
			s.state.Sentinel.Members[0].Watches, s.state.Sentinel.Members[0].Monitors = false, []string{"mymaster"}
		}, 3, []string{"fail|" + n1 + "|sentinel|master|it watches mymaster"}, 1},
		"two versions": {func(s *scene) { s.state.Redis.Members[2].Version = "6.0.16" }, 3, []string{"fail||redis|version|"}, 1},
		"a reference that leads nowhere": {func(s *scene) {
			ref, err := inventory.NewSecret("env:NOT_THERE", "")
			if err != nil {
				panic(err)
			}
			s.cluster.Postgres.Password = ref
			s.o.Secret = func(context.Context, inventory.Secret) (string, error) { return "", errors.New("NOT_THERE is not set") }
		}, 3, []string{"fail||cluster file|password|NOT_THERE is not set"}, 1},
		"Patroni's configuration is not readable; the members and the keys in etcd tell": {func(s *scene) {
			for i := range s.state.Nodes {
				s.state.Nodes[i].PatroniScope, s.state.Nodes[i].PatroniNamespace = nil, nil
			}
		}, 0, nil, 0},
		"another scope, which only the member tells": {func(s *scene) {
			s.state.Nodes[0].PatroniScope, s.state.Patroni.Members[0].Scope = nil, "pgclusteretcd"
		}, 3, []string{"fail|" + n1 + `|patroni|scope|the cluster file says "pgclusternetbox" and the host "pgclusteretcd"`}, 1},
		"PgBouncer's console refuses": {func(s *scene) {
			s.state.PgBouncer.Members[0].Unread["databases"] = "PgBouncer answered: SASL authentication failed"
		}, 3, []string{"fail|" + n1 + "|pgbouncer|login|PgBouncer answered: SASL authentication failed"}, 1},
		"not asked in time": {func(s *scene) { s.state.Etcd.Members[0].Seen = probes.Seen{} }, 4, []string{"unknown|" + n1 + "|etcd|port|not asked in time"}, 1},
		"half built: one node is there, with etcd alone": {func(s *scene) {
			s.hosts.ssh = map[string]remote.Exit{}
			for _, n := range s.cluster.Nodes[1:] {
				s.hosts.ssh[n.Name] = lost(remote.StageConnect, errors.New("no answer in time"), "")
			}
			for unit := range s.state.Nodes[0].Units {
				if unit != s.cluster.Etcd.Unit {
					s.state.Nodes[0].Units[unit] = "not-found"
				}
			}
			s.state.Nodes[0].PatroniScope, s.state.Nodes[0].PatroniNamespace = nil, nil
			gone := func(x *probes.Seen) { *x = probestest.RefusedBy(*x, 0) }
			gone(&s.state.Patroni.Members[0].Seen)
			gone(&s.state.Redis.Members[0].Seen)
			gone(&s.state.Sentinel.Members[0].Seen)
			gone(&s.state.HAProxy.Members[0].Seen)
			gone(&s.state.PgBouncer.Members[0].Seen)
			gone(&s.state.Web.Members[0].Seen)
			gone(&s.state.NetBox.Members[0].Seen)
			gone(&s.state.Postgres.Members[0].Seen)
		}, 3, []string{"fail|" + n1 + "|patroni|unit|there is no such unit", "fail|" + n1 + "|postgres|port|", "skipped|" + n2 + "|services|"}, 20},
	} {
		t.Run(name, func(t *testing.T) {
			s := healthy()
			tt.change(s)
			got := s.examine(t, t.Context())
			text := lines(got)
			if code := doctor.Code(got); code != tt.code {
				t.Errorf("exit code %d, want %d\n%s", code, tt.code, text)
			}
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in\n%s", want, text)
				}
			}
			if n := strings.Count(text, "\n"); n > tt.most {
				t.Errorf("%d lines, at most %d\n%s", n, tt.most, text)
			}
			for _, c := range got {
				if c.Answer == doctor.Fail && c.Why == "" || c.Answer == doctor.OK && c.Why != "" {
					t.Errorf("%+v", c)
				}
			}
		})
	}
}

// Nothing hangs: what did not answer before the end is unknown.
func TestExamineEnds(t *testing.T) {
	s := healthy()
	s.hosts.hang = true
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := s.examine(t, ctx)
	if code := doctor.Code(got); code != 4 {
		t.Errorf("exit code %d\n%s", code, lines(got))
	}
}

func TestExamineSomeNodes(t *testing.T) {
	s := healthy()
	s.o.Nodes = []string{probestest.Node2}
	for _, c := range s.examine(t, t.Context()) {
		if c.Node != "" && c.Node != probestest.Node2 {
			t.Errorf("%+v", c)
		}
	}
	if doctor.Code(nil) != 4 {
		t.Error("an examination of nothing is no good news")
	}
}

package walk

import (
	"slices"
	"testing"

	"recon/internal/gate"
	"recon/probes"
)

// A gate or proof asks for what its conditions read, of all systems, and for nothing else: a section that is left out is
// never fresh, and one too many is waited for.
func TestSectionsOfConditions(t *testing.T) {
	scope := probes.Scope(nil)
	for source, want := range map[string][]string{
		`patroni.leader != nil && etcd.quorum`:                                              {"etcd", "patroni"},
		`node("n").services["patroni"] == "active"`:                                         {"nodes"},
		`haproxy_member("n").reachable`:                                                     {"haproxy"},
		`len(pgbouncer_member("n").paused) == 0`:                                            {"pgbouncer"},
		`redis_member("n").link_up && len(redis.masters) == 1`:                              {"redis"},
		`sentinel_member("n").watches`:                                                      {"sentinel"},
		`all(addresses(), len(.holders) == 1) && keepalived_member("n").active`:             {"keepalived", "vips"},
		`web_member("n").file_served && netbox_member("n").code == 200 && cross.one_master`: {"cross", "netbox", "web"},
		`len(others("n")) == 2 && any(role("etcd"), .reachable)`:                            {"nodes"},
		`database("n").replay_paused && etcd_member("n").reachable`:                         {"etcd", "postgres"},
		`service.login.reachable && reach_of("n").verdict == "up"`:                          {"reach", "service"},
	} {
		e, err := gate.Compile(source, scope)
		if err != nil {
			t.Fatal(err)
		}
		if got := sections(e, nil); !slices.Equal(got, want) {
			t.Errorf("%s reads %v, expected %v", source, got, want)
		}
	}
}

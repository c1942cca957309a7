package lab

import (
	"context"
	"errors"
	"strings"
	"time"

	"recon/internal/fault"
)

// alteration is a fault that somebody makes who edits a file.
type alteration struct {
	where func(context.Context, *scene) ([]host, error)
	path  string
	// edit are shell commands that change the file $1.
	edit string
	// unit reads the file; verb is what is done with it then: reload, restart, crash (for what would wait for its clients before
	// it ends), or nothing.
	unit, verb string
	// kills says that the unit does not start with such a file.
	kills bool
	// said tells what was done; the hosts follow.
	said string
}

func everyNode(_ context.Context, s *scene) ([]host, error) { return s.every() }

func oneNode(usual func(context.Context, *scene) (string, error)) func(context.Context, *scene) ([]host, error) {
	return func(ctx context.Context, s *scene) ([]host, error) {
		g, err := s.choose(ctx, func(ctx context.Context) (string, error) { return usual(ctx, s) })
		return []host{g.host}, err
	}
}

func theLast(ctx context.Context, _ *scene) (string, error)   { return lastNode(ctx) }
func anAsync(ctx context.Context, s *scene) (string, error)   { return s.asyncReplica(ctx) }
func aBackup(ctx context.Context, s *scene) (string, error)   { return s.backup(ctx) }
func aReplica(ctx context.Context, s *scene) (string, error)  { return s.redisReplica(ctx) }
func theHolder(ctx context.Context, s *scene) (string, error) { return s.holder(ctx) }
func theLeader(ctx context.Context, s *scene) (string, error) { return s.leader(ctx) }
func noUndo(context.Context, *scene) error                    { return nil }
func copyName(path, name string) string                       { return path + ".before-" + name }
func (s *scene) tell(said string)                             { s.say("%s on %s", said, strings.Join(s.hosts, ", ")) }

// recipe keeps the file as it was beside it, and puts it back.
func (a alteration) recipe(name string) recipe {
	inject := func(ctx context.Context, s *scene) error {
		hosts, err := a.where(ctx, s)
		if err != nil {
			return err
		}
		err = s.each(hosts, func(g guest) error {
			_, err := g.sh(ctx, `
[ -e "$2" ] || cp --preserve "$1" "$2"
`+a.edit+`
if cmp --silent "$1" "$2"; then echo "the edit changes nothing in $1" >&2; exit 1; fi
case $4 in
  reload) systemctl reload "$3" ;;
  restart) systemctl restart "$3" || : ;;
  crash) systemctl kill --kill-whom=all --signal=KILL "$3" || :; systemctl restart "$3" || : ;;
esac`, a.path, copyName(a.path, name), a.unit, a.verb)
			if err == nil && a.kills {
				err = s.await(ctx, 30*time.Second, "the end of "+a.unit+" on "+g.name, func(ctx context.Context) error {
					if state := g.unitStates(ctx)[a.unit]; state == "active" || state == "deactivating" {
						return errors.New("it is " + state)
					}
					return nil
				})
			}
			return err
		})
		s.tell(a.said)
		return err
	}
	undo := func(ctx context.Context, s *scene) error {
		return s.each(s.where(), func(g guest) error {
			_, err := g.sh(ctx, `
[ -e "$2" ] || exit 0
mv "$2" "$1"
case $4 in
  restart | crash) systemctl reset-failed --quiet "$3" || :; systemctl restart "$3" ;;
  *) ! systemctl is-active --quiet "$3" || systemctl reload "$3" ;;
esac`, a.path, copyName(a.path, name), a.unit, a.verb)
			return err
		})
	}
	return recipe{inject, undo}
}

func fileRecipes() map[string]recipe {
	const (
		patroni    = "/etc/patroni/patroni.yml"
		pgbouncer  = "/etc/pgbouncer/pgbouncer.ini"
		haproxy    = "/etc/haproxy/haproxy.cfg"
		keepalived = "/etc/keepalived/keepalived.conf"
	)
	all := map[string]recipe{}
	for name, a := range map[string]alteration{
		fault.PatroniBadConfig:    {oneNode(anAsync), patroni, `echo 'a line that is no setting' >>"$1"`, "patroni", "restart", true, "left a line in patroni.yml that is no YAML, and restarted Patroni"},
		fault.PatroniOtherScope:   {oneNode(theLast), patroni, `sed -i 's/^scope: *\([^ ]*\)$/scope: \12/' "$1"`, "patroni", "", false, "wrote another scope into patroni.yml"},
		fault.NoWatchdog:          {oneNode(anAsync), patroni, `sed -i '/^watchdog:/,/^[^ ]/{/^watchdog:/d;/^ /d}' "$1"; echo 'watchdog: {mode: required, device: /dev/watchdog}' >>"$1"`, "patroni", "reload", false, "required a watchdog that is not there"},
		fault.PgBouncerBadConfig:  {oneNode(theLast), pgbouncer, `sed -i 's/^\[databases\]$/&\nnetbox and its friends/' "$1"`, "pgbouncer", "crash", true, "left a line in pgbouncer.ini that says nothing, and restarted PgBouncer"},
		fault.PgBouncerUnprepared: {everyNode, pgbouncer, `sed -i 's/^max_prepared_statements *=.*/max_prepared_statements = 0/' "$1"`, "pgbouncer", "reload", false, "set max_prepared_statements to 0"},
		fault.PgBouncerWrongPort:  {everyNode, pgbouncer, `sed -i 's/port=5432/port=5434/' "$1"`, "pgbouncer", "reload", false, "sent PgBouncer to port 5434, where nothing listens,"},
		fault.HAProxyWrongWriter:  {everyNode, haproxy, `sed -i 's|OPTIONS /primary|OPTIONS /replica|' "$1"`, "haproxy", "reload", false, "the write backend asks Patroni for /replica"},
		fault.HAProxyWrongRedis:   {everyNode, haproxy, `sed -i 's/expect string role:master/expect string role:slave/' "$1"`, "haproxy", "reload", false, "the Redis backend looks for a replica"},
		fault.VRRPOtherID:         {oneNode(aBackup), keepalived, `sed -i '/vrrp_instance VI_DB/,/}/s/^\( *virtual_router_id\) .*/\1 51/' "$1"`, "keepalived", "reload", false, "gave the db address another virtual router id"},
		// Once Redis has written its file anew, a line of its users' has the password as well, and comes last.
		fault.RedisOtherPass:   {oneNode(aReplica), "/etc/redis/redis.conf", `sed -i 's/^requirepass .*/requirepass not-the-password/; /^user default /d' "$1"`, "redis-server", "restart", false, "gave another password to the clients of Redis, and restarted it,"},
		fault.NetBoxOldVersion: {oneNode(theLast), "/opt/netbox/netbox/standin.py", `sed -i 's/4\.5\.1/4.4.2/' "$1"`, "netbox", "restart", false, "NetBox is 4.4.2"},
		fault.CertOtherKey:     {oneNode(theLast), certificateKey, `openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | cat >"$1"`, "nginx", "", false, "put another key beside the certificate"},
		fault.CertNotReloaded: {
			oneNode(theLast), certificate,
			`openssl req -x509 -key "${1%.pem}.key" -days 365 -subj /CN=netbox.lab.example -addext subjectAltName=DNS:netbox.lab.example | cat >"$1"`,
			"nginx", "", false, "renewed the certificate, without a reload,",
		},
	} {
		all[name] = a.recipe(name)
	}
	return all
}

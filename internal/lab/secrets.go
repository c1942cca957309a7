package lab

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
)

// secrets of one deployment, made anew with each fresh cluster. They live in the console's home and nowhere else here.
type secrets struct {
	root, patroni, superuser, replication, rewind, monitoring, netbox string
	redis, redisCheck, sentinel, haproxy, pgbouncer                   string
	netboxAdmin, netboxKey, netboxPepper                              string
	// vrrp is short: keepalived takes 8 characters.
	vrrp string
	// netboxToken is hexadecimal, as NetBox's tokens are.
	netboxToken string
}

func newSecrets() secrets {
	s := func() string { return strings.ToLower(rand.Text()[:20]) }
	token := make([]byte, 20)
	rand.Read(token) // never fails
	return secrets{
		root: s(), patroni: s(), superuser: s(), replication: s(), rewind: s(), monitoring: s(), netbox: s(),
		redis: s(), redisCheck: s(), sentinel: s(), haproxy: s(), pgbouncer: s(),
		netboxAdmin: s(), netboxKey: s() + s() + s(), netboxPepper: s() + s() + s(),
		vrrp: s()[:8], netboxToken: hex.EncodeToString(token),
	}
}

// vars is Ansible's vars file.
func (s secrets) vars() string {
	return fmt.Sprintf(`patroni_rest_password: %q
patroni_superuser_password: %q
patroni_replication_password: %q
patroni_rewind_password: %q
patroni_roles:
  - {name: recon, password: %[5]q, member_of: [pg_monitor]}
  - {name: netbox, password: %[6]q}
redis_password: %[7]q
redis_check_password: %[8]q
sentinel_password: %[9]q
haproxy_stats_password: %[10]q
keepalived_auth: %[11]q
pgbouncer_admin_password: %[12]q
pgbouncer_users:
  - {name: netbox, password: %[6]q}
  - {name: recon, password: %[5]q, stats: true}
netbox_database_password: %[6]q
netbox_redis_password: %[7]q
netbox_secret_key: %[13]q
netbox_token_pepper: %[14]q
netbox_admin_password: %[15]q
netbox_admin_token: %[16]q
`, s.patroni, s.superuser, s.replication, s.rewind, s.monitoring, s.netbox, s.redis, s.redisCheck, s.sentinel, s.haproxy,
		s.vrrp, s.pgbouncer, s.netboxKey, s.netboxPepper, s.netboxAdmin, s.netboxToken)
}

// patronictl is the configuration of patronictl on the console.
func (s secrets) patronictl() string {
	var hosts []string
	for _, h := range nodes() {
		hosts = append(hosts, h.address+":22379")
	}
	return fmt.Sprintf(`scope: %s
namespace: /service/pgcluster/
etcd3:
  hosts: [%s]
restapi:
  authentication: {username: patroni, password: %q}
ctl:
  authentication: {username: patroni, password: %q}
`, scope, strings.Join(hosts, ", "), s.patroni, s.patroni)
}

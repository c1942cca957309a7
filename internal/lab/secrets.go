package lab

import (
	"crypto/rand"
	"fmt"
	"strings"
)

// secrets of one deployment, made anew with each fresh cluster. They live in the console's home and nowhere else here.
type secrets struct {
	root, patroni, superuser, replication, rewind, monitoring, netbox string
}

func newSecrets() secrets {
	s := func() string { return strings.ToLower(rand.Text()[:20]) }
	return secrets{root: s(), patroni: s(), superuser: s(), replication: s(), rewind: s(), monitoring: s(), netbox: s()}
}

// vars is Ansible's vars file.
func (s secrets) vars() string {
	return fmt.Sprintf(`patroni_rest_password: %q
patroni_superuser_password: %q
patroni_replication_password: %q
patroni_rewind_password: %q
patroni_roles:
  - {name: recon, password: %q, member_of: [pg_monitor]}
  - {name: netbox, password: %q}
`, s.patroni, s.superuser, s.replication, s.rewind, s.monitoring, s.netbox)
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

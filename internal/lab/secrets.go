package lab

import (
	"fmt"
	"strings"

	"recon/internal/setup"
)

// secrets of one deployment, made anew with each fresh cluster. They live in the console's home and nowhere else here.
type secrets struct {
	setup.Secrets
	root string
}

func newSecrets() secrets {
	s := setup.NewSecrets()
	return secrets{Secrets: s, root: setup.NewSecrets()["patroni_superuser_password"]}
}

// patronictl is the configuration of patronictl on the console.
func (s secrets) patronictl() string {
	var hosts []string
	for _, h := range nodes() {
		hosts = append(hosts, h.address+":22379")
	}
	password := s.Secrets["patroni_rest_password"]
	return fmt.Sprintf(`scope: %s
namespace: /service/pgcluster/
etcd3:
  hosts: [%s]
restapi:
  authentication: {username: patroni, password: %q}
ctl:
  authentication: {username: patroni, password: %q}
`, scope, strings.Join(hosts, ", "), password, password)
}

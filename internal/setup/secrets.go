package setup

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"recon/internal/inventory"
)

// Secrets are the values of secrets.yml by their keys. Those that the roles know carry the roles' names.
type Secrets map[string]string

// secret is one of them: what it is for, and of how many characters.
type secret struct {
	name, about string
	// length is in letters and digits, which every role accepts; hexadecimal digits when hex.
	length int
	hex    bool
}

// secretList are all secrets. Nothing but letters and digits: they stand in files where blanks, quotes, # and ! mean something.
func secretList() []secret {
	const long, key = 32, 60
	return []secret{
		{name: "patroni_rest_password", about: "Patroni's REST API, for the calls that change something", length: long},
		{name: "patroni_superuser_password", about: "the database role postgres", length: long},
		{name: "patroni_replication_password", about: "the database role replicator", length: long},
		{name: "patroni_rewind_password", about: "the database role rewinder", length: long},
		{name: "recon_database_password", about: "the database role recon, which may look at statistics", length: long},
		{name: "netbox_database_password", about: "the database role netbox", length: long},
		{name: "redis_password", about: "Redis: its clients, its replicas, Sentinel", length: long},
		{name: "redis_check_password", about: "HAProxy's user in Redis, which may ask for the role", length: long},
		{name: "sentinel_password", about: "Sentinel", length: long},
		{name: "pgbouncer_admin_password", about: "PgBouncer's console", length: long},
		{name: "haproxy_stats_password", about: "HAProxy's statistics", length: long},
		{name: "keepalived_auth", about: "VRRP, which takes 8 characters", length: 8},
		{name: "netbox_secret_key", about: "NetBox's sessions and tokens", length: key},
		{name: "netbox_token_pepper", about: "NetBox's API tokens", length: key},
		{name: "netbox_admin_password", about: "NetBox's first user, admin", length: long},
		{name: "netbox_admin_token", about: "that user's API token, with which recon asks for NetBox's status", length: 40, hex: true},
	}
}

func isSecret(name string) bool {
	return slices.ContainsFunc(secretList(), func(s secret) bool { return s.name == name })
}

// NewSecrets makes every secret anew from the system's random source.
func NewSecrets() Secrets {
	out := Secrets{}
	for _, s := range secretList() {
		if out[s.name] = letters(s.length); s.hex {
			b := make([]byte, s.length/2)
			rand.Read(b) // never fails
			out[s.name] = hex.EncodeToString(b)
		}
	}
	return out
}

// letters are n letters and digits, each as likely as the others.
func letters(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	out := make([]byte, 0, n)
	for b := make([]byte, 1); len(out) < n; {
		rand.Read(b) // never fails
		// What is above the last whole alphabet would make its first letters likelier.
		if int(b[0]) < 256/len(alphabet)*len(alphabet) {
			out = append(out, alphabet[int(b[0])%len(alphabet)])
		}
	}
	return string(out)
}

// YAML is secrets.yml in clear.
func (s Secrets) YAML() []byte {
	var b strings.Builder
	b.WriteString("# The passwords of the cluster, for Ansible and for recon. Keep them out of version control unless Ansible Vault encrypts them.\n")
	for _, one := range secretList() {
		fmt.Fprintf(&b, "%s: %q # %s\n", one.name, s[one.name], one.about)
	}
	return []byte(b.String())
}

func (s Secrets) file(v Vault) ([]byte, error) {
	if v.Ref == "" {
		return s.YAML(), nil
	}
	text, err := inventory.EncryptVault(s.YAML(), v.Password)
	if err != nil {
		return nil, fmt.Errorf("encrypt %s: %w", SecretsFile, err)
	}
	return text, nil
}

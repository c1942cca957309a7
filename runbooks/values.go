package runbooks

import (
	"slices"
	"strings"
)

// Stamp is the variable that holds the time at which the walk began, in UTC, as 20060102T150405Z.
const Stamp = "STAMP"

// Values are the variables that commands find set from the cluster file, beside $STAMP and the book's own. One that the
// cluster file does not know is not set, and a script that reads it stops there (sh -u).
func Values() []string {
	return []string{
		Stamp,
		"PATRONI_CONFIG", "PATRONI_SCOPE", "PATRONI_NAMESPACE", "PATRONI_UNIT", "PATRONI_PORT",
		"ETCDCTL_ENDPOINTS", "ETCDCTL_API", "ETCDCTL_USER", "ETCDCTL_CACERT", "ETCDCTL_CERT", "ETCDCTL_KEY", "ETCD_UNIT", "ETCD_DATA_DIR",
		"PGDATA", "PGBIN", "PGPORT", "PGUSER", "PGDATABASE",
		"REDIS_PORT", "REDIS_UNIT", "REDIS_CONFIG", "SENTINEL_PORT", "SENTINEL_UNIT", "SENTINEL_CONFIG", "SENTINEL_MASTER",
		"HAPROXY_UNIT", "HAPROXY_CONFIG", "HAPROXY_SOCKET", "KEEPALIVED_UNIT", "KEEPALIVED_CONFIG",
		"PGBOUNCER_PORT", "PGBOUNCER_UNIT", "PGBOUNCER_CONFIG", "WEB_UNIT", "WEB_CONFIG", "NETBOX_UNIT", "NETBOX_WORKER_UNIT", "NETBOX_URL",
	}
}

// given says that a variable is set for commands by recon. Floating addresses are $VIP_NAME for every name.
func given(variable string) bool {
	return slices.Contains(Values(), variable) || strings.HasPrefix(variable, "VIP_")
}

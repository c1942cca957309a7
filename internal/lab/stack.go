package lab

import (
	"fmt"
	"slices"
	"strings"
)

// stackScript prints one node's own view of Redis, Sentinel, the VIPs and HAProxy: a word, then what it found. It reads two
// passwords, Redis's and Sentinel's; its arguments are the node's address and the name of Sentinel's master.
const stackScript = `
read -r redis; read -r sentinel
redis() { REDISCLI_AUTH=$redis timeout 3 redis-cli -h "$1" -p 6379 "${@:2}"; }
echo "role $(redis "$1" ROLE | head -n 1)"
redis "$1" INFO replication | tr -d '\r' | sed -n 's/^slave[0-9]*:ip=\([^,]*\),.*state=online.*/replica \1/p'
echo "quorum $(REDISCLI_AUTH=$sentinel timeout 3 redis-cli -h "$1" -p 26379 SENTINEL CKQUORUM "$2")"
ip -4 -o addr show dev eth0 | sed -n 's|.* inet \([^/]*\)/32 .*|vip \1|p'
echo "show stat" | timeout 3 socat -t 3 - /run/haproxy/admin.sock | awk -F, '$18 == "UP" && $2 != "BACKEND" {print "up " $1 " " $2}'
`

// workersScript prints the hosts whose workers are registered and alive. It reads Redis's password; its argument is the
// address of Redis's entry.
const workersScript = `
read -r REDISCLI_AUTH; export REDISCLI_AUTH
ask() { timeout 3 redis-cli -h "$address" -p 6379 -n 0 "$@"; }
address=$1
for worker in $(ask SMEMBERS rq:workers); do ask HGET "$worker" hostname; done
`

// nodeView is what stackScript found on one node.
type nodeView struct {
	host, address string
	role, quorum  string
	replicas      []string // addresses, online
	vips          []string
	up            map[string][]string // servers by backend
}

func parseNodeView(h host, out string) nodeView {
	v := nodeView{host: h.name, address: h.address, up: map[string][]string{}}
	for line := range strings.Lines(out) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "role":
			v.role = rest
		case "quorum":
			v.quorum = rest
		case "replica":
			v.replicas = append(v.replicas, rest)
		case "vip":
			v.vips = append(v.vips, rest)
		case "up":
			backend, server, _ := strings.Cut(rest, " ")
			v.up[backend] = append(v.up[backend], server)
		}
	}
	return v
}

// stackHealthy says what is missing around the database, whose leader is known: Redis, Sentinel, the VIPs, HAProxy.
func stackHealthy(views []nodeView, leader string) error {
	masters := []string{}
	holders := map[string][]string{}
	for _, v := range views {
		switch v.role {
		case "master":
			masters = append(masters, v.host)
			if got := len(v.replicas); got != len(views)-1 {
				return fmt.Errorf("%d online replicas of Redis's master %s, not %d", got, v.host, len(views)-1)
			}
		case "slave":
		default:
			return fmt.Errorf("redis on %s has no role: %q", v.host, v.role)
		}
		if !strings.HasPrefix(v.quorum, fmt.Sprintf("OK %d usable", len(views))) {
			return fmt.Errorf("sentinel on %s: %q", v.host, v.quorum)
		}
		for _, vip := range v.vips {
			holders[vip] = append(holders[vip], v.host)
		}
	}
	if len(masters) != 1 {
		return fmt.Errorf("%d masters of Redis: %v", len(masters), masters)
	}
	for _, vip := range []string{dbVIP, webVIP} {
		if len(holders[vip]) != 1 {
			return fmt.Errorf("%d holders of %s: %v", len(holders[vip]), vip, holders[vip])
		}
	}
	for _, v := range views {
		for backend, want := range map[string][]string{"pg_bkwrite": {leader}, "be_redis_master": masters} {
			if got := v.up[backend]; !slices.Equal(got, want) {
				return fmt.Errorf("HAProxy on %s: %s has %v up, not %v", v.host, backend, got, want)
			}
		}
		for backend, want := range map[string]int{"pg_bkread": len(views) - 1, "pgbouncer_nodes": len(views)} {
			if got := len(v.up[backend]); got != want {
				return fmt.Errorf("HAProxy on %s: %s has %d up, not %d", v.host, backend, got, want)
			}
		}
	}
	return nil
}

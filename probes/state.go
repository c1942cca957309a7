// Package probes is recon's eyes: it asks every service of the cluster what it sees, all the time and each on its own,
// and publishes what came back as an immutable State.
//
// State is at once what the screens draw, what `recon status --json` prints and what the expressions of the runbooks
// read, under the same names (the json tags). A pointer, slice or map that is nil was not seen, except where its tag says
// gate:"nil": there nil is a fact ("nobody leads"). Everything carries who answered, when, and why not.
//
// Nothing here writes to the cluster. Start with New, then Watch.Run and Watch.State; Watch.Fresh waits for answers to
// questions that were asked after a given moment, which is what a gate needs between confirmation and execution.
package probes

import "time"

// StaleAfter is how old an answer may be before it stops being a fact: a step that reads it is then blocked.
const StaleAfter = 10 * time.Second

// neverAsked is why nothing in a section without members is a fact: a State that was not put together by a Watch must not
// say that nobody leads.
const neverAsked = "not asked yet"

// State is one view of the whole cluster. It is never changed after it was published.
type State struct {
	// At is when this view was put together; all ages are measured from it. Seq grows by one with every State.
	At  time.Time `json:"at" gate:"-"`
	Seq uint64    `json:"seq" gate:"-"`

	Cluster  Cluster        `json:"cluster" about:"what the cluster file says of the cluster"`
	Nodes    []Node         `json:"nodes" about:"the hosts, as seen over ssh, in the cluster file's order"`
	Etcd     Etcd           `json:"etcd" about:"the store that holds the leader lock"`
	Patroni  Patroni        `json:"patroni" about:"the agents beside each PostgreSQL, and who leads"`
	Postgres Postgres       `json:"postgres" about:"the databases themselves, over their own protocol"`
	VIPs     map[string]VIP `json:"vips" about:"the floating addresses by name, as the hosts report their addresses"`

	Redis      Redis      `json:"redis" about:"the Redis servers themselves"`
	Sentinel   Sentinel   `json:"sentinel" about:"the Sentinels, which decide who is Redis master"`
	HAProxy    HAProxy    `json:"haproxy" about:"the entry of the database and Redis ports"`
	Keepalived Keepalived `json:"keepalived" about:"what moves the floating addresses"`
	PgBouncer  PgBouncer  `json:"pgbouncer" about:"the connection pools"`
	Web        Web        `json:"web" about:"the web proxies in front of NetBox"`
	NetBox     NetBox     `json:"netbox" about:"the application and its workers"`

	Service  Service  `json:"service" about:"what the users feel"`
	Reach    Reach    `json:"reach" about:"who reaches whom, with witnesses"`
	Cross    Cross    `json:"cross" about:"whether the systems agree with each other"`
	HandsOff HandsOff `json:"hands_off" about:"until when the cluster is about to act by itself"`

	Deployment Deployment `json:"deployment" about:"what of the cluster was never deployed"`
}

// Cluster is what the cluster file says; it is always known.
type Cluster struct {
	Name        string `json:"name" about:"the cluster's name"`
	Environment string `json:"environment" about:"production, staging or training"`
}

// Seen says how a target last answered. Every probed thing embeds it.
type Seen struct {
	// Reachable is whether the target answered its last probe at all. Error says why not, in words for the operator; it is
	// empty when it answered. Refused tells "nothing listens there" (a fact) from silence (not one).
	Reachable bool   `json:"reachable" about:"it answered the last probe"`
	Refused   bool   `json:"refused" about:"the host answered that nothing listens there"`
	Error     string `json:"error" about:"why it did not answer, or empty"`
	// Age is how long ago, in seconds, the question was asked whose answer this is.
	Age float64 `json:"age" about:"seconds since the question was asked whose answer this is"`
	// Since is how long, in seconds, Reachable has had its present value.
	Since float64 `json:"since" about:"seconds for which reachable has had its present value"`
	// Latency is how long the last answer took, in seconds.
	Latency float64 `json:"latency" about:"seconds the last answer took"`

	// Began is when the last finished probe was begun, zero when none has finished. Source names what was asked.
	Began  time.Time `json:"began" gate:"-"`
	Source string    `json:"source" gate:"-"`
	// notBefore makes every answer to an older question unseen (Watch.Fresh sets it).
	notBefore time.Time
}

// ofSeen says whether a field is one of Seen's, which are facts as soon as one probe has finished.
func ofSeen(field string) bool {
	switch field {
	case "reachable", "refused", "error", "age", "since", "latency":
		return true
	}
	return false
}

// Blind says why a field of something seen this way is not a fact now, or "" when it is one. reachable, refused,
// error, age and since are facts as soon as one probe has finished.
func (s Seen) Blind(field string) string {
	switch {
	case s.Began.IsZero():
		return neverAsked
	case s.Began.Before(s.notBefore):
		return "no answer since the question was asked again"
	}
	if ofSeen(field) {
		return ""
	}
	switch {
	case !s.Reachable && s.Error != "":
		return s.Error
	case !s.Reachable:
		return "did not answer"
	case s.Age > StaleAfter.Seconds():
		return "the answer is older than 10 s"
	}
	return ""
}

// Node is one host, seen over ssh.
type Node struct {
	Name    string `json:"name" about:"the node's name in the cluster file"`
	Address string `json:"address" about:"its address in the cluster file"`
	Seen
	Hostname string `json:"hostname" about:"what the host calls itself"`
	// Units maps a systemd unit (without .service) to its active state: active, inactive, failed, activating,
	// deactivating, or not-found. UnitFiles maps it to enabled, disabled, masked, static, ... Units of all services in the
	// cluster file that run here are listed.
	Units     map[string]string `json:"units" about:"unit name to active, inactive, failed, activating, deactivating or not-found"`
	UnitFiles map[string]string `json:"unit_files" about:"unit name to enabled, disabled, masked, static, ..."`
	Disks     []Disk            `json:"disks" about:"file systems that hold data or logs"`
	Load1     *float64          `json:"load1" about:"load average of the last minute"`
	CPUs      *int              `json:"cpus" about:"number of processors"`
	MemoryMB  *int              `json:"memory_available_mb" about:"memory available, MiB"`
	// ClockOffset is the host's clock minus the console's, in seconds, corrected by half the round trip.
	ClockOffset *float64 `json:"clock_offset" about:"the host's clock minus the console's, seconds"`
	ClockSynced *bool    `json:"clock_synced" about:"the host says that its clock is synchronised"`
	Addresses   []string `json:"addresses" about:"IPv4 and IPv6 addresses on its interfaces, without loopback"`
	Uptime      *float64 `json:"uptime" about:"seconds since boot; of a container, since its own"`
	// Services is Units under the names of the cluster file's services, so that a book needs no unit name: etcd, patroni, redis,
	// sentinel, haproxy, keepalived, pgbouncer, web, netbox and worker. ServiceFiles is UnitFiles in the same way.
	Services     map[string]string `json:"services" about:"service of the cluster file (etcd, ..., netbox, worker) to its unit's state, as in units"`
	ServiceFiles map[string]string `json:"service_files" about:"service of the cluster file to enabled, disabled, masked, ..."`
	FailedUnits  []string          `json:"failed_units" about:"all units of the host that have failed, also those that no service names"`
	Restarts     map[string]int    `json:"restarts" about:"unit name to how often systemd restarted it by itself"`
	SwapUsedMB   *int              `json:"swap_used_mb" about:"swap in use, MiB"`
	MemoryAllMB  *int              `json:"memory_mb" about:"memory of the host, MiB"`
	// NonlocalBind is net.ipv4.ip_nonlocal_bind, without which a proxy cannot listen on an address that another node holds.
	NonlocalBind  *bool `json:"nonlocal_bind" about:"a program may listen on an address that the host does not have"`
	RebootPending *bool `json:"reboot_pending" about:"installed packages wait for a reboot"`
	// PatroniScope and PatroniNamespace stand in the host's own Patroni configuration, where the ssh user may read it.
	PatroniScope     *string `json:"patroni_scope" about:"the scope in the host's own Patroni configuration"`
	PatroniNamespace *string `json:"patroni_namespace" about:"the namespace in the host's own Patroni configuration"`
	// NeverRan are services of the cluster file, as in Services; see neverRan for what shows it.
	NeverRan []string `json:"never_ran" about:"services of the cluster file that have no unit here, or whose deployment began and never finished"`
}

// Blind says why a field is not a fact now. Name and address are from the cluster file.
func (n Node) Blind(field string) string {
	if field == "name" || field == "address" {
		return ""
	}
	return n.Seen.Blind(field)
}

// Disk is one file system of a host.
type Disk struct {
	Mount   string  `json:"mount" about:"mount point"`
	Path    string  `json:"path" about:"the path that was asked about, for example the data directory"`
	Bytes   int64   `json:"bytes" about:"size in bytes"`
	Free    int64   `json:"free" about:"bytes available to users"`
	Percent float64 `json:"percent" about:"used, in percent"`
	// InodesPercent is nil when the file system does not count them.
	InodesPercent *float64 `json:"inodes_percent" about:"inodes used, in percent"`
	ReadOnly      *bool    `json:"read_only" about:"it is mounted read-only"`
	// Growth is measured by this console over the last minutes; nil until it has watched for long enough.
	Growth *float64 `json:"growth" about:"bytes a second by which it fills, as watched by this console"`
	FullIn *float64 `json:"full_in" gate:"nil" about:"seconds until it is full at this rate; nil when it does not fill"`
}

// VIP is a floating address and who holds it.
type VIP struct {
	Name    string   `json:"name" about:"its name in the cluster file"`
	Address string   `json:"address" about:"the address"`
	Holders []string `json:"holders" about:"names of the nodes that have the address now"`
	Holder  *string  `json:"holder" gate:"nil" about:"the one node that has it; nil when none or several do"`
	// Moves is counted by this console.
	Moves int `json:"moves" about:"how often it moved to another node within the last 10 minutes, as far as this console saw"`
	// Unseen is why holders and holder are not facts ("netbox-node-2 did not answer"), or "".
	Unseen string `json:"unseen" gate:"-"`
}

// Blind says why a field is not a fact now.
func (v VIP) Blind(field string) string {
	if field == "holders" || field == "holder" || field == "moves" {
		return v.Unseen
	}
	return ""
}

package setup

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// clusterFile is inventory.yaml: what the roles deploy, as recon sees it. Where a variable of the roles decides about a value,
// the same variable decides here.
func clusterFile(a Answers, v Vault) []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# The cluster file of recon, made by `recon inventory init`; inventory.example.yaml explains every key.")
	line("# It holds no password: those are in %s, and the other variables of the Ansible roles in %s.", SecretsFile, VarsFile)
	line("format: 1")
	line("cluster: %s", word(a.Cluster))
	line("environment: %s", a.Environment)
	line("")
	line("# How the hosts are reached. Their host keys must be in known_hosts.")
	line("ssh:")
	line("  user: %s", word(a.SSHUser))
	if len(a.SSHKeys) > 0 {
		line("  keys: %s", words(a.SSHKeys))
	}
	if len(a.SSHJump) > 0 {
		line("  jump: %s", words(a.SSHJump))
	}
	line("  become: %s", map[string]string{
		"sudo": "{method: sudo}", "sudo-password": "{method: sudo, password: prompt}", "su": "{method: su, password: prompt}", "none": "{method: none}",
	}[a.Become])
	line("")
	line("nodes:")
	for _, n := range a.Nodes {
		line("  - {name: %s, address: %s}", word(n.Name), n.Address)
	}
	line("")
	line("services:")
	for _, s := range services(a) {
		var keys []string
		for _, k := range s.keys {
			keys = append(keys, k.name+": "+k.text(a))
		}
		line("  %s: {%s}", s.name, strings.Join(keys, ", "))
	}
	line("")
	line("# The floating addresses.")
	line("vips:")
	line("  db: {address: %s, interface: %s}", a.text("keepalived_db_vip", a.DBVIP), a.text("keepalived_interface", a.Interface))
	line("  web: {address: %s, interface: %s}", a.text("keepalived_web_vip", a.WebVIP), a.text("keepalived_interface", a.Interface))
	line("")
	line("# What the users do is tried all the time.")
	line("entry: {user: recon, password: %s, database: netbox, canary: %t}", inSecrets("recon_database_password"), a.Canary)
	line("")
	line("# What the roles are told.")
	line("ansible:")
	line("  vars: [%s, %s]", VarsFile, SecretsFile)
	if v.Ref != "" {
		line("  vault: %s", word(v.Ref))
	}
	return []byte(b.String())
}

// service is one line of services.
type service struct {
	name string
	keys []key
}

// key is one key of a service: a fixed text, a secret, or what a variable of the roles says, with the roles' default.
type key struct {
	name, fallback   string
	variable, secret string
}

func (k key) text(a Answers) string {
	switch {
	case k.secret != "":
		return inSecrets(k.secret)
	case k.variable != "":
		return a.text(k.variable, k.fallback)
	}
	return word(k.fallback)
}

// text is a variable as the answers have it, or a default.
func (a Answers) text(name, fallback string) string {
	if v, ok := a.variable(name); ok {
		return word(fmt.Sprint(v))
	}
	return word(fallback)
}

func inSecrets(name string) string { return "yaml:" + SecretsFile + "#" + name }

// services are what the roles deploy. A test compares the defaults with the roles'.
func services(a Answers) []service {
	version := a.text("patroni_postgresql_version", "17")
	return []service{
		{"etcd", []key{
			{name: "client_port", variable: "etcd_client_port", fallback: "22379"},
			{name: "peer_port", variable: "etcd_peer_port", fallback: "22380"},
			{name: "unit", variable: "etcd_unit", fallback: "etcd-patroni"},
			{name: "data_dir", variable: "etcd_data_dir", fallback: "/var/lib/etcd-patroni"},
		}},
		{"patroni", []key{
			{name: "rest_port", variable: "patroni_rest_port", fallback: "8008"},
			{name: "config", variable: "patroni_config", fallback: "/etc/patroni/patroni.yml"},
			{name: "scope", variable: "patroni_scope", fallback: "pgcluster"},
			{name: "namespace", variable: "patroni_namespace", fallback: "/service/"},
			{name: "user", variable: "patroni_rest_user", fallback: "patroni"},
			{name: "password", secret: "patroni_rest_password"},
		}},
		{"postgres", []key{
			{name: "port", variable: "patroni_port", fallback: "5432"},
			{name: "data_dir", variable: "patroni_data_dir", fallback: "/var/lib/postgresql/" + version + "/patroni"},
			{name: "bin_dir", variable: "patroni_bin_dir", fallback: "/usr/lib/postgresql/" + version + "/bin"},
			{name: "user", fallback: "recon"},
			{name: "password", secret: "recon_database_password"},
		}},
		{"redis", []key{
			{name: "port", variable: "redis_port", fallback: "6379"},
			{name: "unit", variable: "redis_unit", fallback: "redis-server"},
			{name: "config", variable: "redis_config", fallback: "/etc/redis/redis.conf"},
			{name: "password", secret: "redis_password"},
		}},
		{"sentinel", []key{
			{name: "port", variable: "sentinel_port", fallback: "26379"},
			{name: "unit", variable: "sentinel_unit", fallback: "redis-sentinel"},
			{name: "config", variable: "sentinel_config", fallback: "/etc/redis/sentinel.conf"},
			{name: "master", variable: "sentinel_master", fallback: "redis"},
			{name: "password", secret: "sentinel_password"},
		}},
		{"haproxy", []key{
			{name: "port", variable: "haproxy_stats_port", fallback: "7000"},
			{name: "unit", variable: "haproxy_unit", fallback: "haproxy"},
			{name: "config", variable: "haproxy_config", fallback: "/etc/haproxy/haproxy.cfg"},
			{name: "socket", variable: "haproxy_socket", fallback: "/run/haproxy/admin.sock"},
			{name: "user", variable: "haproxy_stats_user", fallback: "stats"},
			{name: "password", secret: "haproxy_stats_password"},
		}},
		{"keepalived", []key{
			{name: "unit", variable: "keepalived_unit", fallback: "keepalived"},
			{name: "config", variable: "keepalived_config", fallback: "/etc/keepalived/keepalived.conf"},
		}},
		{"pgbouncer", []key{
			{name: "port", variable: "pgbouncer_port", fallback: "6432"},
			{name: "unit", variable: "pgbouncer_unit", fallback: "pgbouncer"},
			{name: "config", variable: "pgbouncer_config", fallback: "/etc/pgbouncer/pgbouncer.ini"},
			{name: "user", variable: "pgbouncer_admin_user", fallback: "pgbouncer_admin"},
			{name: "password", secret: "pgbouncer_admin_password"},
			{name: "database", fallback: "netbox"},
		}},
		{"web", []key{
			{name: "port", variable: "web_https_port", fallback: "443"},
			{name: "unit", variable: "web_unit", fallback: "nginx"},
			{name: "config", fallback: map[bool]string{true: "/etc/angie/angie.conf", false: "/etc/nginx/nginx.conf"}[a.text("web_unit", "nginx") == "angie"]},
			{name: "certificate", variable: "web_certificate", fallback: "/etc/nginx/certs/netbox.pem"},
		}},
		{"netbox", []key{
			{name: "port", variable: "netbox_port", fallback: "8001"},
			{name: "bind", variable: "netbox_address", fallback: "127.0.0.1"},
			{name: "url", fallback: "https://" + a.ServerName},
			{name: "token", secret: "netbox_admin_token"},
		}},
	}
}

// bare is what YAML takes for text, or for the number that it is meant to be, without quotes.
var bare = regexp.MustCompile(`\A(?:[A-Za-z/][A-Za-z0-9_./-]*|~/[A-Za-z0-9_./-]*|[0-9]+(?:\.[0-9]+){3}|[1-9][0-9]{0,4}|(?:file|https):[A-Za-z0-9_./~-]+)\z`)

// word is a text as a value of YAML.
func word(s string) string {
	meant := []string{"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
	if bare.MatchString(s) && !slices.Contains(meant, strings.ToLower(s)) {
		return s
	}
	return fmt.Sprintf("%q", s)
}

func words(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = word(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

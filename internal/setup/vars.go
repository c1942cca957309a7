package setup

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

// row is one variable of vars.yml, or a heading when it has no name.
type row struct {
	name, about string
	value       any
}

// rows are the variables that every cluster gets, in their order. What the answers say of the same name wins.
func rows(a Answers) []row {
	all := []row{
		{about: "Where the database answers, and who may connect with a password."},
		{name: "patroni_networks", value: a.Networks},
		{name: "patroni_scope", value: "pgcluster", about: "the cluster's name in the store"},
		{name: "patroni_namespace", value: "/service/"},
		{name: "patroni_postgresql_parameters", value: yaml.MapSlice{}, about: "of each member, such as {shared_buffers: 1GB}"},
		{name: "patroni_roles", value: []any{
			yaml.MapSlice{{Key: "name", Value: "recon"}, {Key: "password", Value: template("recon_database_password")}, {Key: "member_of", Value: []string{"pg_monitor"}}},
			yaml.MapSlice{{Key: "name", Value: "netbox"}, {Key: "password", Value: template("netbox_database_password")}},
		}, about: "made when missing"},
		{name: "patroni_databases", value: []any{yaml.MapSlice{{Key: "name", Value: "netbox"}, {Key: "owner", Value: "netbox"}}}},
	}
	if a.Canary {
		all = append(all, row{name: "patroni_canary", value: yaml.MapSlice{{Key: "database", Value: "netbox"}, {Key: "role", Value: "recon"}}, about: "the table of the console's write canary"})
	}
	all = append(all, []row{
		{about: "Redis."},
		{name: "sentinel_master", value: "redis", about: "what Sentinel calls the master"},
		{about: "The pool. Hosts, databases, users and pool sizes together must fit into max_connections of PostgreSQL."},
		{name: "pgbouncer_upstream", value: a.DBVIP},
		{name: "pgbouncer_users", value: []any{
			yaml.MapSlice{{Key: "name", Value: "netbox"}, {Key: "password", Value: template("netbox_database_password")}},
			yaml.MapSlice{{Key: "name", Value: "recon"}, {Key: "password", Value: template("recon_database_password")}, {Key: "stats", Value: true}},
		}},
		{name: "pgbouncer_default_pool_size", value: 20, about: "connections to the database, for each host"},
		{about: "The entry."},
		{name: "haproxy_vip", value: a.DBVIP},
		{name: "haproxy_maxconn", value: 10000, about: "takes twice as many open files"},
		{name: "keepalived_interface", value: a.Interface},
		{name: "keepalived_db_vip", value: a.DBVIP, about: "the last number is the router id"},
		{name: "keepalived_web_vip", value: a.WebVIP},
		{name: "web_server_name", value: a.ServerName},
		{about: "NetBox, through the entry."},
		{name: "netbox_source", value: a.NetBoxSource},
	}...)
	if a.NetBoxSource == "release" {
		all = append(all, row{name: "netbox_version", value: a.NetBoxVersion})
	}
	if a.NetBoxArchive != "" {
		all = append(all, row{name: "netbox_archive", value: a.NetBoxArchive})
	}
	return append(all, []row{
		{name: "netbox_workers", value: 3, about: "processes on each host"},
		{name: "netbox_threads", value: 3, about: "in each of them"},
		{name: "netbox_database_host", value: a.DBVIP},
		{name: "netbox_redis_host", value: a.DBVIP},
		{name: "netbox_redis_password", value: template("redis_password")},
	}...)
}

// template is how Ansible takes one variable's value from another: passwords stand in secrets.yml, once.
func template(name string) string { return "{{ " + name + " }}" }

// varsFile is vars.yml.
func varsFile(a Answers) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# What the Ansible roles are told about this cluster, but for its passwords, which are in " + SecretsFile + ".\n" +
		"# The roles' own README.md explains every variable; the others have defaults there.\n")
	written := map[string]bool{}
	for _, r := range rows(a) {
		if r.name == "" {
			fmt.Fprintf(&b, "\n# %s\n", r.about)
			continue
		}
		written[r.name] = true
		if v, ok := a.variable(r.name); ok {
			r.value = v
		}
		if err := writeVariable(&b, r.name, r.value, r.about); err != nil {
			return nil, err
		}
	}
	first := true
	for _, v := range a.Vars {
		name, _ := v.Key.(string)
		if written[name] {
			continue
		}
		if first {
			b.WriteString("\n# From the answers.\n")
			first = false
		}
		if err := writeVariable(&b, name, v.Value, ""); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// variable is what the answers say of a role's variable.
func (a Answers) variable(name string) (any, bool) {
	for _, v := range a.Vars {
		if v.Key == name {
			return v.Value, true
		}
	}
	return nil, false
}

func writeVariable(b *bytes.Buffer, name string, value any, about string) error {
	flow, err := yaml.MarshalWithOptions(value, yaml.Flow(true))
	if err != nil {
		return fmt.Errorf("write the variable %s: %w", name, err)
	}
	text := strings.TrimSpace(string(flow))
	if about != "" {
		text += " # " + about
	}
	fmt.Fprintf(b, "%s: %s\n", name, text)
	return nil
}

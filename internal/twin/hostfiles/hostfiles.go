// Package hostfiles makes the configuration files of the training cluster's hosts: what the Ansible roles write onto real
// ones, with the owners and modes that they give. Of is the place to start.
package hostfiles

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/netip"
	"strings"
	"text/template"
)

//go:embed templates
var templates embed.FS

// Node is a host of the stack.
type Node struct{ Name, IP string }

// Cluster is what the files are made of. Secret are passwords by name.
type Cluster struct {
	Nodes         []Node
	Console       Node
	DBVIP, WebVIP string
	ServerName    string
	Secret        map[string]string
}

// File is one file of a host.
type File struct {
	Path, Text string
	Mode       fs.FileMode
	Owner      string
}

// places says where each template goes, and to whom it belongs.
var places = []struct {
	template, path, owner string
	mode                  fs.FileMode
}{
	{"etcd.yml", "/etc/etcd-patroni/etcd.yml", "root:etcd", 0o640},
	{"patroni.yml", "/etc/patroni/patroni.yml", "postgres:postgres", 0o600},
	{"redis.conf", "/etc/redis/redis.conf", "redis:redis", 0o640},
	{"sentinel.conf", "/etc/redis/sentinel.conf", "redis:redis", 0o640},
	{"haproxy.cfg", "/etc/haproxy/haproxy.cfg", "root:haproxy", 0o640},
	{"keepalived.conf", "/etc/keepalived/keepalived.conf", "root:root", 0o600},
	{"check_http", "/etc/keepalived/check_http", "root:root", 0o755},
	{"pgbouncer.ini", "/etc/pgbouncer/pgbouncer.ini", "root:postgres", 0o640},
	{"userlist.txt", "/etc/pgbouncer/userlist.txt", "root:postgres", 0o640},
	{"nginx.conf", "/etc/nginx/nginx.conf", "root:root", 0o644},
	{"netbox.conf", "/etc/nginx/conf.d/netbox.conf", "root:root", 0o644},
	{"configuration.py", "/opt/netbox/netbox/netbox/configuration.py", "root:netbox", 0o640},
}

// Of makes the files of node number i. The first node is Redis's first master.
func Of(c Cluster, i int) ([]File, error) {
	n := c.Nodes[i]
	data := struct {
		Cluster
		Name, IP, First, Master, Network string
		Priority                         int
		Peers                            []Node
	}{Cluster: c, Name: n.Name, IP: n.IP, First: c.Nodes[0].IP, Priority: 200 - 5*i}
	if i > 0 {
		data.Master = c.Nodes[0].IP
	}
	for j, o := range c.Nodes {
		if j != i {
			data.Peers = append(data.Peers, o)
		}
	}
	if a, err := netip.ParseAddr(n.IP); err == nil {
		data.Network = netip.PrefixFrom(a, 24).Masked().String()
	}
	all, err := template.New("").Funcs(template.FuncMap{
		"secret": func(name string) string { return c.Secret[name] },
		"octet":  func(ip string) string { return ip[strings.LastIndexByte(ip, '.')+1:] },
		"sha256": func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) },
	}).ParseFS(templates, "templates/*")
	if err != nil {
		return nil, err
	}
	var out []File
	for _, p := range places {
		var b bytes.Buffer
		if err := all.ExecuteTemplate(&b, p.template, data); err != nil {
			return nil, err
		}
		out = append(out, File{Path: p.path, Text: b.String(), Mode: p.mode, Owner: p.owner})
	}
	return out, nil
}

// Secrets are the names of the passwords that the files need.
func Secrets() []string {
	return []string{
		"patroni", "superuser", "replication", "rewind", "postgres", "netbox", "redis", "redis-check", "sentinel", "haproxy", "pgbouncer", "vrrp",
		"django", "pepper", "netbox-token", "netbox-admin",
	}
}

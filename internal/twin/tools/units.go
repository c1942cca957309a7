package tools

import (
	"path"
	"slices"
	"strings"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

// program is what systemd and the kernel know of a unit that the world runs, where the host has no unit file that says it.
type program struct {
	exec string
	// kind is Type=, comm the main process's short name, ident what its lines in the journal begin with.
	kind, comm, ident string
	docs              []string
	// packaged is true when the unit file is Debian's.
	packaged bool
	reload   bool
	kill     string // KillMode
	rss      int    // of the main process, kB
}

var programs = map[string]program{
	world.EtcdUnit:    {exec: "/usr/bin/etcd --config-file /etc/etcd-patroni/etcd.yml", kind: "notify", comm: "etcd", docs: []string{"https://etcd.io/docs/"}, rss: 63496},
	world.PatroniUnit: {exec: "/usr/bin/patroni /etc/patroni/patroni.yml", kind: "simple", comm: "patroni", packaged: true, reload: true, kill: "process", rss: 41896},
	"haproxy": {
		exec: "/usr/sbin/haproxy -Ws -f /etc/haproxy/haproxy.cfg -p /run/haproxy.pid -S /run/haproxy-master.sock", kind: "notify", comm: "haproxy",
		docs: []string{"man:haproxy(1)", "file:/usr/share/doc/haproxy/configuration.txt.gz"}, packaged: true, reload: true, kill: "mixed", rss: 17292,
	},
	"keepalived":     {exec: "/usr/sbin/keepalived --dont-fork", kind: "notify", comm: "keepalived", ident: "Keepalived_vrrp", docs: []string{"man:keepalived(8)", "man:keepalived.conf(5)", "man:genhash(1)", "https://keepalived.org"}, packaged: true, reload: true, kill: "process", rss: 10032},
	"pgbouncer":      {exec: "/usr/sbin/pgbouncer /etc/pgbouncer/pgbouncer.ini", kind: "notify", comm: "pgbouncer", docs: []string{"man:pgbouncer(1)", "https://www.pgbouncer.org/"}, packaged: true, reload: true, rss: 7024},
	"redis-server":   {exec: "/usr/bin/redis-server /etc/redis/redis.conf --supervised systemd --daemonize no", kind: "notify", comm: "redis-server", docs: []string{"http://redis.io/documentation", "man:redis-server(1)"}, packaged: true, rss: 15620},
	"redis-sentinel": {exec: "/usr/bin/redis-sentinel /etc/redis/sentinel.conf --supervised systemd --daemonize no", kind: "notify", comm: "redis-sentinel", docs: []string{"http://redis.io/documentation", "man:redis-sentinel(1)"}, packaged: true, rss: 14560},
	"nginx":          {exec: "/usr/sbin/nginx -g daemon on; master_process on;", kind: "forking", comm: "nginx", docs: []string{"man:nginx(8)"}, packaged: true, reload: true, kill: "mixed", rss: 2776},
	"netbox":         {exec: "/usr/bin/gunicorn --config /opt/netbox/gunicorn.py --chdir /opt/netbox/netbox standin:application", kind: "notify", comm: "gunicorn", docs: []string{"https://docs.netbox.dev/"}, reload: true, kill: "mixed", rss: 23568},
	"netbox-rq":      {exec: "/usr/bin/python3 /opt/netbox/netbox/standin.py rqworker high default low", kind: "simple", comm: "python3", docs: []string{"https://docs.netbox.dev/"}, rss: 35776},
	"ssh":            {exec: "/usr/sbin/sshd -D", kind: "notify", comm: "sshd", docs: []string{"man:sshd(8)", "man:sshd_config(5)"}, packaged: true, reload: true, kill: "process", rss: 7720},
}

// aliases are second names of Debian's units.
var aliases = map[string]string{"redis": "redis-server", "sentinel": "redis-sentinel", "sshd": "ssh"}

// service is a unit as systemctl sees it.
type service struct {
	// name is without its suffix, kind the suffix: "service".
	name, kind string
	// unit is nil for what the world does not run.
	unit *world.Unit
	// fragment is the unit file, empty when there is none; dropIns those that add to it.
	fragment string
	dropIns  []string
	file     unitFile
	program  program
	masked   bool
}

func (s *service) id() string { return s.name + "." + s.kind }

func (s *service) known() bool { return s.unit != nil || s.fragment != "" || s.masked }

// transient says that systemd-run made the unit.
func (s *service) transient() bool { return s.unit != nil && s.unit.File == transientFile }

const transientFile = "transient"

// unitFolders are where unit files lie, the strongest first.
var unitFolders = []string{"/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system"}

// splitUnit separates a unit's name from its suffix; without one it is a service.
func splitUnit(name string) (string, string) {
	name = path.Base(name)
	for _, kind := range []string{"service", "timer", "socket", "target", "mount", "path", "slice", "scope"} {
		if rest, ok := strings.CutSuffix(name, "."+kind); ok {
			return rest, kind
		}
	}
	return name, "service"
}

// service looks a unit up. The world's lock is held.
func (k *kit) service(c *shell.Call, h *world.Host, name string) *service {
	base, kind := splitUnit(name)
	s := &service{name: base, kind: kind}
	if real, ok := aliases[base]; ok && kind == "service" && h.Unit(base) == nil {
		s.name = real
	}
	if kind == "service" {
		s.unit, s.program = h.Unit(s.name), programs[s.name]
	}
	if fs := c.Host.FS; fs != nil {
		s.readFiles(fs)
	}
	if s.unit != nil && s.unit.File == world.Masked {
		s.masked = true
	}
	if s.unit != nil && s.fragment == "" && s.program.exec != "" && !s.masked {
		s.fragment = map[bool]string{true: "/usr/lib/systemd/system/", false: "/etc/systemd/system/"}[s.program.packaged] + s.id()
	}
	return s
}

func (s *service) readFiles(fs *shell.FS) {
	for _, dir := range unitFolders {
		file := dir + "/" + s.id()
		i, err := fs.Lstat(file)
		if err != nil {
			continue
		}
		if i.Link == "/dev/null" {
			s.masked = true
			return
		}
		b, err := fs.ReadFile(file)
		if err != nil {
			continue
		}
		s.fragment = file
		s.file.add(string(b))
		break
	}
	seen := map[string]bool{}
	for _, dir := range unitFolders {
		list, err := fs.ReadDir(dir + "/" + s.id() + ".d")
		if err != nil {
			continue
		}
		for _, i := range list {
			if strings.HasSuffix(i.Name, ".conf") && !seen[i.Name] {
				seen[i.Name] = true
				s.dropIns = append(s.dropIns, i.Path)
			}
		}
	}
	slices.SortFunc(s.dropIns, func(a, b string) int { return strings.Compare(path.Base(a), path.Base(b)) })
	for _, d := range s.dropIns {
		if b, err := fs.ReadFile(d); err == nil {
			s.file.add(string(b))
		}
	}
}

// unitFile is what a unit file and its drop-ins say: section and key to values.
type unitFile map[string][]string

// add reads a file on top of what is there; an empty value takes back what was said before.
func (u *unitFile) add(text string) {
	if *u == nil {
		*u = unitFile{}
	}
	section := ""
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch key, value, ok := strings.Cut(line, "="); {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		case ok:
			at := section + "." + strings.TrimSpace(key)
			if value = strings.TrimSpace(value); value == "" {
				delete(*u, at)
				continue
			}
			(*u)[at] = append((*u)[at], value)
		}
	}
}

// get is the last value of a key, as SECTION.KEY, and usual without one.
func (u unitFile) get(key, usual string) string {
	if v := u[key]; len(v) > 0 {
		return v[len(v)-1]
	}
	return usual
}

// command is what ExecStart says.
func (s *service) command() string { return s.file.get("Service.ExecStart", s.program.exec) }

func (s *service) description() string {
	usual := s.id()
	if s.unit != nil && s.unit.Description != "" {
		usual = s.unit.Description
	}
	return s.file.get("Unit.Description", usual)
}

// fileState is what is-enabled says.
func (s *service) fileState() string {
	switch {
	case s.masked:
		return "masked"
	case s.unit != nil && s.unit.File != "":
		return s.unit.File
	case s.fragment == "":
		return ""
	case len(s.file["Install.WantedBy"]) == 0 && len(s.file["Install.RequiredBy"]) == 0:
		return "static"
	}
	return "disabled"
}

// states are ActiveState and SubState.
func (s *service) states() (active, sub string) {
	if s.unit == nil {
		return "inactive", "dead"
	}
	switch s.unit.State {
	case world.Active:
		return "active", "running"
	case world.Failed:
		return "failed", "failed"
	case world.Activating:
		if !s.unit.RestartAt.IsZero() {
			return "activating", "auto-restart"
		}
		return "activating", "start"
	}
	return "inactive", "dead"
}

func (s *service) load() string {
	switch {
	case s.masked:
		return "masked"
	case !s.known():
		return "not-found"
	}
	return "loaded"
}

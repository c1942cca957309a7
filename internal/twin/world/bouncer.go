package world

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// The unit, files and port of PgBouncer.
const (
	BouncerUnit = "pgbouncer"
	BouncerFile = "/etc/pgbouncer/pgbouncer.ini"
	UserList    = "/etc/pgbouncer/userlist.txt"
	BouncerPort = 6432
)

// Bouncer is one PgBouncer.
type Bouncer struct {
	Running bool
	Started time.Time
	// Databases as pgbouncer.ini names them.
	Databases map[string]*Pool
	// Prepared is max_prepared_statements.
	Prepared string
	// Users are the passwords of the user list.
	Users map[string]string

	complained map[string]time.Time
}

// Pool is one database of a PgBouncer.
type Pool struct {
	Name, Upstream   string // Upstream is host:port
	Size, Reserve    int
	Paused, Disabled bool
	// Used are server connections that clients hold in open transactions, Waiting clients that wait since WaitSince.
	Used, Waiting int
	WaitSince     time.Time
}

func (b *Bouncer) start(h *Host) error {
	databases, err := readBouncer(h.text(BouncerFile))
	if err != nil {
		return err
	}
	*b = Bouncer{Running: true, Started: h.world.now, Databases: databases, Users: readUsers(h.text(UserList)), Prepared: prepared(h.text(BouncerFile))}
	b.log(h, "LOG kernel file descriptor limit: 524288 (hard: 524288); max_client_conn: 1000, max expected fd use: 1112")
	b.log(h, "LOG listening on %s:%d", h.IP, BouncerPort)
	b.log(h, "LOG listening on unix:/var/run/postgresql/.s.PGSQL.%d", BouncerPort)
	b.log(h, "LOG process up: PgBouncer 1.24.1, libevent 2.1.12-stable (epoll), adns: c-ares 1.34.5, tls: OpenSSL 3.5.1 1 Jul 2025")
	return nil
}

func (b *Bouncer) stop(h *Host) {
	b.log(h, "LOG got SIGINT, shutting down, waiting for all clients disconnect")
	b.log(h, "LOG server connections dropped, exiting")
	b.crash(h)
}
func (b *Bouncer) crash(*Host) { b.Running = false }

// reload takes new settings; what is going on in a pool goes on.
func (b *Bouncer) reload(h *Host) error {
	databases, err := readBouncer(h.text(BouncerFile))
	if err != nil {
		return err
	}
	b.log(h, "LOG got SIGHUP, re-reading config")
	for name, p := range databases {
		if was := b.Databases[name]; was != nil {
			p.Paused, p.Disabled, p.Used, p.Waiting, p.WaitSince = was.Paused, was.Disabled, was.Used, was.Waiting, was.WaitSince
		}
	}
	b.Databases, b.Users, b.Prepared = databases, readUsers(h.text(UserList)), prepared(h.text(BouncerFile))
	return nil
}

func readBouncer(conf string) (map[string]*Pool, error) {
	out := map[string]*Pool{}
	section, size, reserve := "", 20, 0
	for line := range strings.Lines(conf) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == ';' || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		case section == "databases":
			name, rest, ok := strings.Cut(line, "=")
			if !ok {
				return nil, errors.New("ERROR syntax error in configuration (/etc/pgbouncer/pgbouncer.ini:3), stopping loading")
			}
			p := &Pool{Name: strings.TrimSpace(name)}
			host, port := "", "5432"
			for word := range strings.FieldsSeq(rest) {
				switch k, v, _ := strings.Cut(word, "="); k {
				case "host":
					host = v
				case "port":
					port = v
				case "pool_size":
					p.Size, _ = strconv.Atoi(v) // 0 is the default
				}
			}
			p.Upstream = host + ":" + port
			out[p.Name] = p
		case section == "pgbouncer":
			k, v, _ := strings.Cut(line, "=")
			switch strings.TrimSpace(k) {
			case "default_pool_size":
				size, _ = strconv.Atoi(strings.TrimSpace(v)) // 0 is no pool at all
			case "reserve_pool_size":
				reserve, _ = strconv.Atoi(strings.TrimSpace(v)) // likewise
			}
		}
	}
	for _, p := range out {
		if p.Reserve = reserve; p.Size == 0 {
			p.Size = size
		}
	}
	return out, nil
}

// prepared is max_prepared_statements, 200 when the file does not say.
func prepared(conf string) string {
	if v, ok := directive(conf, "max_prepared_statements"); ok {
		return v
	}
	return "200"
}

func readUsers(list string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(list) {
		f := strings.SplitN(strings.TrimSpace(line), `"`, 5)
		if len(f) >= 4 {
			out[f[1]] = f[3]
		}
	}
	return out
}

// tickBouncer ends waits that lasted too long: query_wait_timeout.
func (w *World) tickBouncer() {
	for _, h := range w.Nodes() {
		if h.Bouncer == nil || !h.Bouncer.Running {
			continue
		}
		for _, p := range h.Bouncer.Databases {
			full := p.Used >= p.Size+p.Reserve
			switch {
			case p.Paused || full:
				if p.Waiting == 0 {
					p.WaitSince = w.now
				}
				if p.Waiting < 4 && w.every(2*time.Second, 0) {
					p.Waiting++
				}
			default:
				p.Waiting = 0
			}
		}
	}
}

// The ways in which a login through a PgBouncer can end, other than well.
const (
	NoSuchDatabase = "no such database"
	WrongPassword  = "password authentication failed"
	MustWait       = "waits"
	NoServer       = "server login has been failing"
	ServerRefuses  = "server login failed: password authentication failed"
	NotRunning     = "not running"
)

// rolePassword is the password of a role in the database.
func (w *World) rolePassword(user string) string {
	name, ok := map[string]string{"postgres": "superuser", "replicator": "replication", "rewinder": "rewind", "netbox": "netbox", "recon": "postgres"}[user]
	if !ok {
		return ""
	}
	return w.Plan.Secret[name]
}

// BouncerPath says how a login to a database through a host's PgBouncer ends: empty when it works, else one of the words
// above.
func (w *World) BouncerPath(h *Host, database, user, password string) string {
	b := h.Bouncer
	if b == nil || !b.Running || !h.Up() {
		return NotRunning
	}
	p := b.Databases[database]
	switch {
	case p == nil:
		return NoSuchDatabase
	case b.Users[user] == "" || b.Users[user] != password:
		return WrongPassword
	case p.Paused || p.Disabled || p.Used >= p.Size+p.Reserve:
		return MustWait
	}
	ip, port, _ := strings.Cut(p.Upstream, ":")
	number, _ := strconv.Atoi(port) // 0 is nobody's
	to := w.behind(h, ip, number)
	switch {
	case to == nil || to.Postgres == nil || !to.Postgres.Accepts(w.now):
		return NoServer
	case password != w.rolePassword(user):
		return ServerRefuses
	}
	return ""
}

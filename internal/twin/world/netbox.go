//lint:file-ignore ST1005 these are the words of the real programs

package world

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The units and ports of NetBox.
const (
	WebUnit     = "nginx"
	NetBoxUnit  = "netbox"
	WorkerUnit  = "netbox-rq"
	NetBoxPort  = 8001
	NetBoxFile  = "/opt/netbox/netbox/netbox/configuration.py"
	SiteFile    = "/etc/nginx/conf.d/netbox.conf"
	Certificate = "/etc/nginx/certs/netbox.pem"
	ServerName  = "netbox.lab.example"
)

// NetBox is the web proxy, the application and the worker of one host.
type NetBox struct {
	Proxy, App, Worker bool
	AppStarted         time.Time
	// Pair is the certificate and key in PEM that the proxy read at its start or reload.
	Pair []byte
	// Registered says that the worker registered itself since its start. After a failover of Redis it works on, but is not
	// known there until it starts again (as RQ behaves).
	Registered bool
	Born       time.Time
	PID        int
	// Version is the one that it runs, empty for the cluster's.
	Version string
	// Redis is the process that the worker is connected to, empty while it is to none.
	Redis string

	settings, workerSettings netboxSettings
	line                     redisLineOf
}

// redisLineOf is a worker's open connection: the entry that it leads through, and the server behind.
type redisLineOf struct {
	proxy, server *Host
	worker        int // HAProxy's process
	cut           int
}

// proxy, app and worker are the parts of its units.
type (
	proxy  struct{ *NetBox }
	app    struct{ *NetBox }
	worker struct{ *NetBox }
)

func (p proxy) start(h *Host) error {
	pair, err := readPair(h)
	if err != nil {
		return err
	}
	p.Proxy, p.Pair = true, pair
	return nil
}

func (p proxy) stop(*Host)  { p.Proxy = false }
func (p proxy) crash(*Host) { p.Proxy = false }

// reload keeps the old pair when the new one is no good.
func (p proxy) reload(h *Host) error {
	pair, err := readPair(h)
	if err == nil {
		p.Pair = pair
	}
	return err
}

// readPair reads the certificate and the key that the site names. The error is nginx's.
func readPair(h *Host) ([]byte, error) {
	site := h.text(SiteFile)
	path := func(word, usual string) string {
		if v, ok := directive(site, word); ok {
			return strings.TrimSuffix(v, ";")
		}
		return usual
	}
	certificate, key := path("ssl_certificate", Certificate), path("ssl_certificate_key", certificateKey)
	pair := []byte(h.text(certificate) + h.text(key))
	if h.Files == nil || !h.Files.Exists(certificate) && !h.Files.Exists(key) {
		return pair, nil // a host without a certificate at all is a test's
	}
	for _, f := range []string{certificate, key} {
		if !h.Files.Exists(f) {
			return nil, fmt.Errorf("nginx: [emerg] cannot load certificate \"%s\": BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory:calling fopen(%s, r) error:10000080:BIO routines::no such file)", f, f)
		}
	}
	if _, err := tls.X509KeyPair(pair, pair); err != nil {
		switch {
		case strings.Contains(err.Error(), "does not match"):
			return nil, fmt.Errorf("nginx: [emerg] SSL_CTX_use_PrivateKey(\"%s\") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)", key)
		case !strings.Contains(string(pair), "BEGIN CERTIFICATE"):
			return nil, fmt.Errorf("nginx: [emerg] cannot load certificate \"%s\": PEM_read_bio_X509_AUX() failed (SSL: error:0480006C:PEM routines::no start line:Expecting: TRUSTED CERTIFICATE)", certificate)
		}
		return nil, fmt.Errorf("nginx: [emerg] cannot load certificate key \"%s\": PEM_read_bio_PrivateKey() failed (SSL: error:0480006C:PEM routines::no start line)", key)
	}
	return pair, nil
}

func (a app) start(h *Host) error {
	s, err := readNetBox(h)
	if err != nil {
		return err
	}
	a.App, a.AppStarted, a.settings = true, h.world.now, s
	h.Log(NetBoxUnit, 6, "[INFO] Starting gunicorn 23.0.0")
	h.Log(NetBoxUnit, 6, "[INFO] Listening at: http://127.0.0.1:%d (%d)", NetBoxPort, h.world.pid)
	return nil
}
func (a app) stop(*Host)  { a.App = false }
func (a app) crash(*Host) { a.App = false }

// reload starts new processes, which read the configuration again.
func (a app) reload(h *Host) error {
	s, err := readNetBox(h)
	if err == nil {
		a.settings = s
	}
	return err
}

// netboxSettings is where configuration.py says that things are.
type netboxSettings struct{ database, redis service }

type service struct {
	host                 string
	port                 int
	name, user, password string
}

// readNetBox reads the lines of configuration.py that matter here.
func readNetBox(h *Host) (netboxSettings, error) {
	w := h.world
	s := netboxSettings{service{w.Plan.DBVIP, BouncerPort, "netbox", "netbox", w.Plan.Secret["netbox"]}, service{host: w.Plan.DBVIP, port: RedisPort, password: w.Plan.Secret["redis"]}}
	conf := h.text(NetBoxFile)
	if h.Files == nil || !h.Files.Exists(NetBoxFile) {
		return s, nil // a host without a configuration is a test's
	}
	_, database, ok1 := strings.Cut(conf, "DATABASES")
	database, redis, ok2 := strings.Cut(database, "REDIS")
	if !ok1 || !ok2 {
		return s, errors.New("django.core.exceptions.ImproperlyConfigured: Required parameter DATABASES or REDIS is missing from configuration.")
	}
	value := func(block, key string) string {
		_, rest, ok := strings.Cut(block, `"`+key+`":`)
		if !ok {
			return ""
		}
		rest, _, _ = strings.Cut(rest, "\n")
		// os.environ.get("NAME", "6432"), ends with what counts.
		rest = strings.TrimRight(strings.TrimSpace(rest), ",)")
		if i := strings.LastIndex(rest, `, "`); i >= 0 {
			rest = rest[i+2:]
		}
		return strings.Trim(rest, ` "'`)
	}
	number := func(text string, usual int) int {
		n := usual
		_, _ = fmt.Sscanf(text, "%d", &n) // the usual one where it is no number
		return n
	}
	s.database = service{value(database, "HOST"), number(value(database, "PORT"), PostgresPort), value(database, "NAME"), value(database, "USER"), value(database, "PASSWORD")}
	s.redis = service{host: value(redis, "HOST"), port: number(value(redis, "PORT"), RedisPort), password: value(redis, "PASSWORD")}
	return s, nil
}

// Page is the HTTP status with which the web proxy of a host answers a page that reads the database: 200, 500 when the
// database or Redis fail, 502 when the application does not answer, 0 when nothing listens.
func (w *World) Page(h *Host) int {
	n := h.NetBox
	switch {
	case n == nil || !n.Proxy || !h.Up():
		return 0
	case !n.App:
		return http.StatusBadGateway
	}
	return w.PageOf(h)
}

// PageOf is the status with which the application itself answers a page.
func (w *World) PageOf(h *Host) int {
	s := h.NetBox.settings
	if s.database.host == "" {
		s, _ = readNetBox(h) // it has not started yet, and its settings are the usual ones
	}
	if w.reaches(h, s.database) == nil || w.redisAt(h, s.redis) == nil {
		return http.StatusInternalServerError
	}
	return http.StatusOK
}

// behind is the host to which a connection to an address leads, nil when it leads nowhere: through the HAProxy that has the
// address, or to the host itself.
func (w *World) behind(from *Host, address string, port int) *Host {
	name, ok := w.Holder(from.Name, address)
	if !ok || !w.Reaches(from.Name, name) {
		return nil
	}
	at := w.Host(name)
	if p := at.HAProxy; p != nil && p.Running {
		for _, f := range p.Fronts {
			if f.Bind == address && f.Port == port {
				return w.Route(at, f.Backend)
			}
		}
	}
	if (address == at.IP || name == from.Name && address != w.Plan.DBVIP && address != w.Plan.WebVIP) && w.listens(from, at, port) {
		return at
	}
	return nil
}

// reaches is the database at which a login on a host arrives, nil when it fails on the way.
func (w *World) reaches(from *Host, s service) *Host {
	to := w.behind(from, s.host, s.port)
	if to == nil {
		return nil
	}
	if s.port == PostgresPort {
		if !to.Postgres.Accepts(w.now) || s.password != w.rolePassword(s.user) {
			return nil
		}
		return to
	}
	if why := w.BouncerPath(to, s.name, s.user, s.password); why != "" {
		w.complain(to, why, s.name, s.user, from)
		return nil
	}
	return w.ThroughEntry(to, "pg_bkwrite")
}

// redisAt is the Redis that takes a client with a password, nil when none does.
func (w *World) redisAt(from *Host, s service) *Host {
	to := w.behind(from, s.host, s.port)
	if to == nil || !to.Redis.Open() && !to.Redis.Accepts("default", s.password) {
		return nil
	}
	return to
}

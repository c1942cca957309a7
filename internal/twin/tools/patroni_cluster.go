package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	clientv3 "go.etcd.io/etcd/client/v3"

	"recon/internal/twin/shell"
)

// patroniFile is what patronictl reads of patroni.yml.
type patroniFile struct {
	Scope     string `yaml:"scope"`
	Namespace string `yaml:"namespace"`
	Name      string `yaml:"name"`
	Postgres  struct {
		Listen string `yaml:"listen"`
	} `yaml:"postgresql"`
	REST struct {
		Listen         string `yaml:"listen"`
		Authentication struct {
			Username string `yaml:"username"`
			Password string `yaml:"password"`
		} `yaml:"authentication"`
	} `yaml:"restapi"`
	Ctl struct {
		Authentication struct {
			Username string `yaml:"username"`
			Password string `yaml:"password"`
		} `yaml:"authentication"`
	} `yaml:"ctl"`
	Etcd3 struct {
		Hosts any    `yaml:"hosts"`
		Host  string `yaml:"host"`
	} `yaml:"etcd3"`
}

// hosts are the store's endpoints: a list, or a text with commas.
func (f *patroniFile) hosts() []string {
	switch v := f.Etcd3.Hosts.(type) {
	case []any:
		var out []string
		for _, h := range v {
			out = append(out, fmt.Sprint(h))
		}
		return out
	case string:
		var out []string
		for h := range strings.SplitSeq(v, ",") {
			out = append(out, strings.TrimSpace(h))
		}
		return out
	}
	if f.Etcd3.Host != "" {
		return []string{f.Etcd3.Host}
	}
	return nil
}

func readPatroniFile(text []byte) (*patroniFile, error) {
	f := &patroniFile{Namespace: "/service/"}
	err := yaml.Unmarshal(text, f)
	f.Namespace = "/" + strings.Trim(f.Namespace, "/") + "/"
	return f, err
}

// patroniMember is a member's key in the store.
type patroniMember struct {
	name     string
	ConnURL  string                       `json:"conn_url"`
	APIURL   string                       `json:"api_url"`
	State    string                       `json:"state"`
	Role     string                       `json:"role"`
	Repl     string                       `json:"replication_state"`
	Timeline int                          `json:"timeline"`
	Location *int64                       `json:"xlog_location"`
	Replay   *int64                       `json:"replay_lsn"`
	Pending  bool                         `json:"pending_restart"`
	Reason   map[string]map[string]string `json:"pending_restart_reason"`
	Tags     map[string]any               `json:"tags"`
	Pause    bool                         `json:"pause"`
	Schedule map[string]any               `json:"scheduled_restart"`
	mod      int64
}

func (m *patroniMember) tag(name string) bool { return m.Tags[name] == true || m.Tags[name] == "true" }

// patroniCluster is what stands in the store.
type patroniCluster struct {
	scope       string
	initialize  *string
	leader      string
	members     []*patroniMember
	sync        []string
	config      map[string]any
	configText  string
	configRev   int64
	history     []any
	optime      int64
	failover    map[string]any
	failoverRev int64
}

func (p *patroniCluster) paused() bool { return p.config["pause"] == true }

func (p *patroniCluster) member(name string) *patroniMember {
	for _, m := range p.members {
		if m.name == name {
			return m
		}
	}
	return nil
}

// leaderFirst are the members that can be asked, the leader before all.
func (p *patroniCluster) leaderFirst() []*patroniMember {
	out := slices.Clone(p.members)
	slices.SortStableFunc(out, func(a, b *patroniMember) int {
		switch {
		case a.name == p.leader && b.name != p.leader:
			return -1
		case b.name == p.leader && a.name != p.leader:
			return 1
		}
		return 0
	})
	return out
}

// role is what patronictl calls a member.
func (p *patroniCluster) role(m *patroniMember) string {
	switch {
	case m.name == p.leader:
		return "leader"
	case slices.Contains(p.sync, m.name) && m.name != p.leader:
		return "sync_standby"
	}
	return "replica"
}

// readCluster reads the keys of a scope with one linearizable question, as Patroni does.
func readCluster(ctx context.Context, s *storeClient, prefix, scope string) (*patroniCluster, error) {
	resp, err := s.Get(ctx, prefix, clientv3.WithPrefix())
	if err != nil {
		return nil, err
	}
	p := &patroniCluster{scope: scope}
	for _, kv := range resp.Kvs {
		switch name := strings.TrimPrefix(string(kv.Key), prefix); {
		case name == "initialize":
			v := string(kv.Value)
			p.initialize = &v
		case name == "leader":
			p.leader = string(kv.Value)
		case name == "config":
			p.configText, p.configRev = string(kv.Value), kv.ModRevision
			_ = json.Unmarshal(kv.Value, &p.config) // what cannot be read counts as empty, as for Patroni
		case name == "history":
			_ = json.Unmarshal(kv.Value, &p.history) // likewise
		case name == "failover":
			p.failoverRev = kv.ModRevision
			_ = json.Unmarshal(kv.Value, &p.failover) // likewise
		case name == "status":
			var v struct {
				Optime int64 `json:"optime"`
			}
			_ = json.Unmarshal(kv.Value, &v) // likewise
			p.optime = v.Optime
		case name == "sync":
			var v struct {
				Standby string `json:"sync_standby"`
			}
			_ = json.Unmarshal(kv.Value, &v) // likewise
			p.sync = strings.FieldsFunc(v.Standby, func(r rune) bool { return r == ',' })
		case strings.HasPrefix(name, "members/"):
			m := &patroniMember{name: strings.TrimPrefix(name, "members/"), mod: kv.ModRevision}
			if json.Unmarshal(kv.Value, m) == nil {
				p.members = append(p.members, m)
			}
		}
	}
	return p, nil
}

// patronictlCall is one run of patronictl.
type patronictlCall struct {
	kit   *kit
	call  *shell.Call
	file  *patroniFile
	force bool
	given options
	// asked is what standard input still holds.
	answers *lineReader
}

func (p *patronictlCall) prefix(scope string) string { return p.file.Namespace + scope + "/" }

// read reads the cluster; the error is what patronictl prints.
func (p *patronictlCall) read(ctx context.Context, scope string) (*patroniCluster, error) {
	var out *patroniCluster
	err := p.store(ctx, func(ctx context.Context, s *storeClient) error {
		var err error
		out, err = readCluster(ctx, s, p.prefix(scope), scope)
		return err
	})
	return out, err
}

// store calls f with a client, for as long as retry_timeout lets Patroni try. Endpoints that refuse are logged.
func (p *patronictlCall) store(ctx context.Context, f func(context.Context, *storeClient) error) error {
	hosts := p.file.hosts()
	if len(hosts) == 0 {
		return saying("Can not find suitable configuration of distributed configuration store\nAvailable implementations: consul, etcd, etcd3, kubernetes, zookeeper")
	}
	s, err := p.kit.storeAt(ctx, p.call, hosts)
	if err != nil {
		return err
	}
	defer s.Close()
	limited, done := within(ctx, p.call, 10*time.Second)
	defer done()
	err = f(limited, s)
	if err != nil && limited.Err() != nil {
		for _, h := range hosts {
			fmt.Fprintf(p.call.Stderr, "%s - ERROR - Request to server http://%s failed: %s\n", p.stamp(), h, p.unreached(ctx, h))
		}
		return errEtcdGone
	}
	return err
}

var errEtcdGone = saying("Etcd is not responding properly")

func (p *patronictlCall) stamp() string {
	return strings.Replace(now(p.call).UTC().Format("2006-01-02 15:04:05.000"), ".", ",", 1)
}

// unreached says in Python's words why an endpoint did not answer.
func (p *patronictlCall) unreached(ctx context.Context, endpoint string) string {
	host, port, err := net.SplitHostPort(endpoint)
	if err != nil {
		return err.Error()
	}
	trial, done := within(ctx, p.call, time.Second)
	defer done()
	conn, err := p.kit.dial(trial, p.call, net.JoinHostPort(either(p.kit.resolve(p.call, host), host), port))
	if err == nil {
		_ = conn.Close()
		return fmt.Sprintf(`ReadTimeoutError("HTTPConnectionPool(host='%s', port=%s): Read timed out. (read timeout=3.3331187833330964)")`, host, port)
	}
	return fmt.Sprintf(`MaxRetryError("HTTPConnectionPool(host='%s', port=%s): Max retries exceeded with url: /v3/kv/range (Caused by %s)")`, host, port, pythonDial(err, host))
}

func pythonDial(err error, host string) string {
	if strings.Contains(err.Error(), "connection refused") {
		return "NewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f6c20ff92b0>: Failed to establish a new connection: [Errno 111] Connection refused')"
	}
	if strings.Contains(err.Error(), "no route") {
		return "NewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f6c20ff92b0>: Failed to establish a new connection: [Errno 113] No route to host')"
	}
	return fmt.Sprintf("ConnectTimeoutError(<urllib3.connection.HTTPConnection object at 0x7f6c20ff92b0>, 'Connection to %s timed out. (connect timeout=3.33)')", host)
}

// request asks a member's REST API as the users of the file.
func (p *patronictlCall) request(ctx context.Context, m *patroniMember, method, path string, body any) (int, string, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return 0, "", err
		}
	}
	base := strings.TrimSuffix(m.APIURL, "/patroni")
	ctx, done := within(ctx, p.call, time.Minute)
	defer done()
	req, err := http.NewRequestWithContext(ctx, method, base+"/"+path, bytes.NewReader(text))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	auth := p.file.Ctl.Authentication
	if auth.Username == "" {
		auth = p.file.REST.Authentication
	}
	if auth.Username != "" {
		req.SetBasicAuth(auth.Username, auth.Password)
	}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
		ctx, done := within(ctx, p.call, 10*time.Second)
		defer done()
		return p.kit.dial(ctx, p.call, addr)
	}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, string(b), err
}

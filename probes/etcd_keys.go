package probes

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// dcsPath is where Patroni keeps its keys in etcd: the namespace and the scope.
type dcsPath struct{ namespace, scope string }

// prefix is how Patroni joins them: with single slashes, and one at each end.
func (p dcsPath) prefix() string {
	parts := strings.FieldsFunc(either(p.namespace, "service")+"/"+p.scope, func(r rune) bool { return r == '/' })
	return "/" + strings.Join(parts, "/") + "/"
}

// dcsKeys are Patroni's keys as one endpoint has them.
type dcsKeys struct {
	read     bool
	prefix   string
	revision int64
	// leader, initialize: nil when there is no such key.
	leader, initialize *string
	syncStandbys       []string
	config             *Config
	history            []Switch
	pause              *bool
	// members maps a member's name to the host in its connection address.
	members map[string]string
	count   int
	// elsewhere are the prefixes under which Patroni's keys were found instead, when there are none under prefix.
	elsewhere []string
	// malformed says of a key, by its name, why its value could not be read.
	malformed map[string]string
}

// mostKeys is how many keys are read when it must be found out where Patroni's keys are.
const mostKeys = 2000

// readKeys reads all of Patroni's keys in one serializable range, which answers without quorum too.
func readKeys(ctx context.Context, kv clientv3.KV, path dcsPath) (dcsKeys, error) {
	if path.scope == "" {
		return dcsKeys{}, fmt.Errorf("the scope is not known: no member answered, and the cluster file does not say it")
	}
	prefix := path.prefix()
	resp, err := kv.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithSerializable())
	if err != nil {
		return dcsKeys{}, err
	}
	k := parseKeys(prefix, (*pb.RangeResponse)(resp))
	if k.count > 0 {
		return k, nil
	}
	all, err := kv.Get(ctx, "/", clientv3.WithPrefix(), clientv3.WithSerializable(), clientv3.WithKeysOnly(), clientv3.WithLimit(mostKeys))
	if err != nil {
		return dcsKeys{}, err
	}
	for _, pair := range all.Kvs {
		name := line(string(pair.Key))
		for _, end := range []string{"/initialize", "/config", "/leader"} {
			if p, ok := strings.CutSuffix(name, end); ok && !slices.Contains(k.elsewhere, p+"/") {
				k.elsewhere = append(k.elsewhere, p+"/")
			}
		}
	}
	return k, nil
}

func parseKeys(prefix string, resp *pb.RangeResponse) dcsKeys {
	k := dcsKeys{read: true, prefix: prefix, syncStandbys: []string{}, members: map[string]string{}, malformed: map[string]string{}}
	if resp.Header != nil {
		k.revision = resp.Header.Revision
	}
	for _, pair := range resp.Kvs {
		name, ok := strings.CutPrefix(string(pair.Key), prefix)
		if !ok {
			continue
		}
		k.count++
		var err error
		switch {
		case name == "leader":
			k.leader = text(pair.Value)
		case name == "initialize":
			k.initialize = text(pair.Value)
		case name == "sync":
			k.syncStandbys, err = parseSync(pair.Value)
		case name == "config":
			if k.config, err = parseConfig(pair.Value); err == nil {
				k.pause, err = parsePause(pair.Value)
			}
		case name == "history":
			k.history, err = parseHistory(pair.Value)
		case strings.HasPrefix(name, "members/"):
			if host := parseMemberHost(pair.Value); host != "" {
				k.members[line(strings.TrimPrefix(name, "members/"))] = host
			}
		}
		if err != nil {
			k.malformed[name] = line(prefix + name + ": " + strings.TrimPrefix(err.Error(), "GET "))
		}
	}
	return k
}

func text(b []byte) *string {
	s := line(string(b))
	return &s
}

// parseSync reads {"leader": ..., "sync_standby": "a,b" or null, "quorum": ...}.
func parseSync(b []byte) ([]string, error) {
	var s struct {
		Standby *string `json:"sync_standby"`
	}
	out := []string{}
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, err
	}
	if s.Standby != nil {
		for name := range strings.SplitSeq(*s.Standby, ",") {
			if name = line(strings.TrimSpace(name)); name != "" {
				out = append(out, name)
			}
		}
	}
	return out, nil
}

func parsePause(b []byte) (*bool, error) {
	var s struct {
		Pause any `json:"pause"`
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, err
	}
	paused := on(s.Pause)
	return &paused, nil
}

// parseMemberHost is the host in a member's conn_url (postgres://HOST:PORT/...), or "".
func parseMemberHost(b []byte) string {
	var s struct {
		URL string `json:"conn_url"`
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return ""
	}
	_, rest, ok := strings.Cut(s.URL, "://")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "/")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		rest = rest[:i]
	}
	return line(strings.Trim(rest, "[]"))
}

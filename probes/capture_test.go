package probes

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/encoding/protojson"

	"recon/internal/inventory"
)

// The captures are answers of a real cluster: Patroni 4.0.7, PostgreSQL 17, etcd 3.5.16. They go through the real
// questions: each agent's answers are served over HTTP as they were recorded, with their status codes.

func threeNodes() *inventory.Cluster {
	c := &inventory.Cluster{
		Name:    "netbox-lab",
		Etcd:    &inventory.Etcd{ClientPort: 22379, Scheme: "http"},
		Patroni: &inventory.Patroni{RESTPort: 8008, Scheme: "http", Scope: "pgclusternetbox", Namespace: "/service/pgcluster/"},
	}
	for i := 1; i <= 3; i++ {
		c.Nodes = append(c.Nodes, inventory.Node{Name: fmt.Sprintf("netbox-node-%d", i), Address: fmt.Sprintf("172.16.113.20%d", i)})
	}
	return c
}

// oneAddress is Hosts that reach one listener, or refuse when there is none.
type oneAddress struct{ addr string }

func (o oneAddress) Dial(ctx context.Context, _, network, _ string) (net.Conn, error) {
	if o.addr == "" {
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	return (&net.Dialer{}).DialContext(ctx, network, o.addr)
}

func (o oneAddress) From(ctx context.Context, node, network, address string) (net.Conn, error) {
	return o.Dial(ctx, node, network, address)
}

func (oneAddress) Output(context.Context, string, string) ([]byte, error) {
	return nil, errors.New("not a host")
}

// askAgent asks an agent that gives these answers; no answers is an agent that is gone.
func askAgent(t *testing.T, at time.Time, answers map[string]recorded) answer[patroniFacts] {
	t.Helper()
	hosts := oneAddress{}
	if len(answers) > 0 {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a := answers[r.URL.Path]
			w.Header().Set("Date", at.UTC().Format(http.TimeFormat))
			w.WriteHeader(max(a.status, 100))
			_, _ = w.Write(a.body) // the client reads it all
		}))
		defer srv.Close()
		hosts.addr = srv.Listener.Addr().String()
	}
	p := &patroniProbe{rest: newREST("http", &dialer{hosts: hosts, node: "n", address: "172.16.113.201:8008"}, nil)}
	defer p.close()
	a := answer[patroniFacts]{began: at.Add(-50 * time.Millisecond), ended: at}
	a.since = a.began
	var err error
	if a.fact, err = p.ask(t.Context()); err != nil {
		a.fact, a.err, a.refused = patroniFacts{}, words(err, deadline), Refused(err)
	}
	return a
}

type recorded struct {
	status int
	body   []byte
}

// capture is a recorded state with the moment at which it was taken.
func capture(t *testing.T, name string) (raw, moment) {
	t.Helper()
	dir := filepath.Join("testdata", name+"-patroni-4.0.7")
	read := func(path ...string) []byte {
		b, err := os.ReadFile(filepath.Join(append([]string{dir}, path...)...))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return b
	}
	at, err := time.Parse(time.DateTime, strings.TrimSpace(string(read("captured_at.txt"))))
	if err != nil {
		t.Fatal(err)
	}
	var codes map[string][3]int
	if err := json.Unmarshal(read("codes.json"), &codes); err != nil {
		t.Fatal(err)
	}
	r := newRaw()
	for i, n := range threeNodes().Nodes {
		answers := map[string]recorded{}
		for path, code := range codes {
			if code[i] != 0 {
				answers[path] = recorded{code[i], read(fmt.Sprintf("node%d", i+1), strings.TrimPrefix(path, "/")+".json")}
			}
		}
		r.patroni[n.Name] = askAgent(t, at, answers)
	}
	r.etcd = capturedEtcd(t, at, read("etcd_endpoint_status-3.5.16.json"), read("etcd_keys.txt"), read("etcd_member_list.json"))
	return r, moment{now: at.Add(500 * time.Millisecond)}
}

// capturedEtcd is etcdctl's `endpoint status -w json`, `get --prefix` and `member list -w json`. An endpoint that is
// missing from the status refused.
func capturedEtcd(t *testing.T, at time.Time, status, keys, list []byte) map[string]answer[etcdFacts] {
	t.Helper()
	var endpoints []struct {
		Endpoint string
		Status   json.RawMessage
	}
	if err := json.Unmarshal(status, &endpoints); err != nil {
		t.Fatal(err)
	}
	var members *pb.MemberListResponse
	if len(list) > 0 {
		members = &pb.MemberListResponse{}
		if err := protojson.Unmarshal(list, members); err != nil {
			t.Fatal(err)
		}
	}
	out := map[string]answer[etcdFacts]{}
	for _, n := range threeNodes().Nodes {
		a := answer[etcdFacts]{began: at, ended: at, since: at, err: "nothing listens on " + n.Address + ":22379", refused: true}
		for _, e := range endpoints {
			if e.Endpoint != n.Address+":22379" {
				continue
			}
			s := &pb.StatusResponse{}
			if err := protojson.Unmarshal(e.Status, s); err != nil {
				t.Fatal(err)
			}
			a.err, a.refused, a.fact.status = "", false, s
			if members != nil {
				a.fact.members = members.Members
			}
			if len(keys) > 0 {
				resp := capturedKeys(keys)
				resp.Header = &pb.ResponseHeader{Revision: s.Header.Revision}
				a.fact.keys = parseKeys("/service/pgcluster/pgclusternetbox/", resp)
			} else {
				a.fact.keysErr = "read Patroni's keys: did not answer within 3 s"
			}
		}
		out[n.Name] = a
	}
	return out
}

func capturedKeys(b []byte) *pb.RangeResponse {
	resp := &pb.RangeResponse{}
	lines := bufio.NewScanner(strings.NewReader(string(b)))
	lines.Buffer(nil, 1<<20)
	key := ""
	for lines.Scan() {
		if key == "" {
			key = lines.Text()
			continue
		}
		resp.Kvs = append(resp.Kvs, &mvccpb.KeyValue{Key: []byte(key), Value: lines.Bytes()})
		resp.Kvs[len(resp.Kvs)-1].Value = []byte(lines.Text())
		key = ""
	}
	return resp
}

// setKey changes one of Patroni's keys on all endpoints.
func setKey(t *testing.T, r raw, name, value string) {
	t.Helper()
	for node, a := range r.etcd {
		if !a.fact.keys.read {
			continue
		}
		switch name {
		case "leader":
			a.fact.keys.leader = &value
		default:
			t.Fatalf("no key %s here", name)
		}
		r.etcd[node] = a
	}
}

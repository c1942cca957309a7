package probestest

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"recon/internal/inventory"
)

// MemberID is the id that a machine's etcd has here; like most real ones it is above 2^63.
func MemberID(node string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(node)) // a hash does not fail
	return h.Sum64() | 1<<63
}

const clusterID = 18436874835669856703

type etcd struct {
	pb.UnimplementedMaintenanceServer
	pb.UnimplementedKVServer
	pb.UnimplementedClusterServer
	pb.UnimplementedAuthServer
	cluster *Cluster
	node    inventory.Node
}

func registerEtcd(srv *grpc.Server, c *Cluster, n inventory.Node) {
	e := &etcd{cluster: c, node: n}
	pb.RegisterMaintenanceServer(srv, e)
	pb.RegisterKVServer(srv, e)
	pb.RegisterClusterServer(srv, e)
	pb.RegisterAuthServer(srv, e)
}

// etcdMode makes connections that were made before a change feel it.
func (c *Cluster) etcdMode(node string) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		switch c.mode(func(m *Machine) Mode { return m.Etcd }, node) {
		case Up:
			return next(ctx, req)
		case Off, Mute:
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return nil, status.Error(codes.Unavailable, "error reading from server: EOF")
	}
}

func (e *etcd) header(w *World) *pb.ResponseHeader {
	return &pb.ResponseHeader{ClusterId: clusterID, MemberId: MemberID(e.node.Name), Revision: 437, RaftTerm: w.Term}
}

// Status answers without quorum too.
func (e *etcd) Status(context.Context, *pb.StatusRequest) (resp *pb.StatusResponse, err error) {
	e.cluster.look(func(w *World) {
		resp = &pb.StatusResponse{
			Header: e.header(w), Version: "3.5.16", DbSize: 98304, DbSizeInUse: 98304, RaftIndex: 763, RaftAppliedIndex: 763, RaftTerm: w.Term,
		}
		if w.EtcdLeader == "" {
			resp.Errors = append(resp.Errors, "etcdserver: no leader")
		} else {
			resp.Leader = MemberID(w.EtcdLeader)
		}
		for _, node := range w.Alarms {
			resp.Errors = append(resp.Errors, fmt.Sprintf("memberID:%d alarm:NOSPACE ", MemberID(node)))
		}
	})
	return resp, nil
}

// quorum hangs like etcd does, until the caller gives up, when there is none.
func (e *etcd) quorum(ctx context.Context) error {
	leader := ""
	e.cluster.look(func(w *World) { leader = w.EtcdLeader })
	if leader == "" {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

// Authenticate gives a token for the right password.
func (e *etcd) Authenticate(_ context.Context, req *pb.AuthenticateRequest) (resp *pb.AuthenticateResponse, err error) {
	e.cluster.look(func(w *World) {
		if req.Name != w.EtcdUser || req.Password != w.EtcdPassword {
			err = status.Error(codes.InvalidArgument, "etcdserver: authentication failed, invalid user ID or password")
			return
		}
		resp = &pb.AuthenticateResponse{Header: e.header(w), Token: "token-of-" + w.EtcdUser + "-" + w.EtcdPassword}
	})
	return resp, err
}

// allowed is what etcd says to a call with or without a token.
func (e *etcd) allowed(ctx context.Context) (err error) {
	given := strings.Join(metadata.ValueFromIncomingContext(ctx, "token"), "")
	e.cluster.look(func(w *World) {
		switch {
		case w.EtcdUser == "":
		case given == "":
			err = status.Error(codes.InvalidArgument, "etcdserver: user name is empty")
		case given != "token-of-"+w.EtcdUser+"-"+w.EtcdPassword:
			err = status.Error(codes.Unauthenticated, "etcdserver: invalid auth token")
		}
	})
	return err
}

func (e *etcd) MemberList(ctx context.Context, req *pb.MemberListRequest) (*pb.MemberListResponse, error) {
	if req.Linearizable {
		if err := e.quorum(ctx); err != nil {
			return nil, err
		}
	}
	resp := &pb.MemberListResponse{}
	e.cluster.look(func(w *World) { resp.Header = e.header(w) })
	for _, n := range e.cluster.Inventory.Nodes {
		resp.Members = append(resp.Members, &pb.Member{
			ID: MemberID(n.Name), Name: n.Name, PeerURLs: []string{"http://" + n.Address + ":22380"}, ClientURLs: []string{"http://" + n.Address + ":22379"},
		})
	}
	return resp, nil
}

func (e *etcd) Range(ctx context.Context, req *pb.RangeRequest) (*pb.RangeResponse, error) {
	if err := e.allowed(ctx); err != nil {
		return nil, err
	}
	if !req.Serializable {
		if err := e.quorum(ctx); err != nil {
			return nil, err
		}
	}
	resp := &pb.RangeResponse{}
	e.cluster.look(func(w *World) {
		resp.Header = e.header(w)
		for k, v := range e.keys(w) {
			in := k == string(req.Key)
			if len(req.RangeEnd) > 0 {
				in = k >= string(req.Key) && k < string(req.RangeEnd)
			}
			if !in {
				continue
			}
			pair := &mvccpb.KeyValue{Key: []byte(k), Value: []byte(v)}
			if req.KeysOnly {
				pair.Value = nil
			}
			resp.Kvs = append(resp.Kvs, pair)
		}
	})
	slices.SortFunc(resp.Kvs, func(a, b *mvccpb.KeyValue) int { return strings.Compare(string(a.Key), string(b.Key)) })
	resp.Count = int64(len(resp.Kvs))
	return resp, nil
}

// keys are Patroni's keys as the world has them.
func (e *etcd) keys(w *World) map[string]string {
	if w.Keys != nil {
		return w.Keys
	}
	prefix := "/" + strings.Trim(w.Namespace, "/") + "/" + w.Scope + "/"
	asJSON := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err) // maps of plain values
		}
		return string(b)
	}
	out := map[string]string{
		prefix + "initialize": w.SystemID,
		prefix + "config":     asJSON(configOf(w)),
		prefix + "sync":       asJSON(map[string]any{"leader": w.LockHolder, "quorum": 0, "sync_standby": strings.Join(w.SyncStandbys, ",")}),
	}
	if w.LockHolder != "" {
		out[prefix+"leader"] = w.LockHolder
	}
	for _, n := range e.cluster.Inventory.Nodes {
		out[prefix+"members/"+n.Name] = asJSON(map[string]any{"conn_url": "postgres://" + n.Address + ":5432/postgres", "state": w.Machines[n.Name].State})
	}
	return out
}

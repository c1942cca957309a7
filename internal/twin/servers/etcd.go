package servers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"recon/internal/twin/world"
)

const clusterID = 18436874835669856703

// Etcd is the gRPC server of a host's member. Its caller serves it on a listener, and stops it.
func Etcd(w *world.World, host string) *grpc.Server {
	srv := grpc.NewServer()
	e := &etcd{world: w, host: host}
	pb.RegisterKVServer(srv, e)
	pb.RegisterMaintenanceServer(srv, e)
	pb.RegisterClusterServer(srv, e)
	pb.RegisterLeaseServer(srv, e)
	return srv
}

type etcd struct {
	pb.UnimplementedKVServer
	pb.UnimplementedMaintenanceServer
	pb.UnimplementedClusterServer
	pb.UnimplementedLeaseServer
	world *world.World
	host  string
}

func (e *etcd) header(h *world.Host) *pb.ResponseHeader {
	v := e.world.View(h)
	return &pb.ResponseHeader{ClusterId: clusterID, MemberId: h.Etcd.ID, Revision: v.Rev, RaftTerm: v.Term}
}

// look calls f with the member's host while nothing changes.
func (e *etcd) look(f func(h *world.Host)) {
	e.world.Look(func() { f(e.world.Host(e.host)) })
}

// agree hangs as etcd does, until the caller gives up, while the member hears no leader or is stalled; then it calls f.
func (e *etcd) agree(ctx context.Context, f func(h *world.Host) error) (err error) {
	for {
		done := false
		e.world.Look(func() {
			h := e.world.Host(e.host)
			if h.Etcd.Majority && !e.world.Time().Before(h.Etcd.Stalled) {
				done, err = true, f(h)
			}
		})
		if done {
			return err
		}
		if err := e.moment(ctx); err != nil {
			return err
		}
	}
}

// moment waits for a change of the world.
func (e *etcd) moment(ctx context.Context) error {
	t := time.NewTimer(20 * time.Millisecond)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	case <-t.C:
		return nil
	}
}

// stalled waits while the disk keeps the member from answering.
func (e *etcd) stalled(ctx context.Context) error {
	for {
		stalls := false
		e.look(func(h *world.Host) { stalls = e.world.Time().Before(h.Etcd.Stalled) })
		if !stalls {
			return nil
		}
		if err := e.moment(ctx); err != nil {
			return err
		}
	}
}

// Status answers without quorum too.
func (e *etcd) Status(ctx context.Context, _ *pb.StatusRequest) (resp *pb.StatusResponse, err error) {
	if err := e.stalled(ctx); err != nil {
		return nil, err
	}
	e.look(func(h *world.Host) {
		v := e.world.View(h)
		resp = &pb.StatusResponse{
			Header: e.header(h), Version: "3.5.16", DbSize: h.Etcd.DBSize, DbSizeInUse: min(h.Etcd.Use, h.Etcd.DBSize),
			RaftIndex: v.Index + h.Etcd.Behind, RaftAppliedIndex: v.Index, RaftTerm: v.Term,
		}
		if h.Etcd.Majority && e.world.Etcd.Leader != "" {
			resp.Leader = e.world.Host(e.world.Etcd.Leader).Etcd.ID
		} else {
			resp.Errors = append(resp.Errors, "etcdserver: no leader")
		}
		for _, o := range e.world.EtcdMembers() {
			if v.Alarms[o.Name] {
				resp.Errors = append(resp.Errors, fmt.Sprintf("memberID:%d alarm:NOSPACE ", o.Etcd.ID))
			}
			if e.world.Etcd.Corrupt == o.Name {
				resp.Errors = append(resp.Errors, fmt.Sprintf("memberID:%d alarm:CORRUPT ", o.Etcd.ID))
			}
		}
	})
	return resp, nil
}

// Alarm lists and disarms.
func (e *etcd) Alarm(ctx context.Context, req *pb.AlarmRequest) (resp *pb.AlarmResponse, err error) {
	err = e.agree(ctx, func(h *world.Host) error {
		resp = &pb.AlarmResponse{Header: e.header(h)}
		for _, o := range e.world.EtcdMembers() {
			if e.world.Etcd.Alarms[o.Name] {
				resp.Alarms = append(resp.Alarms, &pb.AlarmMember{MemberID: o.Etcd.ID, Alarm: pb.AlarmType_NOSPACE})
			}
			if e.world.Etcd.Corrupt == o.Name {
				resp.Alarms = append(resp.Alarms, &pb.AlarmMember{MemberID: o.Etcd.ID, Alarm: pb.AlarmType_CORRUPT})
			}
		}
		if req.Action == pb.AlarmRequest_DEACTIVATE {
			e.world.Disarm()
		}
		return nil
	})
	return resp, err
}

// Defragment gives the member's unused bytes back.
func (e *etcd) Defragment(ctx context.Context, _ *pb.DefragmentRequest) (resp *pb.DefragmentResponse, err error) {
	if err := e.stalled(ctx); err != nil {
		return nil, err
	}
	e.world.Change(func() {
		h := e.world.Host(e.host)
		h.Etcd.Defrag()
		resp = &pb.DefragmentResponse{Header: e.header(h)}
	})
	return resp, nil
}

// HashKV is the same on members with the same data.
func (e *etcd) HashKV(context.Context, *pb.HashKVRequest) (resp *pb.HashKVResponse, err error) {
	e.look(func(h *world.Host) {
		v := e.world.View(h)
		resp = &pb.HashKVResponse{Header: e.header(h), Hash: uint32(v.Rev*2654435761) | 1, CompactRevision: 0, HashRevision: v.Rev}
	})
	return resp, nil
}

// Compact forgets old revisions.
func (e *etcd) Compact(ctx context.Context, req *pb.CompactionRequest) (resp *pb.CompactionResponse, err error) {
	err = e.agree(ctx, func(h *world.Host) error {
		if err := e.revision(req.Revision, e.world.Etcd.Compacted+1); err != nil {
			return err
		}
		e.world.Compact()
		resp = &pb.CompactionResponse{Header: e.header(h)}
		return nil
	})
	return resp, err
}

// revision refuses what is forgotten or not there yet.
func (e *etcd) revision(rev, oldest int64) error {
	switch {
	case rev > e.world.Etcd.Rev:
		return status.Error(codes.OutOfRange, "etcdserver: mvcc: required revision is a future revision")
	case rev < oldest:
		return status.Error(codes.OutOfRange, "etcdserver: mvcc: required revision has been compacted")
	}
	return nil
}

// Snapshot sends what a member has: its keys, one a line. Nobody restores from it here.
func (e *etcd) Snapshot(_ *pb.SnapshotRequest, to pb.Maintenance_SnapshotServer) error {
	if err := e.stalled(to.Context()); err != nil {
		return err
	}
	var keys strings.Builder
	e.look(func(h *world.Host) {
		v := e.world.View(h)
		for _, name := range slices.Sorted(maps.Keys(v.Keys)) {
			keys.WriteString(name + " " + v.Keys[name].Value + "\n")
		}
	})
	return to.Send(&pb.SnapshotResponse{Blob: []byte(keys.String()), Version: "3.5.16"})
}

// MoveLeader gives the raft leadership to another member.
func (e *etcd) MoveLeader(ctx context.Context, req *pb.MoveLeaderRequest) (resp *pb.MoveLeaderResponse, err error) {
	err = e.agree(ctx, func(h *world.Host) error {
		if e.world.Etcd.Leader != h.Name {
			return status.Error(codes.FailedPrecondition, "etcdserver: not leader")
		}
		for _, o := range e.world.EtcdMembers() {
			if o.Etcd.ID == req.TargetID && o.Etcd.Majority {
				e.world.Etcd.Leader = o.Name
				e.world.Etcd.Term++
				resp = &pb.MoveLeaderResponse{Header: e.header(h)}
				return nil
			}
		}
		return status.Error(codes.FailedPrecondition, "etcdserver: bad leader transferee")
	})
	return resp, err
}

// MemberList answers from the member's own memory unless it is asked to be sure.
func (e *etcd) MemberList(ctx context.Context, req *pb.MemberListRequest) (resp *pb.MemberListResponse, err error) {
	list := func(h *world.Host) error {
		resp = &pb.MemberListResponse{Header: e.header(h)}
		for _, o := range e.world.EtcdMembers() {
			resp.Members = append(resp.Members, &pb.Member{
				ID: o.Etcd.ID, Name: o.Name, PeerURLs: []string{fmt.Sprintf("http://%s:%d", o.IP, world.EtcdPeer)},
				ClientURLs: []string{fmt.Sprintf("http://%s:%d", o.IP, world.EtcdClient)},
			})
		}
		if e.world.Etcd.Unstarted > 0 {
			resp.Members = append(resp.Members, &pb.Member{ID: 0xb7c5d9f3a1e20468, PeerURLs: []string{fmt.Sprintf("http://172.16.113.209:%d", world.EtcdPeer)}})
		}
		return nil
	}
	if req.Linearizable {
		return resp, e.agree(ctx, list)
	}
	if err := e.stalled(ctx); err != nil {
		return nil, err
	}
	e.look(func(h *world.Host) { err = list(h) })
	return resp, err
}

// Range reads keys; a serializable one answers from what the member has.
func (e *etcd) Range(ctx context.Context, req *pb.RangeRequest) (resp *pb.RangeResponse, err error) {
	read := func(h *world.Host) error {
		resp = &pb.RangeResponse{Header: e.header(h)}
		v := e.world.View(h)
		if req.Revision > 0 {
			if err := e.revision(req.Revision, v.Compacted); err != nil {
				return err
			}
			if req.Revision < v.Rev {
				return status.Error(codes.Unimplemented, "what a key held before is not simulated")
			}
		}
		names := v.Range(string(req.Key), string(req.RangeEnd))
		resp.Count = int64(len(names))
		for _, name := range names {
			if req.Limit > 0 && int64(len(resp.Kvs)) == req.Limit {
				resp.More = true
				break
			}
			k := v.Keys[name]
			pair := &mvccpb.KeyValue{Key: []byte(name), Value: []byte(k.Value), CreateRevision: k.Create, ModRevision: k.Mod, Version: k.Version, Lease: k.Lease}
			if req.KeysOnly {
				pair.Value = nil
			}
			if !req.CountOnly {
				resp.Kvs = append(resp.Kvs, pair)
			}
		}
		return nil
	}
	if !req.Serializable {
		return resp, e.agree(ctx, read)
	}
	if err := e.stalled(ctx); err != nil {
		return nil, err
	}
	e.look(func(h *world.Host) { err = read(h) })
	return resp, err
}

func stored(err error) error {
	switch err {
	case nil:
		return nil
	case world.ErrNoSpace:
		return status.Error(codes.ResourceExhausted, err.Error())
	case world.ErrNoLease:
		return status.Error(codes.NotFound, err.Error())
	}
	return status.Error(codes.Unavailable, err.Error())
}

// Put writes a key.
func (e *etcd) Put(ctx context.Context, req *pb.PutRequest) (resp *pb.PutResponse, err error) {
	err = e.agree(ctx, func(h *world.Host) error {
		if err := e.world.Put(string(req.Key), string(req.Value), req.Lease); err != nil {
			return stored(err)
		}
		resp = &pb.PutResponse{Header: e.header(h)}
		return nil
	})
	return resp, err
}

// DeleteRange deletes keys.
func (e *etcd) DeleteRange(ctx context.Context, req *pb.DeleteRangeRequest) (resp *pb.DeleteRangeResponse, err error) {
	err = e.agree(ctx, func(h *world.Host) error {
		n := e.world.Delete(string(req.Key), string(req.RangeEnd))
		resp = &pb.DeleteRangeResponse{Header: e.header(h), Deleted: int64(n)}
		return nil
	})
	return resp, err
}

// LeaseGrant makes a lease.
func (e *etcd) LeaseGrant(ctx context.Context, req *pb.LeaseGrantRequest) (resp *pb.LeaseGrantResponse, err error) {
	err = e.agree(ctx, func(h *world.Host) error {
		id, err := e.world.Grant(time.Duration(req.TTL) * time.Second)
		if err != nil {
			return stored(err)
		}
		resp = &pb.LeaseGrantResponse{Header: e.header(h), ID: id, TTL: req.TTL}
		return nil
	})
	return resp, err
}

// LeaseRevoke ends a lease.
func (e *etcd) LeaseRevoke(ctx context.Context, req *pb.LeaseRevokeRequest) (resp *pb.LeaseRevokeResponse, err error) {
	err = e.agree(ctx, func(h *world.Host) error {
		e.world.Revoke(req.ID)
		resp = &pb.LeaseRevokeResponse{Header: e.header(h)}
		return nil
	})
	return resp, err
}

package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// header is a response's, as etcdctl prints it in JSON.
type header struct {
	Cluster  uint64 `json:"cluster_id,omitempty"`
	Member   uint64 `json:"member_id,omitempty"`
	Revision int64  `json:"revision,omitempty"`
	Term     uint64 `json:"raft_term,omitempty"`
}

func headerOf(h *pb.ResponseHeader) header {
	return header{h.GetClusterId(), h.GetMemberId(), h.GetRevision(), h.GetRaftTerm()}
}

func (e *etcdctlCall) document(v any) {
	b, err := json.Marshal(v)
	if err == nil {
		fmt.Fprintln(e.call.Stdout, string(b))
	}
}

// all are the endpoints that are asked: with --cluster those that the members tell.
func (e *etcdctlCall) all(ctx context.Context) ([]string, int) {
	if !e.on("cluster") {
		return e.endpoints, 0
	}
	var out []string
	code := e.ask(ctx, func(ctx context.Context, s *storeClient) error {
		resp, err := s.MemberList(ctx)
		if err != nil {
			return fmt.Errorf("failed to fetch endpoints from etcd cluster member list: %w", err)
		}
		for _, m := range resp.Members {
			out = append(out, m.ClientURLs...)
		}
		return nil
	})
	return out, code
}

// each asks every endpoint in turn with a client of its own; what it could not get is said.
func (e *etcdctlCall) each(ctx context.Context, failed string, f func(ctx context.Context, s *storeClient, endpoint string) error) int {
	list, code := e.all(ctx)
	if code != 0 {
		return code
	}
	for _, ep := range list {
		s, err := e.kit.storeAt(ctx, e.call, []string{ep})
		if err != nil {
			fmt.Fprintf(e.call.Stderr, "Error: %s\n", err)
			return etcdError
		}
		limited, done := within(ctx, e.call, e.timeout)
		if err := f(limited, s, ep); err != nil {
			e.gaveUp(limited, s, "etcd-client")
			fmt.Fprintf(e.call.Stderr, failed+"\n", ep, s.why(limited, err))
			code = etcdError
		}
		done()
		_ = s.Close()
	}
	return code
}

// status is endpoint status. It works without a majority.
func (e *etcdctlCall) status(ctx context.Context, _ []string) int {
	type answer struct {
		endpoint string
		*clientv3.StatusResponse
	}
	var got []answer
	code := e.each(ctx, "Failed to get the status of endpoint %s (%s)", func(ctx context.Context, s *storeClient, ep string) error {
		resp, err := s.Status(ctx, ep)
		if err == nil {
			got = append(got, answer{ep, resp})
		}
		return err
	})
	rows := make([][]string, len(got))
	for i, a := range got {
		errs := ""
		for n, t := range a.Errors {
			if n > 0 {
				errs += ", "
			}
			errs += t
		}
		rows[i] = []string{
			a.endpoint, fmt.Sprintf("%x", a.Header.MemberId), a.Version, human(a.DbSize), fmt.Sprint(a.Leader == a.Header.MemberId), fmt.Sprint(a.IsLearner),
			fmt.Sprint(a.RaftTerm), fmt.Sprint(a.RaftIndex), fmt.Sprint(a.RaftAppliedIndex), errs,
		}
	}
	switch e.format {
	case "json":
		type status struct {
			Header  header   `json:"header"`
			Version string   `json:"version,omitempty"`
			Size    int64    `json:"dbSize,omitempty"`
			Leader  uint64   `json:"leader,omitempty"`
			Index   uint64   `json:"raftIndex,omitempty"`
			Term    uint64   `json:"raftTerm,omitempty"`
			Applied uint64   `json:"raftAppliedIndex,omitempty"`
			Errors  []string `json:"errors,omitempty"`
			InUse   int64    `json:"dbSizeInUse,omitempty"`
			Learner bool     `json:"isLearner,omitempty"`
		}
		out := []any{}
		for _, a := range got {
			out = append(out, struct {
				Endpoint string
				Status   status
			}{a.endpoint, status{headerOf(a.Header), a.Version, a.DbSize, a.Leader, a.RaftIndex, a.RaftTerm, a.RaftAppliedIndex, a.Errors, a.DbSizeInUse, a.IsLearner}})
		}
		e.document(out)
	default:
		e.rows([]string{"ENDPOINT", "ID", "VERSION", "DB SIZE", "IS LEADER", "IS LEARNER", "RAFT TERM", "RAFT INDEX", "RAFT APPLIED INDEX", "ERRORS"}, rows)
	}
	return code
}

// rows prints a table or lines with commas.
func (e *etcdctlCall) rows(header []string, rows [][]string) {
	if e.format == "table" {
		fmt.Fprint(e.call.Stdout, gridTable(header, rows))
		return
	}
	for _, r := range rows {
		for i, cell := range r {
			if i > 0 {
				fmt.Fprint(e.call.Stdout, ", ")
			}
			fmt.Fprint(e.call.Stdout, cell)
		}
		fmt.Fprintln(e.call.Stdout)
	}
}

// hashKV is endpoint hashkv.
func (e *etcdctlCall) hashKV(ctx context.Context, _ []string) int {
	var rows [][]string
	out := []any{}
	code := e.each(ctx, "Failed to get the hash of endpoint %s (%s)", func(ctx context.Context, s *storeClient, ep string) error {
		resp, err := s.HashKV(ctx, ep, 0)
		if err != nil {
			return err
		}
		type hash struct {
			Header    header `json:"header"`
			Hash      uint32 `json:"hash,omitempty"`
			Compacted int64  `json:"compact_revision,omitempty"`
		}
		rows = append(rows, []string{ep, fmt.Sprint(resp.Hash)})
		out = append(out, struct {
			Endpoint string
			HashKV   hash
		}{ep, hash{headerOf(resp.Header), resp.Hash, resp.CompactRevision}})
		return nil
	})
	if e.format == "json" {
		e.document(out)
	} else {
		e.rows([]string{"ENDPOINT", "HASH"}, rows)
	}
	return code
}

// endpointHealth is one line of endpoint health.
type endpointHealth struct {
	Endpoint string `json:"endpoint"`
	Health   bool   `json:"health"`
	Took     string `json:"took"`
	Error    string `json:"error,omitempty"`
}

// health is endpoint health: a read that needs the majority, of all at once; the lines come as the answers do.
func (e *etcdctlCall) health(ctx context.Context, _ []string) int {
	list, code := e.all(ctx)
	if code != 0 {
		return code
	}
	var all sync.WaitGroup
	answers := make(chan endpointHealth, len(list))
	warnings := make(chan string, len(list))
	for _, ep := range list {
		all.Go(func() {
			h, warning := e.healthOf(ctx, ep)
			if warning != "" {
				warnings <- warning
			}
			answers <- h
		})
	}
	all.Wait()
	close(answers)
	close(warnings)
	for w := range warnings {
		fmt.Fprintln(e.call.Stderr, w)
	}
	var got []endpointHealth
	for h := range answers {
		got = append(got, h)
		if !h.Health {
			code = etcdError
		}
	}
	switch e.format {
	case "json":
		e.document(got)
	case "table":
		var rows [][]string
		for _, h := range got {
			rows = append(rows, []string{h.Endpoint, fmt.Sprint(h.Health), h.Took, h.Error})
		}
		e.rows([]string{"ENDPOINT", "HEALTH", "TOOK", "ERROR"}, rows)
	default:
		for _, h := range got {
			if h.Health {
				fmt.Fprintf(e.call.Stdout, "%s is healthy: successfully committed proposal: took = %s\n", h.Endpoint, h.Took)
			} else {
				fmt.Fprintf(e.call.Stderr, "%s is unhealthy: failed to commit proposal: %s\n", h.Endpoint, h.Error)
			}
		}
	}
	if code != 0 {
		fmt.Fprintln(e.call.Stderr, "Error: unhealthy cluster")
	}
	return code
}

func (e *etcdctlCall) healthOf(ctx context.Context, ep string) (endpointHealth, string) {
	h := endpointHealth{Endpoint: ep}
	began := time.Now()
	s, err := e.kit.storeAt(ctx, e.call, []string{ep})
	if err != nil {
		h.Error = err.Error()
		return h, ""
	}
	defer s.Close()
	limited, done := within(ctx, e.call, e.timeout)
	defer done()
	warning := ""
	_, err = s.Get(limited, "health")
	h.Took = time.Since(began).String()
	switch {
	case err != nil:
		h.Error = s.why(limited, err)
		if limited.Err() != nil {
			warning = s.warning(e.call, "client")
		}
		return h, warning
	default:
		h.Health = true
	}
	alarms, err := s.AlarmList(limited)
	switch {
	case err != nil:
		h.Health, h.Error = false, "Unable to fetch the alarm list"
	case len(alarms.Alarms) > 0:
		h.Health, h.Error = false, "Active Alarm(s): "
		for _, a := range alarms.Alarms {
			h.Error += a.Alarm.String() + " "
		}
	}
	return h, ""
}

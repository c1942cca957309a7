package probes

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// etcdFacts is what one endpoint answered.
type etcdFacts struct {
	status *pb.StatusResponse
	// members is the member list as this endpoint has it; nil when it did not give it.
	members []*pb.Member
	keys    dcsKeys
	// keysErr is why the keys could not be read, or "".
	keysErr string
}

// etcdProbe asks one endpoint, and that one only. Every question is one that answers without quorum: Status, and
// serializable reads. The alarm list is not asked for, because that goes through the raft log; Status says the alarms.
//
// One client serves one endpoint, retries nothing, and logs nowhere. Why a connection failed is taken from our own dialer,
// because the client library says "deadline exceeded" of a port on which nothing listens. Status goes over the client's
// connection by itself: the library's own would dial anew for every question.
type etcdProbe struct {
	dialer *dialer
	tls    *tls.Config
	// login is user and password; user is empty when the store asks for none.
	login func(ctx context.Context) (user, password string, err error)
	// prefix is where Patroni keeps its keys, as far as it is known now.
	prefix func() dcsPath

	client *clientv3.Client
	token  string
}

func (p *etcdProbe) close() {
	if p.client != nil {
		_ = p.client.Close() // it was only read from
	}
	p.client, p.token = nil, ""
}

// ask tries a kept connection first, and once more with a new one, because a server that was restarted in between is no
// server that does not answer.
func (p *etcdProbe) ask(ctx context.Context) (etcdFacts, error) {
	kept := p.client != nil
	f, err := p.attempt(ctx)
	if kept && err != nil && ctx.Err() == nil && status.Code(err) == codes.Unavailable {
		p.close()
		f, err = p.attempt(ctx)
	}
	if err != nil {
		p.close()
		err = p.dialer.cause(err)
	}
	return f, err
}

func (p *etcdProbe) attempt(ctx context.Context) (etcdFacts, error) {
	p.dialer.reset()
	if p.client == nil {
		if err := p.connect(); err != nil {
			return etcdFacts{}, err
		}
	}
	// Status needs no login, so that an endpoint is judged by its health and not by our password.
	var f etcdFacts
	var err error
	if f.status, err = pb.NewMaintenanceClient(p.client.ActiveConnection()).Status(ctx, &pb.StatusRequest{}); err != nil {
		return f, plain("Status", err)
	}
	if f.status.Header == nil {
		return f, errors.New("status: the answer has no header; is it etcd that listens there?")
	}
	ctx, err = p.authorize(ctx)
	if err != nil {
		f.keysErr = words(err, deadline)
		return f, nil
	}
	var both sync.WaitGroup
	both.Go(func() {
		if list, err := p.client.MemberList(ctx, clientv3.WithSerializable()); err == nil {
			f.members = list.Members
		}
	})
	var denied error
	both.Go(func() {
		var err error
		if f.keys, err = readKeys(ctx, p.client, p.prefix()); err != nil {
			f.keysErr, denied = words(plain("read Patroni's keys", err), deadline), err
		}
	})
	both.Wait()
	if p.token != "" && rpctypes.Error(denied) == rpctypes.ErrInvalidAuthToken {
		p.token = "" // tokens end after some minutes; the next probe logs in again
	}
	return f, nil
}

func (p *etcdProbe) connect() error {
	scheme := "http://"
	if p.tls != nil {
		scheme = "https://"
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints: []string{scheme + p.dialer.address}, TLS: p.tls, Logger: zap.NewNop(),
		DialKeepAliveTime: 15 * time.Second, DialKeepAliveTimeout: deadline, MaxCallRecvMsgSize: bodyLimit,
		// The first try counts as one.
		MaxUnaryRetries: 1,
		DialOptions: []grpc.DialOption{
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return p.dialer.dial(ctx) }),
			grpc.WithNoProxy(), grpc.WithIdleTimeout(0),
		},
	})
	if err != nil {
		return fmt.Errorf("prepare the connection: %w", err)
	}
	p.client = client
	return nil
}

// authorize adds a token to ctx where the store wants one.
func (p *etcdProbe) authorize(ctx context.Context) (context.Context, error) {
	user, password, err := p.login(ctx)
	if err != nil || user == "" {
		return ctx, err
	}
	if p.token == "" {
		resp, err := pb.NewAuthClient(p.client.ActiveConnection()).Authenticate(ctx, &pb.AuthenticateRequest{Name: user, Password: password})
		if err != nil {
			return ctx, plain("log in as "+user, err)
		}
		p.token = resp.Token
	}
	return metadata.AppendToOutgoingContext(ctx, rpctypes.TokenFieldNameGRPC, p.token), nil
}

// plain is a gRPC error without gRPC's own words. Deadlines stay recognisable.
func plain(what string, err error) error {
	s, ok := status.FromError(err)
	if !ok {
		return err
	}
	if s.Code() == codes.DeadlineExceeded {
		return fmt.Errorf("%s: %w", what, context.DeadlineExceeded)
	}
	text := s.Message()
	for _, noise := range []string{"connection error: desc = ", "transport: ", "etcdserver: "} {
		text = strings.ReplaceAll(text, noise, "")
	}
	return &rpcError{text: what + ": " + strings.Trim(text, `"`), status: s}
}

// rpcError keeps the status of a call for those who decide by its code.
type rpcError struct {
	text   string
	status *status.Status
}

func (e *rpcError) Error() string              { return e.text }
func (e *rpcError) GRPCStatus() *status.Status { return e.status }

// gRPC's own log must never reach the screen. There is one logger a process, read without a lock, so that the only safe
// moment to replace it is before anything runs (grpclog.SetLoggerV2 says so).
var _ = func() struct{} {
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	return struct{}{}
}()

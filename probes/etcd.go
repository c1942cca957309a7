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
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/keepalive"
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
// It speaks gRPC itself: the client library of etcd retries, balances and waits, and then says "deadline exceeded" of a
// port on which nothing listens.
type etcdProbe struct {
	dialer *dialer
	tls    *tls.Config
	// login is user and password; user is empty when the store asks for none.
	login func(ctx context.Context) (user, password string, err error)
	// prefix is where Patroni keeps its keys, as far as it is known now.
	prefix func() dcsPath

	conn  *grpc.ClientConn
	token string
}

func (p *etcdProbe) close() {
	if p.conn != nil {
		_ = p.conn.Close() // it was only read from
	}
	p.conn, p.token = nil, ""
}

// ask tries a kept connection first, and once more with a new one, because a server that was restarted in between is no
// server that does not answer.
func (p *etcdProbe) ask(ctx context.Context) (etcdFacts, error) {
	kept := p.conn != nil
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
	if p.conn == nil {
		if err := p.connect(); err != nil {
			return etcdFacts{}, err
		}
	}
	// Status needs no login, so that an endpoint is judged by its health and not by our password.
	var f etcdFacts
	var err error
	if f.status, err = pb.NewMaintenanceClient(p.conn).Status(ctx, &pb.StatusRequest{}); err != nil {
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
		if list, err := pb.NewClusterClient(p.conn).MemberList(ctx, &pb.MemberListRequest{}); err == nil {
			f.members = list.Members
		}
	})
	var denied error
	both.Go(func() {
		var err error
		if f.keys, err = readKeys(ctx, pb.NewKVClient(p.conn), p.prefix()); err != nil {
			f.keysErr, denied = words(plain("read Patroni's keys", err), deadline), err
		}
	})
	both.Wait()
	if p.token != "" && status.Code(denied) == codes.Unauthenticated {
		p.token = "" // tokens end after some minutes; the next probe logs in again
	}
	return f, nil
}

func (p *etcdProbe) connect() error {
	secure := insecure.NewCredentials()
	if p.tls != nil {
		secure = credentials.NewTLS(p.tls)
	}
	conn, err := grpc.NewClient("passthrough:///"+p.dialer.address,
		grpc.WithTransportCredentials(secure),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return p.dialer.dial(ctx) }),
		grpc.WithNoProxy(), grpc.WithDisableServiceConfig(), grpc.WithDisableRetry(), grpc.WithIdleTimeout(0),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(bodyLimit)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 15 * time.Second, Timeout: deadline}))
	if err != nil {
		return fmt.Errorf("prepare the connection: %w", err)
	}
	p.conn = conn
	return nil
}

// authorize adds a token to ctx where the store wants one.
func (p *etcdProbe) authorize(ctx context.Context) (context.Context, error) {
	user, password, err := p.login(ctx)
	if err != nil || user == "" {
		return ctx, err
	}
	if p.token == "" {
		resp, err := pb.NewAuthClient(p.conn).Authenticate(ctx, &pb.AuthenticateRequest{Name: user, Password: password})
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

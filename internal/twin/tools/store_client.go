package tools

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"recon/internal/twin/shell"
)

// storeClient is a client of etcd over the cluster's network.
type storeClient struct {
	*clientv3.Client
	endpoints []string

	mu sync.Mutex
	// refused is the last error of a dial.
	refused error
}

// storeAt makes a client of some endpoints. It connects when it is used.
func (k *kit) storeAt(ctx context.Context, c *shell.Call, endpoints []string) (*storeClient, error) {
	s := &storeClient{endpoints: endpoints}
	cfg := clientv3.Config{
		Context: ctx, Endpoints: endpoints, Logger: zap.NewNop(),
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			ip := k.resolve(c, host)
			if ip == "" {
				ip = host
			}
			conn, err := k.dial(ctx, c, net.JoinHostPort(ip, port))
			s.mu.Lock()
			s.refused = err
			s.mu.Unlock()
			return conn, err
		})},
	}
	var err error
	s.Client, err = clientv3.New(cfg)
	return s, err
}

// why is an error in the words of etcdctl: the limit of the command, or what the server said.
func (s *storeClient) why(ctx context.Context, err error) string {
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return "context deadline exceeded"
	}
	if st, ok := status.FromError(err); ok {
		return st.Message()
	}
	return err.Error()
}

// warning is the line with which the client logs a call that it gave up.
func (s *storeClient) warning(c *shell.Call, logger string) string {
	s.mu.Lock()
	refused := s.refused
	s.mu.Unlock()
	desc := "context deadline exceeded"
	if refused != nil && !errors.Is(refused, context.Canceled) {
		desc = `latest balancer error: last connection error: connection error: desc = \"transport: Error while dialing: ` + strings.ReplaceAll(refused.Error(), `"`, `\"`) + `\"`
	}
	return fmt.Sprintf(`{"level":"warn","ts":"%s","logger":"%s","caller":"v3/retry_interceptor.go:63","msg":"retrying of unary invoker failed","target":"etcd-endpoints://0xc0003a61e0/%s","attempt":0,"error":"rpc error: code = DeadlineExceeded desc = %s"}`,
		now(c).UTC().Format("2006-01-02T15:04:05.000000Z"), logger, strings.TrimPrefix(strings.TrimPrefix(s.endpoints[0], "http://"), "https://"), desc)
}

// human is a size as etcdctl writes it: powers of 1000, one digit below ten.
func human(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	if n < 10 {
		return fmt.Sprintf("%d B", n)
	}
	f, i := float64(n), 0
	for f >= 1000 && i < len(units)-1 {
		f /= 1000
		i++
	}
	f = float64(int(f*10+0.5)) / 10
	if f < 10 {
		return fmt.Sprintf("%.1f %s", f, units[i])
	}
	return fmt.Sprintf("%.0f %s", f, units[i])
}

const storeTimeout = 5 * time.Second

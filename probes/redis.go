package probes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"recon/internal/inventory"
)

// redisFacts is what one Redis or Valkey answered.
type redisFacts struct {
	info redisInfo
	// dir and bind are settings; nil when the user may not read them.
	dir, bind *string
	unread    string // why they could not be read
	rq        *rqFacts
}

func aimRedis(a aiming) ([]*target, error) {
	r := a.cluster.Redis
	if r == nil {
		return nil, nil
	}
	var out []*target
	for _, n := range running(a.cluster, r.On) {
		d := a.reach(n, r.Port)
		out = append(out, aimed(a.Watch, a.raw.redis, "redis", n.Name, "redis "+d.address, deadline, &redisProbe{
			redisClient: a.redisClient(d, "redis", r.User, r.Password), queues: a.cluster.NetBox != nil, now: a.now,
		}))
	}
	return out, nil
}

// redisClient is one kept connection to a Redis or a Sentinel. Nothing is asked twice by the client, and none of its
// answers is larger than a probe may read.
type redisClient struct {
	dialer *dialer
	// service is how the cluster file calls it, for words.
	service string
	options *redis.Options
	// client is nil until it is needed, and again after a failure. It is not used for a second attempt: the library's pool
	// remembers failed dials, answers with them instead of dialing, and dials by itself in the background.
	client *redis.Client
	read   atomic.Int64 // bytes of this probe's answers
}

// silentLog keeps the library from writing its log over the screen.
type silentLog struct{}

func (silentLog) Printf(context.Context, string, ...any) {}

var quieten = sync.OnceFunc(func() { redis.SetLogger(silentLog{}) })

func (a aiming) redisClient(d *dialer, service, user string, password inventory.Secret) *redisClient {
	quieten()
	c := &redisClient{dialer: d, service: service}
	c.options = &redis.Options{
		Addr: d.address,
		Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := d.dial(ctx)
			if err != nil {
				return nil, err
			}
			return &bounded{Conn: conn, read: &c.read}, nil
		},
		CredentialsProviderContext: func(ctx context.Context) (string, string, error) {
			word, err := a.secret(ctx, password)
			if word == "" {
				return "", "", err
			}
			return user, word, err
		},
		// RESP2 and no greeting of its own: Sentinel and old servers know both, and a look leaves no trace.
		Protocol: 2, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		// One connection is used; a pool of one would start to dial in the background at the first failure.
		PoolSize: 4, MaxConcurrentDials: 1, MinIdleConns: 0, MaxRetries: -1, DialerRetries: 1, ContextTimeoutEnabled: true,
		PoolTimeout: deadline, ReadTimeout: deadline, WriteTimeout: deadline, DialTimeout: deadline,
		ConnMaxIdleTime: -1, ConnMaxLifetime: -1,
	}
	return c
}

func (c *redisClient) close() {
	if c.client != nil {
		_ = c.client.Close() // there is nobody to tell
		c.client = nil
	}
}

// try asks, and once more on a new connection when the kept one turns out to be gone: a server that was restarted in
// between is no server that does not answer.
func (c *redisClient) try(ctx context.Context, ask func(ctx context.Context) error) error {
	var err error
	for {
		kept := c.client != nil
		if !kept {
			c.client = redis.NewClient(c.options)
		}
		c.dialer.reset()
		c.read.Store(0)
		if err = ask(ctx); err == nil {
			return nil
		}
		c.close()
		if !kept || ctx.Err() != nil || isReply(err) {
			break
		}
	}
	return redisError(c.dialer.cause(err), c.service)
}

// isReply says that the server answered, with an error.
func isReply(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}

// redisError puts the server's refusals into the operator's words.
func redisError(err error, service string) error {
	if err == nil || !isReply(err) {
		return err
	}
	text := err.Error()
	word, _, _ := strings.Cut(text, " ")
	switch {
	case word == "NOAUTH":
		return fmt.Errorf("it wants a password; give services.%s.password in the cluster file", service)
	case word == "WRONGPASS", strings.Contains(text, "invalid password"), strings.Contains(text, "without any password configured"):
		return fmt.Errorf("it refuses the password of services.%s (%s)", service, line(text))
	case word == "NOPERM":
		return fmt.Errorf("its user may not ask what recon asks (%s)", line(text))
	}
	return fmt.Errorf("it answers: %s", line(text))
}

// bounded is a connection that gives no more than bodyLimit bytes to one probe.
type bounded struct {
	net.Conn
	read *atomic.Int64
}

var errTooLong = fmt.Errorf("its answer is larger than %d MiB", bodyLimit>>20)

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if b.read.Add(int64(n)) > bodyLimit {
		return 0, errTooLong
	}
	return n, err
}

// redisProbe asks one server.
type redisProbe struct {
	*redisClient
	// queues says that rq's queues are looked for where the server is master.
	queues bool
	now    func() time.Time
}

func (p *redisProbe) ask(ctx context.Context) (redisFacts, error) {
	var f redisFacts
	err := p.try(ctx, func(ctx context.Context) error {
		text, err := p.client.Info(ctx).Result()
		if err != nil {
			return err
		}
		if f.info, err = parseInfo(text); err != nil {
			return err
		}
		if f.info.loading {
			f.unread = "it still loads its data"
			return nil
		}
		if err := p.settings(ctx, &f); err != nil {
			return err
		}
		if p.queues && f.info.role == "master" {
			f.rq = p.askQueues(ctx)
			if cause := context.Cause(ctx); cause == context.Canceled || cause == errAgain {
				return cause // the probe was ended; that says nothing about the queues
			}
		}
		return nil
	})
	return f, err
}

// settings reads what may be kept from the user.
func (p *redisProbe) settings(ctx context.Context, f *redisFacts) error {
	got, err := p.client.ConfigGet(ctx, "dir").Result()
	if err == nil {
		var bind map[string]string
		// One setting a question: servers older than 7 take no more.
		if bind, err = p.client.ConfigGet(ctx, "bind").Result(); err == nil {
			f.dir, f.bind = setting(got, "dir"), setting(bind, "bind")
			return nil
		}
	}
	if !isReply(err) {
		return err
	}
	f.unread = "the server does not tell its settings: " + line(err.Error())
	return nil
}

func setting(got map[string]string, name string) *string {
	v, ok := got[name]
	if !ok {
		return nil
	}
	v = line(v)
	return &v
}

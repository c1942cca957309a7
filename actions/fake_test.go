package actions

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os/exec"
	"sync"
	"time"

	"recon/internal/inventory"
	"recon/internal/remote"
)

// fakeNet runs exec lines in this machine's /bin/sh, as a host would, and dials listeners by node name.
type fakeNet struct {
	mu    sync.Mutex
	lines []string
	ports map[string]string
	exit  func(node string) *remote.Exit
}

func (f *fakeNet) Wire(_, cmd string, become bool) (string, string, error) {
	if become {
		return cmd, "root (sudo)", nil
	}
	return cmd, "anna", nil
}

func (f *fakeNet) Run(ctx context.Context, node string, c remote.Command) remote.Exit {
	f.mu.Lock()
	f.lines = append(f.lines, c.Line)
	f.mu.Unlock()
	if f.exit != nil {
		if e := f.exit(node); e != nil {
			return *e
		}
	}
	return f.RunLocal(ctx, c)
}

func (f *fakeNet) RunLocal(ctx context.Context, c remote.Command) remote.Exit {
	e := remote.Exit{Kind: remote.OK, Began: time.Now()}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", c.Line)
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	err := cmd.Run()
	e.Duration = time.Since(e.Began)
	if _, werr := c.Stdout.Write(both.Bytes()); werr != nil {
		e.Reason = werr.Error()
	}
	var code *exec.ExitError
	if errors.As(err, &code) {
		e.Kind, e.Code = remote.Failed, code.ExitCode()
	} else if err != nil {
		e.Kind, e.Reason = remote.NotStarted, err.Error()
	}
	return e
}

func (f *fakeNet) Dial(ctx context.Context, node, network, _ string) (net.Conn, error) {
	addr, ok := f.ports[node]
	if !ok {
		return nil, errors.New("connect: connection refused")
	}
	var d net.Dialer
	return d.DialContext(ctx, network, addr)
}

func threeNodes() *inventory.Cluster {
	password, err := inventory.NewSecret("env:REST", "redis.password")
	if err != nil {
		panic(err)
	}
	return &inventory.Cluster{
		Name: "test",
		Nodes: []inventory.Node{
			{Name: "n1", Address: "192.0.2.1"}, {Name: "n2", Address: "192.0.2.2"}, {Name: "n3", Address: "192.0.2.3"},
		},
		Patroni:  &inventory.Patroni{RESTPort: 8008, User: "patroni"},
		Postgres: &inventory.Postgres{Port: 5432, User: "recon"},
		Redis:    &inventory.Service{Port: 6379, Password: password},
		Sentinel: &inventory.Sentinel{Service: inventory.Service{On: inventory.On{Nodes: []string{"n1", "n2"}}, Port: 26379, User: "watcher", Password: password}, Master: "mymaster"},
	}
}

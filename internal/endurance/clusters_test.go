package endurance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"recon/internal/inventory"
	"recon/probes"
	"recon/probes/probestest"
)

// many is how many clusters of three nodes the console watches.
const many = 100

// relay pretends the clusters in a program of its own, so that what they cost is not the console's. A connection begins
// with a line: cluster, node, and an address to connect to, or the word script, after which the script follows in a
// length and its bytes. It ends when its standard input does.
func relay() error {
	b := &pretender{}
	clusters := make([]*probestest.Cluster, many)
	for i := range clusters {
		clusters[i] = probestest.New(b)
	}
	defer b.end()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	fmt.Println(l.Addr())
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(clusters, conn)
		}
	}()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func serve(clusters []*probestest.Cluster, conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	var cluster, length int
	var node, address string
	if _, err := fmt.Fscanf(r, "%d %s %s %d\n", &cluster, &node, &address, &length); err != nil {
		return
	}
	hosts := clusters[cluster].Hosts
	if address == "script" {
		script := make([]byte, length)
		if _, err := io.ReadFull(r, script); err != nil {
			return
		}
		out, err := hosts.Output(context.Background(), node, string(script))
		if err == nil {
			_, _ = conn.Write(out) // the console measures what it gets
		}
		return
	}
	to, err := hosts.Dial(context.Background(), node, "tcp", address)
	if err != nil {
		return
	}
	defer to.Close()
	go func() {
		_, _ = io.Copy(to, r) // either end closing ends both
		_ = to.Close()
	}()
	_, _ = io.Copy(conn, to)
}

// pretender is the part of testing.TB that pretended clusters use, in a program that is no test.
type pretender struct {
	testing.TB
	ends []func()
}

func (p *pretender) Helper()                   {}
func (p *pretender) Cleanup(f func())          { p.ends = append(p.ends, f) }
func (p *pretender) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (p *pretender) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (p *pretender) Context() context.Context  { return context.Background() }

func (p *pretender) end() {
	for i := len(p.ends) - 1; i >= 0; i-- {
		p.ends[i]()
	}
}

// relayed are hosts behind a relay.
type relayed struct {
	cluster int
	relay   string
}

func (r relayed) begin(ctx context.Context, node, address, script string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", r.relay)
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(conn, "%d %s %s %d\n%s", r.cluster, node, address, len(script), script); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func (r relayed) Dial(ctx context.Context, node, _, address string) (net.Conn, error) {
	return r.begin(ctx, node, address, "")
}

func (r relayed) From(ctx context.Context, node, _, address string) (net.Conn, error) {
	return r.begin(ctx, node, address, "")
}

func (r relayed) Output(ctx context.Context, node, script string) ([]byte, error) {
	conn, err := r.begin(ctx, node, "script", script)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if at, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(at); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(conn)
}

// manyClusters is the console on the first of many clusters, all of which are watched every 2 s.
func manyClusters(relay string) error {
	var watches []*probes.Watch
	var first *inventory.Cluster
	for i := range many {
		c := probestest.Inventory()
		c.Interval = 2 * time.Second
		if first == nil {
			first = c
		}
		w, err := probes.New(c, relayed{i, relay}, probes.Options{})
		if err != nil {
			return err
		}
		watches = append(watches, w)
	}
	return open(first, watches)
}

// BenchmarkHundredClusters is the console while it watches 100 whole stacks of three nodes, each target every 2 s. The
// services speak their own protocols; ssh is not among them.
func BenchmarkHundredClusters(b *testing.B) {
	for b.Loop() {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), asProgram+"=relay")
		cmd.Stderr = os.Stderr
		in, err1 := cmd.StdinPipe()
		out, err2 := cmd.StdoutPipe()
		if err := errors.Join(err1, err2, cmd.Start()); err != nil {
			b.Fatal(err)
		}
		address, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			b.Fatal(err)
		}
		c := start(b, "clusters", "RECON_RELAY="+strings.TrimSpace(address))
		time.Sleep(5 * time.Second) // the connections are made
		c.idle(20 * time.Second)
		c.press(200)
		c.leave()
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			b.Fatal(err)
		}
	}
}

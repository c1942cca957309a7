package endurance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"recon/internal/inventory"
	"recon/probes"
	"recon/runbooks"
	"recon/ui"
)

// asProgram makes the test binary one of the programs below.
const asProgram = "RECON_ENDURANCE"

func TestMain(m *testing.M) {
	var err error
	switch how := os.Getenv(asProgram); how {
	case "":
		os.Exit(m.Run())
	case "black holes":
		err = blackHoles()
	case "clusters":
		err = manyClusters(os.Getenv("RECON_RELAY"))
	case "relay":
		err = relay()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// open opens the console on one cluster, while the watches of all run.
func open(c *inventory.Cluster, watches []*probes.Watch) error {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, len(watches))
	for _, w := range watches {
		go func() { done <- w.Run(ctx) }()
	}
	err := ui.Run(ctx, ui.Options{
		Cluster: c, Operator: "anna", Host: "bastion", Eyes: watches[0],
		Load: func() (*runbooks.Library, error) { return runbooks.Load(probes.Scope(c)) },
	})
	cancel()
	for range watches {
		if e := <-done; !errors.Is(e, context.Canceled) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// never reaches nothing: every attempt hangs until it is given up, as with a firewall that drops, or a name server that is
// silent.
type never struct{}

func (never) Dial(ctx context.Context, _, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (n never) From(ctx context.Context, node, network, address string) (net.Conn, error) {
	return n.Dial(ctx, node, network, address)
}

func (never) Output(ctx context.Context, _, _ string) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// blackHoles is the console on a cluster of ten nodes with five endpoints each, none of which ever answers.
func blackHoles() error {
	c := &inventory.Cluster{
		Name: "black-holes", Environment: inventory.Training, Dial: inventory.DialDirect, Interval: 2 * time.Second,
		Etcd: &inventory.Etcd{ClientPort: 2379, PeerPort: 2380, Unit: "etcd", Scheme: "http"}, Patroni: &inventory.Patroni{RESTPort: 8008, Unit: "patroni", Scope: "s", Namespace: "/service/", Scheme: "http"},
		Postgres: &inventory.Postgres{Port: 5432, User: "postgres", Database: "postgres", SSLMode: "disable"},
		Redis:    &inventory.Service{Port: 6379, Unit: "redis-server"},
	}
	for i := range 10 {
		c.Nodes = append(c.Nodes, inventory.Node{Name: fmt.Sprint("node-", i+1), Address: fmt.Sprint("192.0.2.", i+1)})
	}
	w, err := probes.New(c, never{}, probes.Options{})
	if err != nil {
		return err
	}
	return open(c, []*probes.Watch{w})
}

// console is a program of this binary in a terminal of 120 by 36.
type console struct {
	b    *testing.B
	cmd  *exec.Cmd
	tty  *os.File
	read atomic.Int64 // bytes of output
	out  chan struct{}
	done chan struct{}
}

func start(b *testing.B, how string, env ...string) *console {
	b.Helper()
	c := &console{b: b, cmd: exec.Command(os.Args[0]), out: make(chan struct{}, 1), done: make(chan struct{})}
	c.cmd.Env = append(append(os.Environ(), asProgram+"="+how, "TERM=xterm-256color"), env...)
	tty, err := pty.StartWithSize(c.cmd, &pty.Winsize{Rows: 36, Cols: 120})
	if err != nil {
		b.Fatal(err)
	}
	c.tty = tty
	go func() {
		defer close(c.done)
		buf := make([]byte, 64<<10)
		for {
			n, err := tty.Read(buf)
			c.read.Add(int64(n))
			select {
			case c.out <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	if !c.wait(1000, time.Now(), 20*time.Second) {
		b.Fatalf("%s did not come up", how)
	}
	return c
}

// wait waits until so many bytes of output have come since the count was taken.
func (c *console) wait(bytes int64, began time.Time, limit time.Duration) bool {
	from := c.read.Load()
	timer := time.NewTimer(limit - time.Since(began))
	defer timer.Stop()
	for c.read.Load()-from < bytes {
		select {
		case <-c.out:
		case <-timer.C:
			return false
		case <-c.done:
			return false
		}
	}
	return true
}

// press changes between two screens n times and reports how long each new screen took. A new screen writes more than
// screenBytes; the clock and the ages that move meanwhile write less.
func (c *console) press(n int) {
	const screenBytes = 800
	var took []time.Duration
	for i := range n {
		key := strconv.Itoa(2 - i%2)
		from, began := c.read.Load(), time.Now()
		if _, err := io.WriteString(c.tty, key); err != nil {
			c.b.Fatal(err)
		}
		for c.read.Load()-from < screenBytes {
			select {
			case <-c.out:
			case <-time.After(10 * time.Second):
				c.b.Fatalf("key %s was not answered within 10 s", key)
			case <-c.done:
				c.b.Fatal("the console ended")
			}
		}
		took = append(took, time.Since(began))
		// Not in step with anything that ticks.
		time.Sleep(time.Duration(17+i%23) * time.Millisecond)
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	c.b.ReportMetric(ms(took[len(took)/2]), "p50-ms")
	c.b.ReportMetric(ms(took[len(took)*99/100]), "p99-ms")
	c.b.ReportMetric(ms(took[len(took)-1]), "max-ms")
}

// idle reports what the program uses while nobody presses a key.
func (c *console) idle(during time.Duration) {
	before, began := c.cpu(), time.Now()
	time.Sleep(during)
	c.b.ReportMetric(100*float64(c.cpu()-before)/float64(time.Since(began)), "cpu-%")
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		c.b.Fatal(err)
	}
	for l := range strings.Lines(string(status)) {
		if f := strings.Fields(l); len(f) > 1 && f[0] == "VmRSS:" {
			kb, err := strconv.Atoi(f[1])
			if err != nil {
				c.b.Fatal(err)
			}
			c.b.ReportMetric(float64(kb)/1024, "rss-MiB")
		}
	}
}

// cpu is the processor time of the program so far.
func (c *console) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		c.b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(after)
	user, err1 := strconv.Atoi(f[11])
	system, err2 := strconv.Atoi(f[12])
	if err := errors.Join(err1, err2); err != nil {
		c.b.Fatal(err)
	}
	return time.Duration(user+system) * time.Second / 100 // clock ticks are hundredths on every Linux
}

func (c *console) leave() {
	if _, err := io.WriteString(c.tty, "q"); err != nil {
		c.b.Error(err)
	}
	select {
	case <-c.done:
	case <-time.After(10 * time.Second):
		c.b.Error("the console does not end")
		_ = c.cmd.Process.Signal(syscall.SIGKILL) // it must not stay
		<-c.done
	}
	if err := errors.Join(c.cmd.Wait(), c.tty.Close()); err != nil {
		c.b.Error(err)
	}
}

// BenchmarkBlackHoles is the console with 50 endpoints that never answer.
func BenchmarkBlackHoles(b *testing.B) {
	for b.Loop() {
		c := start(b, "black holes")
		c.press(400)
		c.idle(10 * time.Second)
		c.leave()
	}
}

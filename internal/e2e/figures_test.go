//go:build lab

package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/probes"
)

// The figures are ratios: recon and its peer take turns on the same hosts in one run. BenchmarkOnConsole puts this very
// test binary onto the lab's console host and runs the benchmarks named Inner there, where an operator would sit:
//
//	go test -tags lab -run '^$' -bench 'OnConsole|FirstFrame' -v ./internal/e2e
func BenchmarkOnConsole(b *testing.B) {
	if out, err := exec.Command(binary, "lab", "--dir", labDir(), "up").CombinedOutput(); err != nil {
		b.Fatalf("lab up: %v\n%s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	f, err := os.Open(self)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	run := func(in io.Reader, args ...string) string {
		cmd := exec.Command(binary, append([]string{"lab", "--dir", labDir(), "exec", "console", "--"}, args...)...)
		cmd.Stdin = in
		out, err := cmd.CombinedOutput()
		if err != nil {
			b.Fatalf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	run(f, "sh", "-c", "cat >/tmp/figures && chmod 755 /tmp/figures")
	for b.Loop() {
		b.Log("\n" + run(nil, "env", "RECON_INNER=1", "/tmp/figures", "-test.run", "^$", "-test.bench", "^BenchmarkInner", "-test.benchtime", "10x"))
	}
}

// perOp reports the processor time of one operation.
func perOp(b *testing.B, before, after time.Duration) {
	b.ReportMetric(float64(after-before)/float64(b.N)/1e6, "cpu-ms/op")
}

// BenchmarkInnerState is one fresh State of the whole stack on warm connections, as a walk asks for it between a
// confirmation and its execution.
func BenchmarkInnerState(b *testing.B) { benchmarkFresh(b) }

// BenchmarkInnerStatus is the program run once, with its connections made and ended.
func BenchmarkInnerStatus(b *testing.B) { benchmarkCommand(b, "recon", "status", "--json") }

// BenchmarkInnerTools gathers the same facts with the tools of each system in a row, as a script on a bastion would.
func BenchmarkInnerTools(b *testing.B) { benchmarkCommand(b, "sh", "-c", tools) }

// BenchmarkInnerAnsiblePing only finds out that the three hosts answer.
func BenchmarkInnerAnsiblePing(b *testing.B) {
	benchmarkCommand(b, "sh", "-c", "cd ~/ansible && ansible -m ping etcd")
}

// tools has no password on a command line; the lab keeps them in files of its operator.
const tools = `set -eu
cd ~
word() { cat .secrets/$1; }
patronictl list >/dev/null
patronictl show-config >/dev/null
export ETCDCTL_ENDPOINTS=http://172.16.113.201:22379,http://172.16.113.202:22379,http://172.16.113.203:22379
etcdctl endpoint status -w json >/dev/null
etcdctl get --prefix /service/ >/dev/null
for n in 201 202 203; do
 a=172.16.113.$n
 for path in patroni cluster history; do curl -s http://$a:8008/$path >/dev/null; done
 curl -s -o /dev/null http://$a:8008/primary
 PGPASSWORD=$(word postgres) psql -XAt -h $a -U recon -d postgres -c 'SELECT pg_is_in_recovery(); SELECT * FROM pg_stat_replication; SELECT * FROM pg_replication_slots; SELECT * FROM pg_stat_archiver' >/dev/null
 REDISCLI_AUTH=$(word redis) redis-cli -h $a INFO >/dev/null
 export REDISCLI_AUTH=$(word sentinel)
 redis-cli -h $a -p 26379 SENTINEL MASTERS >/dev/null
 redis-cli -h $a -p 26379 SENTINEL CKQUORUM myredisetcd >/dev/null
 redis-cli -h $a -p 26379 SENTINEL SENTINELS myredisetcd >/dev/null
 redis-cli -h $a -p 26379 SENTINEL REPLICAS myredisetcd >/dev/null
 curl -s -K - "http://$a:7000/;csv" >/dev/null <<E
user = "stats:$(word haproxy)"
E
 for q in POOLS DATABASES CONFIG; do PGPASSWORD=$(word pgbouncer) psql -XAt -h $a -p 6432 -U pgbouncer_admin -d pgbouncer -c "SHOW $q" >/dev/null; done
 curl -sk -o /dev/null --resolve netbox.lab.example:443:$a https://netbox.lab.example/login/
 ssh $a 'ip -o addr; systemctl list-units --failed --plain --no-legend; systemctl show etcd-patroni patroni redis-server redis-sentinel haproxy keepalived pgbouncer nginx netbox netbox-rq -p Id,ActiveState,UnitFileState; df -P; df -Pi; cat /proc/meminfo; timedatectl show; curl -s -o /dev/null http://127.0.0.1:8001/login/' >/dev/null
done
PGPASSWORD=$(word postgres) psql -XAt -h 172.16.113.204 -p 6432 -U recon -d netbox -c 'SELECT 1' >/dev/null
curl -sk -o /dev/null --resolve netbox.lab.example:443:172.16.113.205 https://netbox.lab.example/login/
`

// benchmarkCommand runs a program and reports its time, its processor time and that of its children, and what went over the
// console's network.
func benchmarkCommand(b *testing.B, name string, args ...string) {
	if os.Getenv("RECON_INNER") == "" {
		b.Skip("runs on the lab's console, started by BenchmarkOnConsole")
	}
	var used time.Duration
	before := traffic(b)
	for b.Loop() {
		cmd := exec.Command(name, args...)
		out, err := cmd.CombinedOutput()
		// status exits with what it found; what matters here is that it looked.
		if err != nil && (name != "recon" || cmd.ProcessState.ExitCode() < 3) {
			b.Fatalf("%v\n%s", err, out)
		}
		used += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	b.ReportMetric(float64(traffic(b)-before)/float64(b.N)/1024, "net-kB/op")
	perOp(b, 0, used)
}

// traffic is how many bytes the console's interface has sent and received.
func traffic(b *testing.B) int64 {
	text, err := os.ReadFile("/proc/net/dev")
	if err != nil {
		b.Fatal(err)
	}
	for l := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(strings.TrimSpace(l), ":")
		f := strings.Fields(rest)
		if name != "eth0" || len(f) < 9 {
			continue
		}
		in, err1 := strconv.ParseInt(f[0], 10, 64)
		out, err2 := strconv.ParseInt(f[8], 10, 64)
		if err := errors.Join(err1, err2); err != nil {
			b.Fatal(err)
		}
		return in + out
	}
	b.Fatal("there is no eth0")
	return 0
}

// BenchmarkInnerPatroni is what patronictl list shows, and no more: the members and the keys in etcd.
func BenchmarkInnerPatroni(b *testing.B) { benchmarkFresh(b, "patroni", "etcd") }

func benchmarkFresh(b *testing.B, sections ...string) {
	if os.Getenv("RECON_INNER") == "" {
		b.Skip("runs on the lab's console, started by BenchmarkOnConsole")
	}
	c, err := inventory.Load(os.Getenv("RECON_INVENTORY"))
	if err != nil {
		b.Fatal(err)
	}
	pool := remote.New(c, remote.Options{})
	defer pool.Close()
	watch, err := probes.New(c, probes.Through(pool), probes.Options{Secret: func(ctx context.Context, s inventory.Secret) (string, error) { return s.Resolve(ctx, nil) }})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- watch.Run(ctx) }()
	if _, err := watch.Fresh(ctx, nil); err != nil {
		b.Fatal(err)
	}
	before, sent := selfCPU(b), traffic(b)
	for b.Loop() {
		if _, err := watch.Fresh(ctx, sections); err != nil {
			b.Fatal(err)
		}
	}
	perOp(b, before, selfCPU(b))
	b.ReportMetric(float64(traffic(b)-sent)/float64(b.N)/1024, "net-kB/op")
	cancel()
	<-done
}

// BenchmarkInnerPatronictl is its peer. The lab gives anna its configuration.
func BenchmarkInnerPatronictl(b *testing.B) { benchmarkCommand(b, "patronictl", "list") }

// BenchmarkFirstFrame is from the start of the process to the first frame on the terminal.
func BenchmarkFirstFrame(b *testing.B) {
	dir := b.TempDir()
	file := filepath.Join(dir, "inventory.yaml")
	text := "format: 1\ncluster: bench\nenvironment: training\ndial: direct\nnodes: [{name: n1, address: 127.0.0.1}]\nservices:\n  patroni: {scope: bench}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		cmd := exec.Command(binary, "-i", file)
		cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+dir, "TERM=xterm-256color")
		tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 36, Cols: 120})
		if err != nil {
			b.Fatal(err)
		}
		var seen bytes.Buffer
		buf := make([]byte, 64<<10)
		for !bytes.Contains(seen.Bytes(), []byte("TRAINING")) {
			n, err := tty.Read(buf)
			seen.Write(buf[:n])
			if err != nil {
				b.Fatalf("%v\n%q", err, seen.String())
			}
		}
		b.StopTimer()
		if _, err := tty.Write([]byte("q")); err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, tty) // ends with EIO when the program is gone
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
		tty.Close()
		b.StartTimer()
	}
}

package actions

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/internal/scrub"
)

// outputs collects what each target wrote.
type outputs struct {
	mu  sync.Mutex
	all map[string]*bytes.Buffer
}

func (o *outputs) sink(target string) io.Writer {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil {
		o.all = map[string]*bytes.Buffer{}
	}
	o.all[target] = &bytes.Buffer{}
	return o.all[target]
}

func hands(n *fakeNet) *Hands {
	secret := func(context.Context, inventory.Secret) (string, error) { return "rest-secret", nil }
	masks := &scrub.Secrets{}
	if err := masks.Add("file:rest", "rest-secret"); err != nil {
		panic(err)
	}
	return New(threeNodes(), n, secret, masks)
}

func TestShRunsExactlyWhatWasPlanned(t *testing.T) {
	n := &fakeNet{}
	h := hands(n)
	p, err := h.Plan(Command{Kind: Sh, Script: `printf '%s\n' "$MEMBER"; echo "it's done"`, Values: []Value{{"MEMBER", `o'hara; rm -rf /`}}, Targets: []string{"n2"}, Become: true})
	if err != nil {
		t.Fatal(err)
	}
	if p.Shots[0].Who != "root (sudo)" || p.Shots[0].Address != "192.0.2.2" {
		t.Errorf("shot %+v", p.Shots[0])
	}
	var out outputs
	got := h.Run(t.Context(), p, out.sink)
	if got[0].Kind != remote.OK {
		t.Fatalf("outcome %+v, output %s", got[0], out.all["n2"])
	}
	if want := "o'hara; rm -rf /\nit's done\n"; out.all["n2"].String() != want {
		t.Errorf("output %q, want %q", out.all["n2"], want)
	}
	if len(n.lines) != 1 || n.lines[0] != p.Shots[0].Wire() {
		t.Errorf("sent %q, planned %q", n.lines, p.Shots[0].Wire())
	}
}

func TestPlanRefuses(t *testing.T) {
	h := hands(&fakeNet{})
	for name, c := range map[string]Command{
		"no target":      {Kind: Sh, Script: "true"},
		"no such node":   {Kind: Sh, Script: "true", Targets: []string{"n9"}},
		"large script":   {Kind: Sh, Script: strings.Repeat("#", MaxScript+1), Targets: []string{"n1"}},
		"NUL":            {Kind: Sh, Script: "true", Values: []Value{{"A", "x\x00y"}}, Targets: []string{"n1"}},
		"leading dash":   {Kind: Sh, Script: "true", Values: []Value{{"A", "-rf"}}, Targets: []string{"n1"}},
		"bad name":       {Kind: Sh, Script: "true", Values: []Value{{"A B", "x"}}, Targets: []string{"n1"}},
		"bad token":      {Kind: Sh, Script: "true", Disconnect: Survive, Token: "a b", Targets: []string{"n1"}},
		"request line":   {Kind: HTTP, Script: "switchover", Targets: []string{"n1"}},
		"body":           {Kind: HTTP, Script: "POST /x\n\n{", Targets: []string{"n1"}},
		"missing value":  {Kind: HTTP, Script: "POST /x\n\n{\"a\": \"$B\"}", Targets: []string{"n1"}},
		"sql value":      {Kind: SQL, Script: "select $B", Targets: []string{"n1"}},
		"http on laptop": {Kind: HTTP, Script: "GET /x", Targets: []string{Console}},
		"unknown kind":   {Kind: "ansible", Script: "x", Targets: []string{"n1"}},
	} {
		if p, err := h.Plan(c); err == nil {
			t.Errorf("%s: planned %+v", name, p)
		}
	}
}

func TestOutcomesOfSh(t *testing.T) {
	lost := func(k remote.ExitKind) func(string) *remote.Exit {
		return func(string) *remote.Exit { return &remote.Exit{Kind: k, Reason: "connection reset"} }
	}
	for _, c := range []struct {
		name   string
		script string
		exit   func(string) *remote.Exit
		limit  time.Duration
		want   remote.ExitKind
		code   int
	}{
		{name: "ok", script: "true", want: remote.OK},
		{name: "failed", script: "exit 3", want: remote.Failed, code: 3},
		{name: "errexit", script: "false\ntrue", want: remote.Failed, code: 1},
		{name: "unset variable", script: `echo "$NOT_SET"`, want: remote.Failed, code: 2},
		{name: "124 of its own is a failure, not a timeout", script: "exit 124", want: remote.Failed, code: 124},
		{name: "stopped on the host", script: "exec tail -f /dev/null", limit: time.Second, want: remote.TimedOut, code: 124},
		{name: "connection lost", script: "true", exit: lost(remote.Unknown), want: remote.Unknown},
		{name: "never sent", script: "true", exit: lost(remote.NotStarted), want: remote.NotStarted},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := hands(&fakeNet{exit: c.exit})
			p, err := h.Plan(Command{Kind: Sh, Script: c.script, Targets: []string{"n1"}, Timeout: c.limit})
			if err != nil {
				t.Fatal(err)
			}
			var out outputs
			o := h.Run(t.Context(), p, out.sink)[0]
			if o.Kind != c.want || o.Code != c.code {
				t.Errorf("outcome %+v, want %s (%d); output %q", o, c.want, c.code, out.all["n1"])
			}
			if o.Kind != remote.OK && o.Reason == "" {
				t.Error("an outcome that is not ok has no reason")
			}
		})
	}
}

func TestSerialStopsAtTheFirstThatIsNotOK(t *testing.T) {
	n := &fakeNet{exit: func(node string) *remote.Exit {
		if node == "n2" {
			return &remote.Exit{Kind: remote.Unknown, Reason: "reset"}
		}
		return nil
	}}
	h := hands(n)
	p, err := h.Plan(Command{Kind: Sh, Script: "true", Targets: []string{"n1", "n2", "n3"}, Serial: true})
	if err != nil {
		t.Fatal(err)
	}
	var out outputs
	var kinds []remote.ExitKind
	for _, o := range h.Run(t.Context(), p, out.sink) {
		kinds = append(kinds, o.Kind)
	}
	if kinds[0] != remote.OK || kinds[1] != remote.Unknown || kinds[2] != remote.NotStarted {
		t.Errorf("outcomes %v", kinds)
	}
	if len(n.lines) != 2 {
		t.Errorf("%d targets were sent to, want 2", len(n.lines))
	}
}

func TestParallelGoesOnBesideAHangingHost(t *testing.T) {
	release := make(chan struct{})
	n := &fakeNet{exit: func(node string) *remote.Exit {
		if node == "n1" {
			<-release
		}
		return nil
	}}
	h := hands(n)
	p, err := h.Plan(Command{Kind: Sh, Script: "echo here", Targets: []string{"n1", "n2", "n3"}})
	if err != nil {
		t.Fatal(err)
	}
	wrote := make(chan string, 8)
	done := make(chan []Outcome)
	go func() {
		done <- h.Run(t.Context(), p, func(target string) io.Writer { return notify{target, wrote} })
	}()
	got := map[string]bool{}
	for len(got) < 2 {
		select {
		case target := <-wrote:
			got[target] = true
		case <-time.After(10 * time.Second):
			t.Fatalf("only %v answered while n1 hangs", got)
		}
	}
	close(release)
	for _, o := range <-done {
		if o.Kind != remote.OK {
			t.Errorf("%+v", o)
		}
	}
}

type notify struct {
	target string
	to     chan string
}

func (n notify) Write(p []byte) (int, error) {
	n.to <- n.target
	return len(p), nil
}

func TestHTTP(t *testing.T) {
	var got struct {
		path, body, user, password string
		seen                       int
	}
	status := http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.seen++
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got.path, got.body = r.Method+" "+r.URL.Path, string(b)
		got.user, got.password, _ = r.BasicAuth()
		if status == http.StatusFound {
			w.Header().Set("Location", "http://"+r.Host+"/elsewhere")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "said rest-secret \x1b[31mred")
	}))
	defer srv.Close()
	n := &fakeNet{ports: map[string]string{"n1": srv.Listener.Addr().String()}}
	h := hands(n)
	cmd := Command{
		Kind: HTTP, Targets: []string{"n1"}, Values: []Value{{"OLD", "node \"one\""}, {"NEW", "n2"}},
		Script: "POST /switchover\nContent-Type: application/json\n\n{\"leader\": \"$OLD\", \"candidate\": \"$NEW\"}",
	}
	p, err := h.Plan(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(p.Shots[0].Wire(), "rest-secret") {
		t.Error("the plan holds the password")
	}
	for _, c := range []struct {
		status int
		want   remote.ExitKind
	}{{200, remote.OK}, {202, remote.OK}, {412, remote.Failed}, {503, remote.Unknown}, {302, remote.Failed}} {
		status, got.seen = c.status, 0
		var out outputs
		o := h.Run(t.Context(), p, out.sink)[0]
		if o.Kind != c.want || o.Code != c.status {
			t.Errorf("%d: %+v, want %s", c.status, o, c.want)
		}
		if got.seen != 1 {
			t.Errorf("%d: %d requests, want 1 (a redirect is not followed)", c.status, got.seen)
		}
		if text := out.all["n1"].String(); strings.Contains(text, "rest-secret") || strings.Contains(text, "\x1b") {
			t.Errorf("output %q", text)
		}
	}
	if got.path != "POST /switchover" || got.body != `{"candidate":"n2","leader":"node \"one\""}` || got.user != "patroni" || got.password != "rest-secret" {
		t.Errorf("request %+v", got)
	}
}

func TestHTTPThatNeverConnectedIsNotStarted(t *testing.T) {
	h := hands(&fakeNet{})
	p, err := h.Plan(Command{Kind: HTTP, Script: "POST /restart", Targets: []string{"n1"}})
	if err != nil {
		t.Fatal(err)
	}
	if o := h.Run(t.Context(), p, (&outputs{}).sink)[0]; o.Kind != remote.NotStarted {
		t.Errorf("%+v", o)
	}
}

func TestHTTPCutInTheMiddleIsUnknown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = c.Read(make([]byte, 10))
			c.Close()
		}
	}()
	h := hands(&fakeNet{ports: map[string]string{"n1": l.Addr().String()}})
	p, err := h.Plan(Command{Kind: HTTP, Script: "POST /restart", Targets: []string{"n1"}})
	if err != nil {
		t.Fatal(err)
	}
	if o := h.Run(t.Context(), p, (&outputs{}).sink)[0]; o.Kind != remote.Unknown {
		t.Errorf("%+v", o)
	}
}

// FuzzQuote: what is quoted comes back unchanged through every shell there is.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a b", "'", "''", `\'`, "$(id)", "`id`", "a\nb", "ü", "\x80\xff", "*"} {
		f.Add(s)
	}
	var shells [][]string
	for _, sh := range [][]string{{"dash"}, {"bash", "--posix"}, {"busybox", "sh"}, {"sh"}} {
		if path, err := exec.LookPath(sh[0]); err == nil {
			shells = append(shells, append([]string{path}, sh[1:]...))
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := assignment(Value{"V", s})
		if err != nil {
			if !strings.Contains(s, "\x00") && !strings.HasPrefix(s, "-") {
				t.Errorf("%q was refused: %v", s, err)
			}
			return
		}
		for _, sh := range shells {
			out, err := exec.Command(sh[0], append(sh[1:], "-c", a+"; printf %s \"$V\"")...).Output()
			if err != nil || string(out) != s {
				t.Errorf("%v: %q came back as %q (%v)", sh, s, out, err)
			}
		}
	})
}

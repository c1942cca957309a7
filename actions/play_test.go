package actions

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"recon/internal/inventory"
	"recon/internal/remote"
	"recon/internal/scrub"
)

// stage puts a fake ansible-playbook on the PATH. It runs in the private folder; $OUT is a file that outlives it.
func stage(t *testing.T, script string) (h *Hands, out string) {
	t.Helper()
	dir := t.TempDir()
	out = filepath.Join(dir, "out")
	head := "#!/bin/sh\nevent() { printf '%s\\n' \"$1\" >>\"$RECON_EVENTS\"; }\n"
	if err := os.WriteFile(filepath.Join(dir, "ansible-playbook"), []byte(head+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("OUT", out)
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	t.Setenv("RECON_TEST_BECOME", `pa"ss{{word`)
	t.Setenv("RECON_TEST_VAULT", "vaultword")
	c := threeNodes()
	for i := range c.Nodes {
		c.Nodes[i].SSH.Become = inventory.Become{Method: inventory.BecomeSudo, User: "root", Password: reference(t, "env:RECON_TEST_BECOME")}
	}
	c.Deployment = &inventory.Deployment{Vault: reference(t, "env:RECON_TEST_VAULT")}
	masks := &scrub.Secrets{}
	h = New(c, &fakeNet{}, func(ctx context.Context, s inventory.Secret) (string, error) {
		v, err := s.Resolve(ctx, nil)
		if err == nil {
			err = masks.Add(s.Name(), v)
		}
		return v, err
	}, masks)
	return h, out
}

func reference(t *testing.T, ref string) inventory.Secret {
	t.Helper()
	s, err := inventory.NewSecret(ref, "test")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func site(targets ...string) Command {
	return Command{Kind: Ansible, Targets: targets, Timeout: time.Minute, Values: []Value{{"recon_node", "it's {{ x }}"}}, Play: &Play{
		Brought:  fstest.MapFS{"site.yml": {Data: []byte("[]\n")}, "callback_plugins/recon_events.py": {Data: []byte("#\n")}},
		Playbook: "site.yml", Tags: []string{"etcd", "redis"}, Limited: true, Vars: map[string]any{"many": 3, "on": true},
	}}
}

// heard collects what each target's writer gets, and how far its tasks are.
type heard struct {
	mu    sync.Mutex
	text  map[string]string
	tasks map[string]Tasks
}

type ear struct {
	heard  *heard
	target string
}

func (e ear) Write(p []byte) (int, error) {
	e.heard.mu.Lock()
	defer e.heard.mu.Unlock()
	e.heard.text[e.target] += string(p)
	return len(p), nil
}

func (e ear) Follow(t Tasks) {
	e.heard.mu.Lock()
	defer e.heard.mu.Unlock()
	e.heard.tasks[e.target] = t
}

func listen() (*heard, func(string) io.Writer) {
	h := &heard{text: map[string]string{}, tasks: map[string]Tasks{}}
	return h, func(target string) io.Writer { return ear{h, target} }
}

func played(t *testing.T, h *Hands, cmd Command) ([]Outcome, *heard) {
	t.Helper()
	p, err := h.Plan(cmd)
	if err != nil {
		t.Fatal(err)
	}
	ears, sink := listen()
	return h.Run(t.Context(), p, sink), ears
}

func emptied(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(os.Getenv("XDG_RUNTIME_DIR"))
	if err != nil || len(left) != 0 {
		t.Errorf("%d private folders are left, %v", len(left), err)
	}
}

// TestPlaybookGetsWhatWasShown: the command line is the one that was planned, the passwords are in private files and nowhere
// else, and are gone after the first event.
func TestPlaybookGetsWhatWasShown(t *testing.T) {
	h, out := stage(t, `
{ for a; do printf '<%s>' "$a"; done; echo; stat -c '%a %n' . inventory.json secrets.yml vault; cat secrets.yml vault; } >"$OUT"
env | grep -c -e 'pa"ss' -e vaultword >>"$OUT"
event '{"event": "play", "number": 1, "of": 1, "rest": []}'
while [ -e secrets.yml ]; do sleep 0.01; done
ls >>"$OUT"
event '{"event": "begin", "host": "n1", "task": "Write"}'
event '{"event": "changed", "host": "n1", "task": "Write", "diff": "+password vaultword\n"}'
event '{"event": "ok", "host": "n1", "task": "Secret", "hidden": true, "diff": ""}'
event '{"event": "stats", "hosts": {"n1": {"ok": 2, "changed": 1}}}'
echo "[WARNING]: careful"
`)
	p, err := h.Plan(site("n1"))
	if err != nil {
		t.Fatal(err)
	}
	_, line := p.Shown()
	want := `ansible-playbook --inventory inventory.json --limit n1 --tags etcd,redis --vault-password-file vault --extra-vars '{many: 3, on: true, recon_node: !unsafe "it'\''s {{ x }}"}' --extra-vars @secrets.yml playbooks/site.yml` + "\n"
	if line != want {
		t.Errorf("shown\n%swant\n%s", line, want)
	}
	ears, sink := listen()
	got := h.Run(t.Context(), p, sink)
	if len(got) != 1 || got[0].Kind != remote.OK || got[0].Reason != "2 ok, 1 changed" || got[0].Tasks.Changed != 1 {
		t.Errorf("outcomes: %+v", got)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{
		"<--limit><n1><--tags>", "700 .\n600 inventory.json\n600 secrets.yml\n600 vault\n", `become: !unsafe "pa\"ss{{word"`, "\nvaultword\n2\n",
		"events\ninventory.json\nplaybooks\n",
	} {
		if !strings.Contains(string(b), w) {
			t.Errorf("%q is not in\n%s", w, b)
		}
	}
	if args, _, _ := strings.Cut(string(b), "\n"); strings.Contains(args, "vaultword") || strings.Contains(args, `pa"ss`) {
		t.Errorf("a password is on the command line: %s", args)
	}
	text := ears.text["n1"]
	if !strings.Contains(text, "changed       Write\n    +password ‹env:RECON_TEST_VAULT›\n") || !strings.Contains(text, "[WARNING]: careful") {
		t.Errorf("heard %q", text)
	}
	if ears.tasks["n1"].Now != "Secret" {
		t.Errorf("followed %+v", ears.tasks["n1"])
	}
	emptied(t)
}

// TestPlaybookFails: each host says what is true of it.
func TestPlaybookFails(t *testing.T) {
	h, _ := stage(t, `
event '{"event": "play", "number": 1, "of": 1, "rest": []}'
event '{"event": "ok", "host": "n1", "task": "First"}'
event '{"event": "ok", "host": "n2", "task": "First"}'
event '{"event": "failed", "host": "n2", "task": "Second", "message": "no space left"}'
event '{"event": "ok", "host": "n1", "task": "Second"}'
event '{"event": "unreachable", "host": "n3", "task": "First", "message": "timed out"}'
event '{"event": "stats", "hosts": {"n1": {"ok": 2}, "n2": {"ok": 1, "failures": 1}, "n3": {"unreachable": 1}}}'
exit 4
`)
	got, ears := played(t, h, site("n1", "n2", "n3"))
	for i, want := range []Outcome{
		{Kind: remote.OK, Reason: "2 ok, 0 changed, done"},
		{Kind: remote.Failed, Reason: `the task "Second" failed: no space left (1 ok, 0 changed before it; done on n1)`},
		{Kind: remote.Failed, Reason: `the task "First" could not be reached: timed out (0 ok, 0 changed before it; done on n1)`},
	} {
		if got[i].Kind != want.Kind || got[i].Reason != want.Reason {
			t.Errorf("%s: %s %q, want %s %q", got[i].Target, got[i].Kind, got[i].Reason, want.Kind, want.Reason)
		}
	}
	if !strings.Contains(ears.text["n2"], "FAILED        Second\n    no space left\n") {
		t.Errorf("heard %q", ears.text["n2"])
	}
	emptied(t)
}

// TestPlaybookStopsForAll: a host that waits for its turn when another fails is not done, whatever Ansible counts for it.
func TestPlaybookStopsForAll(t *testing.T) {
	h, _ := stage(t, `
event '{"event": "play", "number": 1, "of": 2, "rest": []}'
event '{"event": "ok", "host": "n1", "task": "First"}'
event '{"event": "ok", "host": "n2", "task": "First"}'
event '{"event": "play", "number": 2, "of": 2, "rest": ["n2"]}'
event '{"event": "failed", "host": "n1", "task": "Restart", "message": "no"}'
event '{"event": "stats", "hosts": {"n1": {"ok": 1, "failures": 1}, "n2": {"ok": 1}}}'
exit 2
`)
	got, _ := played(t, h, site("n1", "n2", "n3"))
	if got[0].Kind != remote.Failed || got[1].Kind != remote.Failed || !strings.HasPrefix(got[1].Reason, `not finished: on n1 the task "Restart" failed: no`) || got[2].Kind != remote.NotStarted {
		t.Errorf("%+v", got)
	}
}

func TestPlaybookThatAnsibleRefuses(t *testing.T) {
	for says, want := range map[string]string{
		"ERROR! the role etcd was not found": "Ansible stopped: ERROR! the role etcd was not found, before anything ran on this host",
		"[WARNING]: no inventory\n[ERROR]: Decryption failed (no secret fits).\nOrigin: /home/anna/secrets.yml\n\n": "Ansible stopped: [ERROR]: Decryption failed (no secret fits) (/home/anna/secrets.yml), before anything ran on this host",
		"[ERROR]: no such playbook.\nand more": "Ansible stopped: [ERROR]: no such playbook, before anything ran on this host",
	} {
		h, _ := stage(t, "cat >&2 <<'END'\n"+says+"\nEND\nexit 1\n")
		got, _ := played(t, h, site("n1"))
		if got[0].Kind != remote.NotStarted || got[0].Reason != want {
			t.Errorf("%q gives %+v", says, got[0])
		}
	}
}

// TestPlaybookCancelled: the group is interrupted first and killed when it does not listen; what ran is unknown, what did not
// begin did not start.
func TestPlaybookCancelled(t *testing.T) {
	for name, trap := range map[string]string{"listens": `trap 'echo INT >>"$OUT"; exit 99' INT`, "does not listen": `trap 'echo INT >>"$OUT"' INT; trap 'echo TERM >>"$OUT"' TERM`} {
		t.Run(name, func(t *testing.T) {
			h, out := stage(t, trap+`
event '{"event": "play", "number": 1, "of": 1, "rest": []}'
event '{"event": "changed", "host": "n1", "task": "First"}'
event '{"event": "begin", "host": "n1", "task": "Second"}'
while :; do sleep 0.05; done
`)
			h.grace = 200 * time.Millisecond
			p, err := h.Plan(site("n1", "n2"))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ears, _ := listen()
			got := h.Run(ctx, p, func(target string) io.Writer { return cutter{ear{ears, target}, "Second", cancel} })
			if got[0].Kind != remote.Unknown || !strings.HasSuffix(got[0].Reason, "; 1 ok, 1 changed, while Second ran") || got[1].Kind != remote.NotStarted {
				t.Errorf("%+v", got)
			}
			b, err := os.ReadFile(out)
			if err != nil || !strings.HasPrefix(string(b), "INT\n") || name != "listens" && !strings.Contains(string(b), "TERM\n") {
				t.Errorf("the process got %q, %v", b, err)
			}
			emptied(t)
		})
	}
}

// cutter cancels when a task is under way.
type cutter struct {
	ear
	task   string
	cancel func()
}

func (c cutter) Follow(t Tasks) {
	if t.Now == c.task {
		c.cancel()
	}
}

func TestPlaybookTimesOut(t *testing.T) {
	h, _ := stage(t, "event '{\"event\": \"begin\", \"host\": \"n1\", \"task\": \"First\"}'\nexec sleep 60\n")
	h.grace = 100 * time.Millisecond
	cmd := site("n1")
	cmd.Timeout = 300 * time.Millisecond
	cmd.Play.DryRun = true
	got, _ := played(t, h, cmd)
	if got[0].Kind != remote.TimedOut || !strings.Contains(got[0].Reason, "stopped after 300ms") {
		t.Errorf("%+v", got[0])
	}
}

// TestPlaybookIsRefusedBeforehand: what is missing is said before anything is confirmed.
func TestPlaybookIsRefusedBeforehand(t *testing.T) {
	h, _ := stage(t, "")
	other := site("n1")
	other.Play.Playbook = "other.yml"
	if _, err := h.Plan(other); err == nil || !strings.Contains(err.Error(), "recon brings no playbook other.yml") {
		t.Errorf("another playbook: %v", err)
	}
	h.cluster.Deployment.Vars = []string{"/does/not/exist.yml"}
	if _, err := h.Plan(site("n1")); err == nil || !strings.Contains(err.Error(), "a vars file") {
		t.Errorf("a vars file that is not there: %v", err)
	}
	h.cluster.Deployment.Vars = nil
	h.cluster.Console.Remote = true
	if _, err := h.Plan(site("n1")); err == nil || !strings.Contains(err.Error(), "console: ssh") {
		t.Errorf("another console: %v", err)
	}
	h.cluster.Console.Remote = false
	t.Setenv("PATH", t.TempDir())
	if _, err := h.Plan(site("n1")); err == nil || !strings.Contains(err.Error(), "ansible-core") {
		t.Errorf("no Ansible: %v", err)
	}
}

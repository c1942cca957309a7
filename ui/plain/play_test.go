package plain

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"recon/actions"
	"recon/internal/inventory"
	"recon/internal/scrub"
	"recon/internal/walk"
	"recon/internal/walk/walktest"
	"recon/probes"
	"recon/runbooks"
)

const playBook = `---
format: 1
id: play-book
title: A playbook
kind: maintenance
severity: 0
systems: [etcd]
---

# A playbook

## Play

` + "```ansible risk=change timeout=1m\nplaybook: site.yml\ntags: [etcd]\n```\n\n```check within=10s\netcd.quorum\n```" + `
`

// A playbook says task by task what it does on each host, first in the dry run and then in the run, and at the end how each
// host ended.
func TestAPlaybookLineByLine(t *testing.T) {
	dir := t.TempDir()
	script := `#!/bin/sh
event() { printf '%s\n' "$1" >>"$RECON_EVENTS"; }
event '{"event": "play", "number": 1, "of": 1, "rest": []}'
for h in n1 n2 n3; do event '{"event": "begin", "host": "'$h'", "task": "Write"}'; done
event '{"event": "changed", "host": "n1", "task": "Write", "diff": "+a line\n"}'
event '{"event": "ok", "host": "n3", "task": "Write"}'
case "$*" in
*--check*)
	event '{"event": "ok", "host": "n2", "task": "Write"}'
	event '{"event": "stats", "hosts": {"n1": {"ok": 1, "changed": 1}, "n2": {"ok": 1}, "n3": {"ok": 1}}}'
	exit 0 ;;
esac
event '{"event": "retry", "host": "n3", "task": "Wait for it", "attempt": 2, "of": 9}'
event '{"event": "ok", "host": "n3", "task": "Wait for it"}'
event '{"event": "failed", "host": "n2", "task": "Write", "message": "no room"}'
event '{"event": "stats", "hosts": {"n1": {"ok": 1, "changed": 1}, "n2": {"failures": 1}, "n3": {"ok": 2}}}'
exit 2
`
	if err := os.WriteFile(filepath.Join(dir, "ansible-playbook"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	book, problems := runbooks.Parse("play-book.md", []byte(playBook), probes.Scope(nil))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	world, cluster := walktest.New(t), walktest.Cluster()
	w, err := walk.Start(walk.Config{
		Cluster: cluster, Library: &runbooks.Library{}, Scope: probes.Scope(nil), Eyes: world,
		// No host is reached: a playbook runs here.
		Hands:  actions.New(cluster, nil, func(context.Context, inventory.Secret) (string, error) { return "", nil }, &scrub.Secrets{}),
		Trails: filepath.Join(t.TempDir(), "trails"), Operator: "anna", Host: "bastion",
	}, book, map[string]string{}, false)
	if err != nil {
		t.Fatal(err)
	}
	var out paper
	p := &person{t: t, out: &out, script: []string{"[enter] run => ", "CHANGE on n1, n2, n3 => y", "retry => q"}}
	c := Console{Out: &out, Ask: p.Ask, Eyes: world}
	if err := c.Run(t.Context(), w); !Left(err) {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if err := w.Close("the test ended"); err != nil {
		t.Error(err)
	}
	inOrder(t, out.String(),
		"a dry run: nothing is changed", "ansible-playbook --inventory inventory.json --tags etcd --check --diff playbooks/site.yml",
		"n1 | would change  Write\n", "n1 |     +a line\n", "n3 | ok            Write\n", "n2 | ok            Write\n", "n1: ok: 1 ok, 1 would change after ",
		"| ansible-playbook --inventory inventory.json --tags etcd playbooks/site.yml",
		"n1 | changed       Write\n", "n3 | waits         Wait for it (attempt 2 of 9)\n", "n2 | FAILED        Write\n", "n2 |     no room\n",
		"n1: ok: 1 ok, 1 changed, done after ", `n2: failed: the task "Write" failed: no room (0 ok, 0 changed before it; done on n1, n3)`, "n3: ok: 2 ok, 0 changed, done after ", "FAILED: n2: the task",
	)
}

//go:build lab

package actions

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"recon/internal/inventory"
	"recon/internal/remote"
)

// TestRealAnsible runs the real ansible-playbook against this machine, as three hosts with a local connection.
func TestRealAnsible(t *testing.T) {
	h, _ := stage(t, "")
	t.Setenv("PATH", strings.Join(strings.Split(os.Getenv("PATH"), ":")[1:], ":"))
	for i := range h.cluster.Nodes {
		h.cluster.Nodes[i].SSH.Become.Password = inventory.Secret{}
	}
	own, made := t.TempDir(), t.TempDir()
	book := `
- name: First
  hosts: all
  gather_facts: false
  connection: local
  tasks:
    - name: Write
      copy: {content: "{{ recon_node }}\n", dest: "` + made + `/{{ inventory_hostname }}", mode: "0644"}
      diff: true
    - name: Secret
      copy: {content: "password hunter2hunter2\n", dest: "` + made + `/secret-{{ inventory_hostname }}", mode: "0600"}
      no_log: true
    - name: Refused
      command: "sh -c 'echo disk full >&2; exit 3'"
      when: inventory_hostname == fail | default('') and not ansible_check_mode
    - name: Many
      debug: {msg: "{{ many + 1 }}"}
`
	if err := os.WriteFile(filepath.Join(own, "site.yml"), []byte(book), 0o600); err != nil {
		t.Fatal(err)
	}
	plugin, err := os.ReadFile("../runbooks/ansible/callback_plugins/recon_events.py")
	if err != nil {
		t.Fatal(err)
	}
	h.cluster.Deployment.Playbooks = own
	cmd := site("n1", "n2", "n3")
	cmd.Values = []Value{{"recon_node", "it's {{ x }}"}}
	cmd.Play.Brought, cmd.Play.Tags, cmd.Play.Limited = fstest.MapFS{"callback_plugins/recon_events.py": {Data: plugin}}, nil, false

	cmd.Play.DryRun = true
	got, ears := played(t, h, cmd)
	for _, o := range got {
		if o.Kind != remote.OK || !strings.Contains(o.Reason, "2 would change") {
			t.Errorf("dry: %+v\n%s", o, ears.text[o.Target])
		}
	}
	if text := ears.text["n2"]; !strings.Contains(text, "would change  Write\n") || !strings.Contains(text, "+it's {{ x }}") || strings.Contains(text, "hunter2") {
		t.Errorf("dry: heard %s", text)
	}
	if left, _ := os.ReadDir(made); len(left) != 0 {
		t.Error("the dry run made files")
	}

	cmd.Play.DryRun, cmd.Play.Vars["fail"] = false, "n2"
	got, _ = played(t, h, cmd)
	if got[0].Kind != remote.OK || got[2].Kind != remote.OK || got[1].Kind != remote.Failed || !strings.Contains(got[1].Reason, "disk full") || !strings.Contains(got[1].Reason, "done on n1, n3") {
		t.Errorf("%+v", got)
	}
	if b, err := os.ReadFile(filepath.Join(made, "n1")); err != nil || string(b) != "it's {{ x }}\n" {
		t.Errorf("made %q, %v", b, err)
	}
	emptied(t)

	if err := os.WriteFile(filepath.Join(own, "site.yml"), []byte(strings.Replace(book, "sh -c 'echo disk full >&2; exit 3'", "sleep 600", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := h.Plan(cmd)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got = h.Run(ctx, p, func(target string) io.Writer { return cutter{ear{ears, target}, "Refused", cancel} })
	if got[1].Kind != remote.Unknown || !strings.HasPrefix(got[1].Reason, "cancelled; 2 ok, 0 changed, ") {
		t.Errorf("%+v", got)
	}
	emptied(t)
}

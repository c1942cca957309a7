package audit

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The test binary is also the console that the tests kill: with RECON_AUDIT_HELPER set it writes a trail and says on
// standard output what was acknowledged.
func TestMain(m *testing.M) {
	if mode := os.Getenv("RECON_AUDIT_HELPER"); mode != "" {
		if err := helper(mode); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// helper writes RECON_AUDIT_COUNT records to a new trail in the folder RECON_AUDIT_PATH ("create") or to the trail there
// ("resume"), prints `PATH` and then `SEQ HASH` for each acknowledged record, and waits for its standard input to end.
func helper(mode string) error {
	count, err := strconv.Atoi(os.Getenv("RECON_AUDIT_COUNT"))
	if err != nil {
		return err
	}
	var t *Trail
	if mode == "create" {
		t, err = Create(os.Getenv("RECON_AUDIT_PATH"), sampleStart())
	} else {
		t, _, err = Resume(os.Getenv("RECON_AUDIT_PATH"))
	}
	if err != nil {
		return err
	}
	fmt.Println(t.Path())
	fmt.Println(t.Ref().Seq, t.Head())
	for i := range count {
		kind, data := KindNote, any(Note{Text: strings.Repeat("0123456789abcdef", i*37%4096)})
		if i%3 == 0 {
			kind, data = KindResult, Result{Intent: 1}
		}
		r, err := t.Append(kind, data)
		if err != nil {
			return err
		}
		fmt.Println(r.Seq, r.Hash)
	}
	if err := t.AnchorErr(); err != nil {
		return err
	}
	fmt.Println("waiting")
	var b [1]byte
	_, _ = os.Stdin.Read(b[:])
	return t.Close()
}

func sampleStart() Start {
	text := "---\nformat: 1\n---\n\n# A book\n\n## Look\n\n## Change\n"
	return Start{
		Operator: "anna", Host: "bastion", TTY: "/dev/pts/3", Version: "0.1.0",
		Cluster: "netbox-prod", Environment: "production",
		Inventory: Inventory{Path: "/etc/recon/inventory.yaml", SHA256: hashOf([]byte("inventory"))},
		Book:      Book{ID: "a-book", Title: "A book", Text: text, Steps: []string{"Look", "Change"}},
		Inputs:    map[string]string{"member": "netbox-node-1"},
	}
}

func sampleIntent() Intent {
	return Intent{
		Step: 2, Block: 1, Approval: 2, Plan: hashOf([]byte("plan")), Kind: "sh", Risk: "change", Attempt: 1,
		Targets: []Target{{Name: "netbox-node-1", Address: "172.16.113.11:22", User: "recon", Become: "root (sudo)"}},
		Shown:   Shown{Assign: []Assign{{Name: "MEMBER", Value: "netbox-node-1"}}, Script: "systemctl restart patroni && echo <ok>\n"},
		Wire:    map[string]string{"netbox-node-1": hashOf([]byte("wire"))},
		Timeout: 30 * time.Second, Disconnect: "survive", Unit: "recon-7f3a91c1",
		Gates: []Line{{Text: "etcd.quorum", Answer: Pass}}, State: Seen{Seq: 41, At: noon},
	}
}

var noon = time.Date(2026, 7, 24, 12, 0, 0, 0, time.UTC)

// must fails the test at once; it keeps the tables below short.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newTrail begins a trail in a fresh folder, which it also returns.
func newTrail(t testing.TB) (string, *Trail) {
	t.Helper()
	dir := t.TempDir() + "/trails"
	tr, err := Create(dir, sampleStart())
	must(t, err)
	t.Cleanup(func() { _ = tr.Close() })
	return dir, tr
}

// walked is a closed trail with an approval, an intent, an output, its result and, if ended, an end.
func walked(t testing.TB, ended bool) (dir, path string) {
	t.Helper()
	dir, tr := newTrail(t)
	walk(t, tr, ended)
	must(t, tr.Close())
	return dir, tr.Path()
}

func walk(t testing.TB, tr *Trail, ended bool) {
	t.Helper()
	add := func(kind Kind, data any) Record {
		r, err := tr.Append(kind, data)
		must(t, err)
		return r
	}
	add(KindApproval, Approval{Step: 2, Blocks: []int{1}, Plan: hashOf([]byte("plan")), How: Yes, By: "anna"})
	intent := add(KindIntent, sampleIntent())
	out, err := tr.Output(intent.Seq, "netbox-node-1")
	must(t, err)
	fmt.Fprintln(out, "restarted")
	must(t, out.Close())
	kept := out.Kept()
	add(KindResult, Result{Intent: intent.Seq, Targets: []TargetResult{{
		Target: "netbox-node-1", Outcome: OK, Started: noon, Duration: 3 * time.Second, Output: &kept,
	}}})
	if ended {
		add(KindEnd, End{Status: Completed})
	}
}

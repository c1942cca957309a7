package audit

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const trailDoc = "../../docs/trail.md"

// docExample walks a small book at a fixed time and returns the trail's path.
func docExample(t *testing.T) string {
	t.Helper()
	m := thisMachine()
	wall, mono := noon, int64(5_000_000_000)
	m.now = func() time.Time { return wall }
	m.mono = func() (int64, error) { return mono, nil }
	m.boot, m.pid = "2456458a-34e8-4902-af02-acef68ed5cb4", 4711
	dir := t.TempDir() + "/trails"
	s := sampleStart()
	s.Walk = "20260724T120000Z-a-book-7f3a91c1"
	tr, err := create(m, dir, s)
	must(t, err)
	add := func(after time.Duration, kind Kind, data any) Record {
		wall, mono = wall.Add(after), mono+int64(after)
		r, err := tr.Append(kind, data)
		must(t, err)
		return r
	}
	seen := func() Seen { return Seen{Seq: 41, At: wall} }
	add(2*time.Second, KindGate, Gate{Step: 2, Phase: Display, Lines: []Line{{Text: "etcd.quorum", Answer: Pass}}, State: seen()})
	add(4*time.Second, KindApproval, Approval{Step: 2, Blocks: []int{1}, Plan: hashOf([]byte("plan")), How: Yes, By: "anna"})
	in := sampleIntent()
	in.Approval, in.State = 3, seen()
	in.Shown.Script = "systemctl restart patroni\n"
	intent := add(200*time.Millisecond, KindIntent, in)
	out, err := tr.Output(intent.Seq, "netbox-node-1")
	must(t, err)
	must2(out.Write([]byte("restarted\n")))
	must(t, out.Close())
	kept := out.Kept()
	add(3*time.Second, KindResult, Result{Intent: intent.Seq, Targets: []TargetResult{{
		Target: "netbox-node-1", Outcome: OK, Started: wall, Duration: 3 * time.Second, Output: &kept,
	}}})
	add(20*time.Second, KindProof, Proof{
		Step: 2, Intent: intent.Seq, Answer: Pass, Waited: 20 * time.Second, State: seen(),
		Lines: []Line{{
			Text: `member("netbox-node-1").state == "streaming"`, About: "it follows the leader again", Answer: Pass,
			Parts: []Part{{Text: `member("netbox-node-1").state`, Value: "streaming"}},
		}},
	})
	add(time.Second, KindEnd, End{Status: Completed})
	must(t, tr.Close())
	return tr.Path()
}

// The document's example is what this package writes, and its commands print what it says. RECON_UPDATE=1 rewrites both.
func TestTrailDocument(t *testing.T) {
	path := docExample(t)
	if rep := Verify(path); !rep.Intact() {
		t.Fatalf("%s", rep)
	}
	doc := string(must2(os.ReadFile(trailDoc)))
	var got strings.Builder
	command, blocks, commands := "", 0, 0
	for rest := doc; ; {
		text, block, found := strings.Cut(rest, "\n```")
		got.WriteString(text)
		if !found {
			break
		}
		info, body, _ := strings.Cut(block, "\n")
		body, rest, found = strings.Cut("\n"+body, "\n```\n")
		if !found {
			t.Fatalf("a block of kind %q has no end", info)
		}
		body = strings.TrimPrefix(body+"\n", "\n")
		rest = "\n" + rest
		switch info {
		case "jsonl":
			body, blocks = string(must2(os.ReadFile(path))), blocks+1
		case "text":
			body, blocks = lastHead(t, path), blocks+1
		case "sh":
			command = body
		case "output":
			cmd := exec.Command("sh", "-eu", "-c", command)
			cmd.Env = append(os.Environ(), "T="+path)
			cmd.Stderr = os.Stderr
			body, commands = string(must2(cmd.Output())), commands+1
		default:
			t.Fatalf("a block of kind %q", info)
		}
		got.WriteString("\n```" + info + "\n" + body + "```")
	}
	if blocks != 2 || commands != strings.Count(doc, "\n```sh\n") || commands < 8 {
		t.Errorf("the document has %d examples and %d commands with their output", blocks, commands)
	}
	if got.String() == doc {
		return
	}
	if os.Getenv("RECON_UPDATE") != "" {
		must(t, os.WriteFile(trailDoc, []byte(got.String()), 0o644))
		return
	}
	want, have := strings.Split(got.String(), "\n"), strings.Split(doc, "\n")
	for i := range want {
		if i >= len(have) || want[i] != have[i] {
			t.Fatalf("%s:%d should be\n%s", trailDoc, i+1, want[i])
		}
	}
	t.Fatalf("%s is longer than it should be", trailDoc)
}

// lastHead is the newest line of the heads file, with the example's name for the file that has a random one.
func lastHead(t *testing.T, path string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(string(must2(os.ReadFile(filepath.Join(trailsDir(path), headsName))))), "\n")
	fields := strings.Fields(lines[len(lines)-1])
	return "netbox-prod/20260724T120000Z-a-book-7f3a91c1.jsonl " + fields[1] + " " + fields[2] + "\n"
}

// Every kind has its section, and every field of its struct stands in the section or among the shared shapes.
func TestTrailDocumentIsComplete(t *testing.T) {
	doc := string(must2(os.ReadFile(trailDoc)))
	_, shared, _ := strings.Cut(doc, "## The kinds")
	shared, _, _ = strings.Cut(shared, "\n### ")
	for kind, data := range map[Kind]any{
		KindStart: Start{}, KindInputs: Inputs{}, KindGate: Gate{}, KindApproval: Approval{}, KindIntent: Intent{}, KindResult: Result{},
		KindProof: Proof{}, KindAnswer: Answer{}, KindAttest: Attest{}, KindSkip: Skip{}, KindOverride: Override{}, KindWaive: Waive{},
		KindJump: Jump{}, KindNote: Note{}, KindReconcile: Reconcile{}, KindRollback: Rollback{}, KindNotNeeded: NotNeeded{},
		KindChild: Child{}, KindChildEnd: ChildEnd{},
		KindInterrupted: Left{}, KindResumed: Resumed{}, KindEnd: End{},
	} {
		_, section, found := strings.Cut(doc, "\n### "+string(kind)+"\n")
		if !found {
			t.Errorf("%s has no section", kind)
			continue
		}
		section, _, _ = strings.Cut(section, "\n##")
		checkFields(t, kind, section, shared, reflect.TypeOf(data))
	}
	envelope, _, _ := strings.Cut(doc, "## The kinds")
	checkFields(t, "the envelope", envelope, "", reflect.TypeFor[Record]())
}

func checkFields(t *testing.T, kind Kind, section, shared string, typ reflect.Type) {
	t.Helper()
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() {
		return
	}
	shape := typ == reflect.TypeFor[Line]() || typ == reflect.TypeFor[Seen]() || typ == reflect.TypeFor[Ref]() || typ == reflect.TypeFor[Signature]()
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		where := section
		if shape {
			where = shared
		}
		if name == "" || !strings.Contains(where, "`"+name+"`") {
			t.Errorf("%s: the field %q of %s is not in the document", kind, name, typ)
		}
		if !shape {
			checkFields(t, kind, section, shared, typ.Field(i).Type)
		}
	}
}

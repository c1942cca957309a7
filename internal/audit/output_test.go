package audit

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestOutputSizes(t *testing.T) {
	t.Parallel()
	_, tr := newTrail(t)
	source := make([]byte, 3*keepWhole)
	for i := range source {
		source[i] = byte('a' + i/1000%26)
	}
	copy(source[keepHead:], "right after the head")
	for i, size := range []int{0, 1, keepHead - 1, keepHead, keepHead + 1, keepWhole - 1, keepWhole, keepWhole + 1, 2*keepWhole + 12345} {
		for _, chunk := range []int{99_999, size + 1} {
			out, err := tr.Output(uint64(i+1), fmt.Sprint("chunk ", chunk))
			must(t, err)
			for rest := source[:size]; len(rest) > 0; {
				n := min(len(rest), 1+rand.IntN(chunk))
				if m, err := out.Write(rest[:n]); m != n || err != nil {
					t.Fatalf("write: %d, %v", m, err)
				}
				rest = rest[n:]
			}
			must(t, out.Close())
			must(t, out.Close())
			want, dropped := source[:size], 0
			if size > keepWhole {
				dropped = size - keepWhole
				want = bytes.Join([][]byte{
					source[:keepHead], fmt.Appendf(nil, "\n--- recon left out %d bytes here ---\n", dropped), source[size-keepHead : size],
				}, nil)
			}
			k := out.Kept()
			got := must2(os.ReadFile(filepath.Join(outFolder(tr.Path()), k.File)))
			if !bytes.Equal(got, want) {
				t.Errorf("%d bytes by %d: %d bytes were kept, want %d", size, chunk, len(got), len(want))
			}
			if k.Bytes != int64(size) || k.Dropped != int64(dropped) || k.SHA256 != hashOf(want) || k.Error != "" {
				t.Errorf("%d bytes by %d: %+v", size, chunk, k)
			}
		}
	}
}

// What a killed console leaves is in the file already.
func TestOutputIsThereWhileItRuns(t *testing.T) {
	_, tr := newTrail(t)
	out, err := tr.Output(2, "n1")
	must(t, err)
	defer out.Close()
	fmt.Fprintln(out, "stopping patroni")
	if got := must2(os.ReadFile(filepath.Join(outFolder(tr.Path()), "000002-n1.out"))); string(got) != "stopping patroni\n" {
		t.Errorf("the file holds %q", got)
	}
}

func TestOutputNames(t *testing.T) {
	_, tr := newTrail(t)
	var names []string
	for _, target := range []string{"n1", "n1", "../../n1", "a/b", "a_b", ""} {
		out, err := tr.Output(7, target)
		must(t, err)
		must(t, out.Close())
		names = append(names, out.Kept().File)
	}
	want := "000007-n1.out 000007-n1-2.out 000007-_._.._n1.out 000007-a_b.out 000007-a_b-2.out 000007-unnamed.out"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("the files are %s, want %s", got, want)
	}
}

// A full disk does not stop the reader of a running command, and the result says that the file is not whole.
func TestOutputOnAFullDisk(t *testing.T) {
	for _, at := range []string{"write", "sync", "truncate", "close"} {
		d := newFaultyDisk()
		tr, err := create(d.machine(), t.TempDir()+"/trails", sampleStart())
		must(t, err)
		defer tr.Close()
		out, err := tr.Output(2, "n1")
		must(t, err)
		d.at = func(_ int, op, _ string) error {
			if op == at {
				return syscall.ENOSPC
			}
			return nil
		}
		for range 3 {
			if n, err := out.Write(make([]byte, keepHead)); n != keepHead || err != nil {
				t.Fatalf("%s: write: %d, %v", at, n, err)
			}
		}
		err = out.Close()
		k := out.Kept()
		if err == nil || k.Error == "" || k.SHA256 != "" || k.Bytes != 3*keepHead {
			t.Errorf("%s: close: %v, %+v", at, err, k)
		}
		d.at = nil
		if tr.Err() != nil {
			t.Errorf("%s: the trail is poisoned by an output", at)
		}
		_, err = tr.Append(KindResult, Result{Intent: 2, Targets: []TargetResult{{Target: "n1", Output: &k}}})
		must(t, err)
		if rep := Verify(tr.Path()); !rep.Intact() || !strings.Contains(rep.String(), "not whole") {
			t.Errorf("%s: verify: %s", at, rep)
		}
	}
}

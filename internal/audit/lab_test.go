//go:build lab && linux

package audit

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// These tests need root (a file system of 64 KiB) and strace: go test -tags lab ./internal/audit -run Lab

// A disk that is really full.
func TestLabFullDisk(t *testing.T) {
	disk := t.TempDir()
	must(t, unix.Mount("tmpfs", disk, "tmpfs", 0, "size=64k,mode=0700"))
	t.Cleanup(func() { must(t, unix.Unmount(disk, 0)) })
	tr, err := Create(filepath.Join(disk, "trails"), sampleStart())
	must(t, err)
	last := tr.First
	for err == nil {
		var r Record
		if r, err = tr.Append(KindNote, Note{Text: strings.Repeat("x", 1000)}); err == nil {
			last = r
		}
	}
	if !errors.As(err, new(*Poisoned)) || !errors.Is(err, syscall.ENOSPC) || last.Seq < 10 {
		t.Fatalf("after %d records: %v", last.Seq, err)
	}
	if out, err := tr.Output(1, "n1"); err == nil { // its name may fit where its bytes do not
		_, err := out.Write(make([]byte, 128<<10))
		must(t, err)
		if err := out.Close(); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("close of an output: %v", err)
		}
	}
	must(t, tr.Close())
	records, _ := Read(tr.Path())
	if len(records) != int(last.Seq) || records[last.Seq-1].Hash != last.Hash {
		t.Fatalf("%d records, %d were acknowledged", len(records), last.Seq)
	}
	if _, _, err := Resume(tr.Path()); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("resume on the full disk: %v", err)
	}
	must(t, unix.Mount("tmpfs", disk, "tmpfs", unix.MS_REMOUNT, "size=1m,mode=0700"))
	tr, _, err = Resume(tr.Path())
	must(t, err)
	must(t, tr.Close())
	if rep := Verify(tr.Path()); !rep.Intact() || rep.Records != int(last.Seq)+1 {
		t.Errorf("%s", rep)
	}
}

// strace kills a real console as it enters its nth system call of each kind.
func TestLabKilledInSystemCall(t *testing.T) {
	kills, midway := 0, 0
	for _, call := range []string{"write", "fsync", "openat", "mkdirat", "ftruncate", "flock"} {
		for n := 1; n <= 20; n++ {
			dir := t.TempDir() + "/trails"
			// -f: the runtime's threads. The helper's standard output is a file: its lines are acknowledgements.
			said := must2(os.Create(filepath.Join(t.TempDir(), "said")))
			cmd := exec.Command("strace", "-f", "-qqq", "-o", "/dev/null", "-e", "trace="+call,
				"-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, n), os.Args[0])
			cmd.Env = append(os.Environ(), "RECON_AUDIT_HELPER=create", "RECON_AUDIT_PATH="+dir, "RECON_AUDIT_COUNT=8")
			cmd.Stdout = said
			if err := cmd.Run(); err != nil { // else there were fewer calls
				kills++
			}
			where := fmt.Sprintf("killed in %s %d", call, n)
			must2(said.Seek(0, 0))
			var path, last string
			for in := bufio.NewScanner(said); in.Scan(); {
				if path == "" {
					path = in.Text()
				} else if in.Text() != "waiting" {
					last = in.Text()
				}
			}
			must(t, said.Close())
			if last == "" {
				continue
			}
			if !strings.HasPrefix(last, "9 ") {
				midway++
			}
			var seq int
			var hash string
			must2(fmt.Sscan(last, &seq, &hash))
			records, err := Read(path)
			if errors.As(err, new(*Broken)) || len(records) < seq || records[seq-1].Hash != hash {
				t.Fatalf("%s: %d records, %d were acknowledged: %v", where, len(records), seq, err)
			}
			tr, _, err := Resume(path)
			must(t, err)
			must(t, tr.Close())
			if rep := Verify(path); !rep.Intact() {
				t.Fatalf("%s: %s", where, rep)
			}
		}
	}
	t.Logf("%d kills, %d of them with some records acknowledged", kills, midway)
	if kills < 40 || midway < 10 {
		t.Errorf("only %d kills, %d midway", kills, midway)
	}
}

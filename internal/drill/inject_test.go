package drill

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDoor(t *testing.T) {
	dir, err := os.MkdirTemp("", "door")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if _, err := Knock(t.Context(), dir, "", "kill-leader"); !errors.Is(err, ErrNoSession) {
		t.Errorf("without a session: %v", err)
	}
	var asked []string
	d, err := OpenDoor(dir, func(_ context.Context, fault string) (string, error) {
		asked = append(asked, fault)
		if fault == "etcd-member" {
			return "", errors.New("no host\nis as this fault wants it")
		}
		return "killed the leader", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(d.dir, doorFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v %v", info.Mode(), err)
	}
	if info, err := os.Stat(d.dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its folder: %v %v", info.Mode(), err)
	}
	if said, err := Knock(t.Context(), dir, "", "kill-leader"); err != nil || said != "killed the leader" {
		t.Errorf("%q, %v", said, err)
	}
	if _, err := Knock(t.Context(), dir, filepath.Base(d.dir), "etcd-member"); err == nil || err.Error() != "no host; is as this fault wants it" {
		t.Errorf("a refusal: %v", err)
	}
	if _, err := Knock(t.Context(), dir, "1", "etcd-member"); err == nil || !strings.Contains(err.Error(), "no session 1") {
		t.Errorf("another session: %v", err)
	}
	if strings.Join(asked, " ") != "kill-leader etcd-member" {
		t.Errorf("asked for %v", asked)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

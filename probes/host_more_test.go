package probes

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What systemd 257 of Debian 13, and df and the kernel there, print.
const hostMore = `--recon-memory
MemTotal:       24684092 kB
MemAvailable:   22311664 kB
SwapTotal:       1048576 kB
SwapFree:         524288 kB
--recon-units
Id=redis-server.service
NRestarts=3
LoadState=loaded
ActiveState=active
UnitFileState=enabled

Id=nope.service
LoadState=not-found
ActiveState=inactive
--recon-failed
logrotate.service loaded failed failed Rotate log files
● haproxy.service loaded failed failed HAProxy Load Balancer
dev-sdb1.swap     loaded failed failed /dev/sdb1
--complete
--recon-nonlocal
1
--recon-reboot
no
--recon-readonly
/mnt/with\040blank
--complete
--recon-disk
/
Filesystem     1024-blocks     Used Available Capacity Mounted on
/dev/vda         264212084 24807340  70693924      26% /
Filesystem       Inodes  IUsed    IFree IUse% Mounted on
/dev/vda       16777216 536939 16240277    4% /
--recon-disk
/srv/pg
Filesystem     1024-blocks     Used Available Capacity Mounted on
/dev/vdb              1000      500       500      50% /mnt/with blank
Filesystem       Inodes  IUsed    IFree IUse% Mounted on
/dev/vdb              0      0        0     - /mnt/with blank
`

func TestHostTellsMore(t *testing.T) {
	f, err := parseHost([]byte(hostMore), []string{"redis", "nope"})
	if err != nil {
		t.Fatal(err)
	}
	if value(f.memoryAll) != "24105" || value(f.memoryMB) != "21788" || value(f.swapMB) != "512" || value(f.nonlocal) != "true" || value(f.reboot) != "false" {
		t.Errorf("%+v", f)
	}
	if !slices.Equal(f.failed, []string{"logrotate", "haproxy", "dev-sdb1.swap"}) {
		t.Errorf("failed %q", f.failed)
	}
	if len(f.restarts) != 1 || f.restarts["redis"] != 3 {
		t.Errorf("restarts %v", f.restarts)
	}
	if len(f.disks) != 2 || f.disks[0].Path != "/srv/pg" || f.disks[1].Path != "/" {
		t.Fatalf("the root is to be the last one: %+v", f.disks)
	}
	data, root := f.disks[0], f.disks[1]
	if value(data.ReadOnly) != "true" || data.InodesPercent != nil || value(root.ReadOnly) != "false" || root.InodesPercent == nil || int(*root.InodesPercent*100) != 320 {
		t.Errorf("%+v", f.disks)
	}
}

// Lists that broke off say nothing, and so does a host that does not know the answer.
func TestHostDoesNotTellMore(t *testing.T) {
	text := strings.ReplaceAll(hostMore, complete+"\n", "")
	text = strings.Replace(text, "--recon-nonlocal\n1", "--recon-nonlocal\n", 1)
	text = strings.Replace(text, "--recon-reboot\nno", "--recon-reboot\n", 1)
	text = strings.ReplaceAll(strings.ReplaceAll(text, "NRestarts=3\n", ""), "SwapFree:", "Other:")
	f, err := parseHost([]byte(text), []string{"redis", "nope"})
	if err != nil {
		t.Fatal(err)
	}
	if f.failed != nil || f.nonlocal != nil || f.reboot != nil || f.restarts != nil || f.swapMB != nil || f.disks[0].ReadOnly != nil {
		t.Errorf("%+v", f)
	}
}

// The whole script is run by a real shell, with paths that are there, closed, and not there.
func TestHostScriptRuns(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, map[string]string{"data dir/x": "x"})
	script := hostScript(hostQuestions{
		units: []string{"patroni"}, paths: []string{filepath.Join(folder, "data dir", "not", "there"), "relative", "/"}, patroniConfig: folder + "/none",
	})
	f, err := parseHost([]byte(run(t, script)), []string{"patroni"})
	if err != nil {
		t.Fatal(err)
	}
	if f.hostname == "" || f.start == nil || f.end == nil {
		t.Errorf("%+v", f)
	}
	if len(f.disks) != 3 || f.disks[0].Path != filepath.Join(folder, "data dir", "not", "there") || f.disks[2].Path != "/" || f.disks[2].Bytes == 0 {
		t.Errorf("disks %+v", f.disks)
	}
	if _, err := os.Stat("/proc/mounts"); err == nil && (f.disks[2].ReadOnly == nil || f.nonlocal == nil || f.memoryAll == nil) {
		t.Errorf("the kernel was not asked: %+v", f)
	}
}

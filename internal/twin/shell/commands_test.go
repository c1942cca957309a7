package shell_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"recon/internal/twin/shell"
)

// What has no counterpart on the machine that runs the tests: the host's own files, disks, users and clock.
func TestCommands(t *testing.T) {
	cases := []struct {
		name, user, script string
		out, err           string
		status             int
	}{
		{name: "df", script: "df -Pk /data; df -Pi /data; df -h /data; df -hT -x tmpfs -x devtmpfs", out: "" +
			"Filesystem     1024-blocks   Used Available Capacity Mounted on\n/dev/vdb           1048576 524292    524284      51% /data\n" +
			"Filesystem     Inodes IUsed IFree IUse% Mounted on\n/dev/vdb         1000     1   999    1% /data\n" +
			"Filesystem      Size  Used Avail Use% Mounted on\n/dev/vdb        1.0G  513M  512M  51% /data\n" +
			"Filesystem     Type  Size  Used Avail Use% Mounted on\n/dev/vda1      ext4   20G  3.1G   17G  16% /\n/dev/vdb       ext4  1.0G  513M  512M  51% /data\n/dev/vdd       ext4  8.0K  8.0K     0 100% /full\n"},
		{
			name: "a full disk", script: "head -c 700000000 /dev/zero >/data/f; echo $?; df -h /data | tail -n 1", user: "root", out: "1\n/dev/vdb        1.0G  1.0G     0 100% /data\n",
			err: "head: error writing 'standard output': No space left on device\n",
		},
		{
			name: "echo to a full disk", user: "root", script: "echo x >/full/f; echo $?; cat /full/f; cp /etc/passwd /full/g; echo $?", out: "1\n1\n",
			err: "/bin/sh: 1: echo: I/O error\ncp: error writing '/full/g': No space left on device\n",
		},
		{
			name: "read-only", user: "root", script: "echo x >/ro/f; touch /ro/x; mkdir /ro/d; rm /ro/there; mount -o remount,rw /ro && touch /ro/x && findmnt -n -o TARGET,OPTIONS -T /ro; grep ' /ro ' /proc/mounts",
			out: "/ro    rw,relatime\n/dev/vdc /ro ext4 rw,relatime 0 0\n", err: "/bin/sh: 1: cannot create /ro/f: Read-only file system\ntouch: cannot touch '/ro/x': Read-only file system\n" +
				"mkdir: cannot create directory '/ro/d': Read-only file system\nrm: cannot remove '/ro/there': Read-only file system\n",
		},
		{
			name: "permissions", script: "cat /root/x; ls /root; cat /secret; echo x >/etc/new; [ -r /secret ]; echo $?; rm /etc/passwd; mv /etc/passwd /tmp; chmod 777 /secret; chown deploy /secret; cd /root; ls -ld /root",
			out: "1\ndrwx------ 2 root root 4096 Nov  3 12:00 /root\n", status: 0,
			err: "cat: /root/x: Permission denied\nls: cannot open directory '/root': Permission denied\ncat: /secret: Permission denied\n" +
				"/bin/sh: 1: cannot create /etc/new: Permission denied\nrm: cannot remove '/etc/passwd': Permission denied\nmv: cannot move '/etc/passwd' to '/tmp/passwd': Permission denied\n" +
				"chmod: changing permissions of '/secret': Operation not permitted\nchown: changing ownership of '/secret': Operation not permitted\n/bin/sh: 1: cd: can't cd to /root\n",
		},
		{name: "sticky", user: "postgres", script: "rm -f /tmp/deploys; echo $?", out: "1\n", err: "rm: cannot remove '/tmp/deploys': Operation not permitted\n"},
		{
			name: "root may", user: "root", script: "cat /secret; chown postgres:postgres /secret; stat -c '%U:%G %a' /secret; chown nobodyknows /secret", out: "hidden\npostgres:postgres 640\n", status: 1,
			err: "chown: invalid user: 'nobodyknows'\n",
		},
		{
			name: "large files", user: "root", script: "ls -l /data2/wal | cut -d' ' -f5; du -sh /data2; du -b /data2/wal; find /data2 -size +50M; tail -c 3 /data2/wal | tr '\\0' 0; echo; head -c 4 /data2/wal; echo; cp /data2/wal /data2/copy; stat -c %s /data2/copy; wc -c </data2/copy",
			out: "83886080\n81M\t/data2\n83886080\t/data2/wal\n/data2/wal\n000\nhead\n83886080\n83886080\n",
		},
		{
			name: "holes", user: "root", script: "echo end >>/data2/wal; tail -n 1 /data2/wal | tr -d '\\0'; stat -c %s /data2/wal; printf X | dd of=/data2/wal conv=notrunc status=none; head -c 4 /data2/wal; truncate -s 3 /data2/wal; cat /data2/wal; truncate -s 5G /data2/big; fallocate -l 2G /data/too; dd if=/dev/zero of=/data/z bs=1M count=2 status=noxfer; stat -c %s /data2/big /data/z; cp /data2/big /data/z; df --output=avail /data | tail -n 1",
			out: "end\n83886084\nXeadXea5368709120\n2097152\n    0\n", err: "fallocate: fallocate failed: No space left on device\n2+0 records in\n2+0 records out\ncp: error writing '/data/z': No space left on device\n",
		},
		{name: "mv across mounts", user: "root", script: "echo text >/tmp/m; mv /tmp/m /data/m; cat /data/m; ls /tmp/m", out: "text\n", err: "ls: cannot access '/tmp/m': No such file or directory\n", status: 2},
		{name: "du -x", user: "root", script: "mkdir -p /data/sub; du -xs /data; du -s --apparent-size /etc/hostname", out: "8\t/data\n1\t/etc/hostname\n"},
		{name: "ls -la", user: "root", script: "ls -la /data2 | head -n 3; ls -l /etc/os-release; ls -ld /tmp /dev/null", out: "total 81928\ndrwxr-xr-x  2 root root     4096 Nov  3 12:00 .\ndrwxr-xr-x 20 root root     4096 Nov  3 12:00 ..\n" +
			"lrwxrwxrwx 1 root root 21 Nov  3 12:00 /etc/os-release -> ../usr/lib/os-release\ncrw-rw-rw- 1 root root 1, 3 Nov  3 12:00 /dev/null\ndrwxrwxrwt 2 root root 4096 Nov  3 12:00 /tmp\n"},
		{
			name: "sysctl", user: "root", script: "sysctl net.ipv4.ip_nonlocal_bind; printf 'net.ipv4.ip_nonlocal_bind = 1\\n' >/etc/sysctl.d/60.conf; sysctl -q -p /etc/sysctl.d/60.conf; cat /proc/sys/net/ipv4/ip_nonlocal_bind; sysctl -n vm.swappiness; sysctl -w vm.swappiness=1; sysctl no.such",
			out: "net.ipv4.ip_nonlocal_bind = 0\n1\n60\nvm.swappiness = 1\n", err: "sysctl: cannot stat /proc/sys/no/such: No such file or directory\n", status: 1,
		},
		{name: "sysctl as a user", user: "deploy", script: "/usr/sbin/sysctl -w vm.swappiness=1", err: "sysctl: permission denied on key \"vm.swappiness\"\n", status: 1},
		{name: "users", script: "id; id postgres; id -Gn; whoami; groups; getent passwd postgres; getent passwd 0; getent passwd none; echo $?; getent group sudo; getent hosts pg1", out: "" +
			"uid=1000(deploy) gid=1000(deploy) groups=1000(deploy),27(sudo)\nuid=108(postgres) gid=114(postgres) groups=114(postgres)\ndeploy sudo\ndeploy\ndeploy sudo\n" +
			"postgres:x:108:114::/var/lib/postgresql:/bin/bash\nroot:x:0:0::/root:/bin/bash\n2\nsudo:x:27:deploy\n127.0.1.1       pg1\n"},
		{name: "host", script: "hostname; uname -n; uname -r; uname -a; nproc; uptime; uptime -p; cat /proc/loadavg; who; cat /etc/debian_version; . /etc/os-release; echo $VERSION_ID; date; date +%s; date -u +%FT%TZ", out: "" +
			"pg1\npg1\n6.12.48+deb13-amd64\nLinux pg1 6.12.48+deb13-amd64 #1 SMP PREEMPT_DYNAMIC Debian x86_64 GNU/Linux\n2\n 12:00:00 up 1 day, 0 min,  1 user,  load average: 0.08, 0.03, 0.01\nup 1 day\n" +
			"0.08 0.03 0.01 1/182 20000\ndeploy   pts/0        2025-11-03 11:58 (10.0.0.5)\n13.1\n13\nMon Nov  3 12:00:00 UTC 2025\n1762171200\n2025-11-03T12:00:00Z\n"},
		{name: "free", script: "free -m; free -h | tail -n 1", out: "               total        used        free      shared  buff/cache   available\nMem:            3918        1330        1175           1        1600        2588\n" +
			"Swap:              0           0           0\nSwap:             0B          0B          0B\n"},
		{
			name: "processes in /proc", script: "cat /proc/812/comm; readlink -f /proc/812/exe; stat -c %U /proc/812; tr '\\0' ' ' </proc/812/cmdline; echo; [ -d /proc/813 ]; echo $?; kill -0 812; grep -qs postgres /proc/812/comm && echo runs", out: "postgres\n/usr/sbin/nginx\npostgres\n/usr/sbin/nginx -D /data \n1\nruns\n",
			err: "/bin/sh: 1: kill: No such process\n\n",
		},
		{
			name: "mounts", script: "findmnt -n -o TARGET,SOURCE,OPTIONS -t ext4,xfs,btrfs; mount | grep ' /data '; findmnt -T /data/x -n -o TARGET || echo none; findmnt /data -n -o FSTYPE; awk '{ro[$2] = $4 ~ /^ro(,|$)/} END {for (m in ro) if (ro[m]) print m}' /proc/mounts",
			out: "/      /dev/vda1 rw,relatime\n/data  /dev/vdb  rw,relatime\n/full  /dev/vdd  rw,relatime\n/ro    /dev/vdc  ro,relatime\n/data2 /dev/vde  rw,relatime\n/dev/vdb on /data type ext4 (rw,relatime)\nnone\next4\n/ro\n",
		},
		{name: "lsmod", script: "lsmod | grep -i dog", out: "softdog                16384  0\n"},
		{
			name: "jq", script: `echo '{"a":[1,{"b":"x"}],"c":null}' | jq -r '.a[1].b, .a[0], .c'; echo '{"a":1}' | jq .; echo '[1,2]' | jq -c 'map(.+1)'; echo '{}' | jq -e .a; echo $?; jq -n --arg v x '{v:$v}' -c; echo '{' | jq .; echo $?`,
			out: "x\n1\nnull\n{\n  \"a\": 1\n}\n[2,3]\nnull\n1\n{\"v\":\"x\"}\n2\n", err: "jq: -: parse error: unexpected EOF\n",
		},
		{name: "awk keeps off the machine", script: `awk 'BEGIN { system("id") }'; echo $?; awk 'BEGIN { print "x" > "/tmp/awk" }'; echo $?; awk 'BEGIN { "date" | getline x }'; echo $?`, out: "2\n2\n2\n", err: "" +
			"awk: commands and files inside an awk program are not known to a training host\nawk: commands and files inside an awk program are not known to a training host\nawk: commands and files inside an awk program are not known to a training host\n"},
		{name: "refused", script: "ls --nonsense; echo $?; grep -Z x; echo $?; du -S; echo $?; find / -regex x; echo $?; mount /dev/sdb /mnt; echo $?; mv -i a b; echo $?", out: "2\n2\n2\n2\n32\n2\n", err: "" +
			"ls: unrecognized option '--nonsense'\nTry 'ls --help' for more information.\ngrep: invalid option -- 'Z'\nTry 'grep --help' for more information.\ndu: -S, -D and -H are not known to a training host\n" +
			"find: this predicate is not known to a training host: -regex\nmount: /dev/sdb: file systems of a training host cannot be mounted, but mount -o remount,ro and rw can\nmv: -i and -u are not known to a training host\n"},
		{
			name: "the real machine stays out of sight", script: "[ $(ls -d /proc/[0-9]* | wc -l) -lt 9 ] && echo few; cat /proc/self/environ; ls / | tr '\\n' ' '; command -v go; ls /work", out: "few\nbin boot data data2 dev etc full home lib mnt opt proc ro root run sbin secret srv sys tmp usr var ",
			err: "cat: /proc/self/environ: No such file or directory\nls: cannot access '/work': No such file or directory\n", status: 2,
		},
		{name: "a script on the PATH", user: "root", script: "printf '#!/bin/sh\\necho \"$0 $*\"\\n' >/usr/local/bin/hello; chmod 755 /usr/local/bin/hello; hello a b; command -v hello", out: "/usr/local/bin/hello a b\n/usr/local/bin/hello\n"},
		{
			name: "bash", script: "bash -c 'x=abc; echo ${x:1:1} ${x/b/-} ${x^^}; [[ $x == a* && $x =~ b ]] && echo yes; for ((i=0;i<2;i++)); do echo $i; done; echo {1..3} {a,b}; nope'; echo $?", out: "b a-c ABC\nyes\n0\n1\n1 2 3 a b\n127\n",
			err: "bash: line 1: nope: command not found\n",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.user == "" {
				c.user = "deploy"
			}
			got := do(t, commandsHost(t), c.user, sh(c.script), "")
			if want := (said{c.out, c.err, c.status}); got != want {
				t.Errorf("%s\n got %d\n%s\n%q\nwant %d\n%s\n%q", c.script, got.status, got.out, got.err, c.status, c.out, c.err)
			}
		})
	}
}

func commandsHost(t *testing.T) *shell.Host {
	t.Helper()
	h := host(t)
	h.Sessions = func() []shell.Session {
		return []shell.Session{{User: "deploy", TTY: "pts/0", Since: noon.Add(-2 * time.Minute), From: "10.0.0.5"}}
	}
	h.Daemons = func() []shell.Process {
		exe := "/usr/sbin/nginx" // the folder has to be there for readlink -f
		return []shell.Process{{PID: 812, PPID: 1, User: "postgres", Args: []string{exe, "-D", "/data"}, Exe: exe, Comm: "postgres", Started: noon}}
	}
	h.FS.Mount(shell.Mount{Point: "/data", Source: "/dev/vdb", Type: "ext4", Bytes: 1 << 30, Inodes: 1000, Base: 512 << 20})
	h.FS.Mount(shell.Mount{Point: "/full", Source: "/dev/vdd", Type: "ext4", Bytes: 8192, Base: 4096})
	h.FS.Mount(shell.Mount{Point: "/ro", Source: "/dev/vdc", Type: "ext4"})
	h.FS.Mount(shell.Mount{Point: "/data2", Source: "/dev/vde", Type: "ext4"})
	for name, text := range map[string]string{"/ro/there": "", "/data2/wal": "head", "/root/x": "x"} {
		if err := h.FS.WriteFile(name, []byte(text), 0o644, "root:root"); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.FS.WriteFile("/secret", []byte("hidden\n"), 0o640, "root:root"); err != nil {
		t.Fatal(err)
	}
	if err := h.FS.WriteFile("/tmp/deploys", nil, 0o644, "deploy:deploy"); err != nil {
		t.Fatal(err)
	}
	h.FS.SetSize("/data2/wal", 80<<20)
	h.FS.Mount(shell.Mount{Point: "/ro", Source: "/dev/vdc", Type: "ext4", Options: "ro,relatime"})
	return h
}

func TestEveryNameHasItsCommand(t *testing.T) {
	list := shell.Commands()
	if !slices.IsSorted(list) {
		t.Error("not sorted")
	}
	h := host(t)
	for _, name := range list {
		if got := do(t, h, "root", sh("command -v "+name+" >/dev/null && [ -x \"$(PATH=$PATH readlink -f $(command -v "+name+") || echo /bin/sh)\" ]; echo $?"), ""); got.status != 0 {
			t.Errorf("%s: %#v", name, got)
		}
	}
}

// The document names every command and no other.
func TestDocument(t *testing.T) {
	b, err := os.ReadFile("COMMANDS.md")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for line := range strings.Lines(string(b)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		first, _, _ := strings.Cut(line[2:], " |")
		for name := range strings.SplitSeq(first, ", ") {
			named = append(named, strings.Trim(name, "`"))
		}
	}
	slices.Sort(named)
	if !slices.Equal(named, shell.Commands()) {
		t.Errorf("the document has\n%q\nthe shell\n%q", named, shell.Commands())
	}
}

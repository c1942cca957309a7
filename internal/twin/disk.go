package twin

import (
	"fmt"
	"io/fs"
	"strings"
	"time"

	"recon/internal/twin/hostfiles"
	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

// disk is a host's file tree with what the world asks of it.
type disk struct {
	*shell.FS
	stamp *stamped
}

// Owner is "user:group" of a file, empty when it is not there.
func (d *disk) Owner(path string) string {
	i, err := d.Stat(path)
	if err != nil {
		return ""
	}
	return i.User + ":" + i.Group
}

// Fill writes a file that leaves that share of its file system free.
func (d *disk) Fill(path string, share float64) error {
	var m shell.Mount
	for _, x := range d.Mounts() {
		if len(x.Point) >= len(m.Point) && within(path, x.Point) {
			m = x
		}
	}
	u, err := d.Usage(m.Point)
	if err != nil {
		return err
	}
	if err := d.WriteFile(path, []byte("-- PostgreSQL database dump\n"), 0o644, "postgres:postgres"); err != nil {
		return err
	}
	size := int64(float64(m.Bytes)*(1-share)) - u.Used
	if size <= 0 {
		return fmt.Errorf("%s is full already", m.Point)
	}
	d.SetSize(path, size)
	return nil
}

// Seal makes a folder a file system that is read-only, or writable again.
func (d *disk) Seal(path string, readOnly bool) error {
	mode := "rw"
	if readOnly {
		mode = "ro"
	}
	d.Mount(shell.Mount{Point: path, Source: "/dev/vdb1", Type: "ext4", Options: mode + ",relatime", Bytes: 10 * gib, Inodes: 650_000, Base: gib})
	return nil
}

func within(path, point string) bool {
	return point == "/" || path == point || len(path) > len(point) && path[:len(point)] == point && path[len(point)] == '/'
}

const gib = 1 << 30

func accounts() []shell.User {
	return []shell.User{
		{Name: "root", Home: "/root"},
		{Name: operator, UID: 1000, GID: 1000, Groups: []string{operator, "sudo", "adm", "systemd-journal"}, Home: "/home/" + operator},
		{Name: "etcd", UID: 100, GID: 103, Home: "/var/lib/etcd", Shell: "/usr/sbin/nologin"},
		{Name: "redis", UID: 101, GID: 104, Home: "/var/lib/redis", Shell: "/usr/sbin/nologin"},
		{Name: "haproxy", UID: 103, GID: 106, Home: "/var/lib/haproxy", Shell: "/usr/sbin/nologin"},
		{Name: "postgres", UID: 104, GID: 107, Groups: []string{"postgres", "ssl-cert"}, Home: "/var/lib/postgresql"},
		{Name: "keepalived_script", UID: 999, GID: 996, Home: "/nonexistent", Shell: "/usr/sbin/nologin"},
		{Name: "netbox", UID: 995, GID: 995, Home: "/opt/netbox", Shell: "/usr/sbin/nologin"},
		{Name: "www-data", UID: 33, GID: 33, Home: "/var/www", Shell: "/usr/sbin/nologin"},
	}
}

// furnish fills a fresh disk.
func (m *machine) furnish(files []hostfiles.File) {
	f, h := m.disk.FS, m.shell
	f.Mount(shell.Mount{Point: "/", Source: "/dev/vda1", Type: "ext4", Options: "rw,relatime,errors=remount-ro", Bytes: 40 * gib, Inodes: 2_600_000, Base: 2 * gib})
	f.Mount(shell.Mount{Point: "/run", Source: "tmpfs", Type: "tmpfs", Options: "rw,nosuid,nodev,noexec,relatime,size=401236k,mode=755", Bytes: 410 << 20, Inodes: 501_000})
	shell.StandardProc(h, shell.Facts{
		Memory: func() shell.Memory {
			out := shell.Memory{Total: 4012344, Free: 1203400, Available: 2650120, Buffers: 68220, Cached: 1502600}
			if m.twin.World != nil {
				m.twin.World.Look(func() {
					used := m.twin.World.Host(m.name).Hoarded
					out.Available -= used
					out.Free = max(0, out.Free-used)
				})
			}
			return out
		},
		Boot: func() time.Time {
			boot := m.twin.opt.Began
			if m.twin.World != nil {
				m.twin.World.Look(func() { boot = m.twin.World.Host(m.name).Booted })
			}
			return boot
		},
	})
	put := func(path, text string, mode fs.FileMode, owner string) {
		for i := len(path) - 1; i > 0; i-- {
			if path[i] == '/' {
				_ = f.MkdirAll(path[:i], 0o755, "root:root") // in memory, on an empty disk
				break
			}
		}
		_ = f.WriteFile(path, []byte(text), mode, owner) // likewise
	}
	for _, u := range h.Users {
		if u.UID == 1000 {
			_ = f.MkdirAll(u.Home, 0o755, u.Name) // likewise
		}
	}
	m.sysctl()
	if m.name == world.Console {
		return
	}
	for _, dir := range []struct{ path, owner string }{
		{"/var/lib/postgresql/17", "postgres:postgres"},
		{"/var/lib/redis/appendonlydir", "redis:redis"},
		{"/etc/redis", "redis:redis"},
		{"/var/lib/etcd-patroni", "etcd:etcd"},
		{"/var/log", "root:root"},
		{"/var/tmp", "root:root"},
		{"/var/cache", "root:root"},
		{"/run/haproxy", "haproxy:haproxy"},
		{"/opt/netbox/netbox/media", "netbox:netbox"},
		{"/opt/netbox/netbox/static", "root:root"},
		{"/tmp", "root:root"},
		{"/run/postgresql", "postgres:postgres"},
	} {
		_ = f.MkdirAll(dir.path, 0o755, dir.owner) // likewise
	}
	_ = f.Symlink("/run", "/var/run") // likewise
	for _, x := range files {
		put(x.Path, x.Text, x.Mode, x.Owner)
	}
	_ = f.Chown("/etc/redis", "redis:redis")     // it was made just now
	_ = f.Chown("/etc/patroni", "root:postgres") // likewise
	put("/etc/nginx/certs/netbox.pem", m.twin.certificate, 0o644, "root:root")
	put("/etc/nginx/certs/netbox.key", m.twin.key, 0o600, "root:root")
	for _, bin := range []string{"postgres", "pg_ctl", "pg_controldata", "pg_waldump", "psql", "pg_rewind"} {
		put(world.PGBin+"/"+bin, "\x7fELF", 0o755, "root:root")
		f.SetSize(world.PGBin+"/"+bin, 900<<10)
	}
	put("/var/lib/redis/appendonlydir/appendonly.aof.1.base.rdb", "REDIS0012", 0o660, "redis:redis")
	put("/var/lib/etcd-patroni/member/snap/db", "", 0o600, "etcd:etcd")
	f.SetSize("/var/lib/etcd-patroni/member/snap/db", 25<<20)
	put("/var/lib/etcd-patroni/member/wal/0.tmp", "", 0o600, "etcd:etcd")
	put("/usr/bin/patroni", "#!/usr/bin/python3\n", 0o755, "root:root")
}

// sysctl is the one setting of the kernel that matters here.
func (m *machine) sysctl() {
	const path = "/proc/sys/net/ipv4/ip_nonlocal_bind"
	host := func() *world.Host { return m.twin.World.Host(m.name) }
	m.disk.Dynamic(path, func() (out []byte) {
		m.twin.World.Look(func() { out = []byte(map[bool]string{true: "0\n", false: "1\n"}[host().StrictBind]) })
		return out
	}, func(b []byte) error {
		m.twin.World.Change(func() { host().StrictBind = strings.TrimSpace(string(b)) == "0" })
		return nil
	})
}

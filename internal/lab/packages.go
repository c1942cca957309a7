package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"

	"recon/internal/setup"
)

// suite is the Debian release of the guests.
const suite = "trixie"

// imageVersion is raised when the way an image is made changes; its packages are part of the key anyway.
const imageVersion = 4

// layer is a folder of files above another one: what a set of packages adds.
type layer struct {
	name     string
	packages []string
	// masked are units that the packages enable and that must not start before their role asks for it: an installed
	// Patroni would initialise a new, empty cluster at the first boot.
	masked []string
}

// base is what every guest has; the first layer, made by debootstrap.
func base() layer {
	return layer{
		name: "base",
		packages: []string{
			"systemd", "systemd-sysv", "dbus", "libpam-systemd", "openssh-server", "sudo", "iproute2", "iputils-ping",
			"python3", "python3-apt", "nftables", "procps", "psmisc", "less", "curl", "jq", "ncurses-term",
			"ca-certificates", "vim-tiny", "socat",
		},
		masked: []string{
			"apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "fstrim.timer", "e2scrub_all.timer",
			"console-getty.service", "getty@.service", "systemd-networkd.service", "systemd-timesyncd.service",
		},
	}
}

// upper are the layers above the base.
func upper() []layer {
	return []layer{
		{
			name: "node",
			packages: []string{
				"postgresql-17", "patroni", "etcd-server", "etcd-client", "python3-psycopg2", "python3-etcd",
				"redis-server", "redis-sentinel", "haproxy", "keepalived", "pgbouncer", "nginx-light", "openssl",
				"gunicorn", "python3-rq", "python3-redis", // the NetBox stand-in
				"valkey-server", "valkey-sentinel", // for tests against what was not deployed by the roles
			},
			masked: []string{
				"patroni.service", "etcd.service", "redis-server.service", "redis-sentinel.service", "haproxy.service",
				"keepalived.service", "pgbouncer.service", "nginx.service", "valkey-server.service",
				"valkey-sentinel.service",
			},
		},
		{
			name: consoleName,
			packages: []string{
				"ansible-core", "openssh-client", "tmux", "etcd-client", "patroni", "python3-etcd", "python3-psycopg2",
				"postgresql-client-17", "redis-tools", "openssl",
			},
			masked: []string{"patroni.service"},
		},
	}
}

// imageKey names the image: another package list is another image.
func imageKey() string {
	return key(fmt.Sprint(imageVersion, suite, base(), upper()))
}

// snapshotKey names a deployed cluster: its image, the roles, and all that is written into the guests.
func snapshotKey(roles fs.FS) (string, error) {
	parts := []string{imageKey(), fmt.Sprint(guestVersion), fmt.Sprint(plan())}
	for _, tree := range []fs.FS{roles, files()} {
		text, err := treeText(tree)
		if err != nil {
			return "", err
		}
		parts = append(parts, text)
	}
	made, err := clusterFiles(setup.Secrets{})
	if err != nil {
		return "", err
	}
	for _, f := range made {
		parts = append(parts, string(f.Data))
	}
	return key(parts...), nil
}

// treeText is every path and content of a tree, in order, but for what only people read.
func treeText(tree fs.FS) (string, error) {
	var b strings.Builder
	err := fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".md") {
			return err
		}
		data, err := fs.ReadFile(tree, path)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		fmt.Fprintf(&b, "%s %x\n", path, sum)
		return nil
	})
	return b.String(), err
}

func key(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:6])
}

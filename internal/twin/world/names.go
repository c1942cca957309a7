package world

import "io/fs"

// Names and paths on the hosts; they are those of the roles and of the lab.
const (
	EtcdUnit     = "etcd-patroni"
	PatroniUnit  = "patroni"
	EtcdData     = "/var/lib/etcd-patroni"
	PGData       = "/var/lib/postgresql/17/patroni"
	PGBin        = "/usr/lib/postgresql/17/bin"
	PatroniFile  = "/etc/patroni/patroni.yml"
	Scope        = "pgclusternetbox"
	Namespace    = "/service/pgcluster/"
	Prefix       = Namespace + Scope + "/"
	EtcdClient   = 22379
	EtcdPeer     = 22380
	PatroniPort  = 8008
	PostgresPort = 5432
)

// write puts a file of PostgreSQL's, where the host has a file system.
func (h *Host) write(path, text string) {
	if h.Files != nil {
		_ = h.Files.WriteFile(path, []byte(text), fs.FileMode(0o600), "postgres:postgres") // a full disk is seen elsewhere
	}
}

func (h *Host) erase(path string) {
	if h.Files != nil {
		_ = h.Files.Remove(path) // it may not be there
	}
}

package world

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"recon/internal/fault"
)

// stateFaults are those of programs that run, or crash, above the databases.
func (w *World) stateFaults() map[string]breaker {
	return map[string]breaker{
		fault.HAProxyCrashes:   w.crashHAProxy,
		fault.HAProxyPoolMaint: w.maintainPools,
		fault.PgBouncerDead:    w.kills(BouncerUnit, "PgBouncer"),
		fault.WebDead:          w.kills(WebUnit, "the web proxy"),
		fault.RedisAOFOff:      w.setsRedis("appendonly", "no", "switched the append-only file off"),
		fault.RedisMemory:      w.setsRedis("maxmemory", "2000000", "set maxmemory to 2 MB"),
		fault.RedisUnsaved:     w.failSave,
		fault.RedisChained:     w.chainRedis,
		fault.RedisMoved:       w.moveRedis,
		fault.RedisEmptied:     w.emptyRedis,
		fault.SentinelForgets:  w.forgetMaster,
		fault.SentinelOther:    w.watchAnother,
		fault.JobsWait:         w.leaveJobs,
		fault.WorkerStale:      w.leaveWorker,
		fault.NetBoxOldVersion: w.ageNetBox,
	}
}

// kills is a fault that kills a unit of the last node, or of the one that is named.
func (w *World) kills(unit, what string) breaker {
	return func(args []string) (string, error) {
		h, err := w.chosen(args, w.lastNode())
		if err != nil {
			return "", err
		}
		h.Kill(unit, true)
		return fmt.Sprintf("killed %s on %s; its unit stays stopped", what, h.Name), nil
	}
}

// crashHAProxy lets HAProxy live for 20 s and be dead for 8, again and again.
func (w *World) crashHAProxy(args []string) (string, error) {
	h, err := w.chosen(args, w.vipHolder())
	if err != nil {
		return "", err
	}
	began := w.now
	w.endless = append(w.endless, func() bool {
		switch since := w.now.Sub(began) % (28 * time.Second); {
		case since < Step:
			h.Kill(HAProxyUnit, true)
		case since >= 8*time.Second && since < 8*time.Second+Step:
			_ = h.Start(HAProxyUnit) // its file is good
		}
		return false
	})
	return "HAProxy crashes again and again on " + h.Name, nil
}

func (w *World) maintainPools([]string) (string, error) {
	h := w.vipHolder()
	if h == nil {
		return "", errNoHost
	}
	for _, o := range w.Nodes() {
		if why := w.SetServer(h, "pgbouncer_nodes", o.Name, "maint"); why != "" {
			return "", fmt.Errorf("HAProxy on %s: %s", h.Name, why)
		}
	}
	return "left all PgBouncers in maintenance in HAProxy on " + h.Name, nil
}

// setsRedis is a setting of a replica, left by somebody.
func (w *World) setsRedis(name, value, said string) breaker {
	return func(args []string) (string, error) {
		h, err := w.chosen(args, w.redisReplica())
		if err != nil {
			return "", err
		}
		return said + " on " + h.Name, w.SetRedis(h, name, value)
	}
}

func (w *World) failSave(args []string) (string, error) {
	h, err := w.chosen(args, w.redisReplica())
	if err != nil {
		return "", err
	}
	h.Redis.SaveFails = true
	h.Redis.log(h, warning, "Failed opening the temp RDB file temp-%d.rdb (in server root dir %s) for saving: Permission denied", h.Redis.PID, RedisDir)
	h.Redis.log(h, warning, "Background saving error")
	return "Redis on " + h.Name + " cannot write its snapshot", nil
}

func (w *World) chainRedis([]string) (string, error) {
	var replicas []*Host
	for _, h := range w.Nodes() {
		if h.Redis.Running && !h.Redis.Master {
			replicas = append(replicas, h)
		}
	}
	if len(replicas) < 2 {
		return "", errNoHost
	}
	for _, h := range w.Nodes() {
		if err := h.Stop(SentinelUnit); err != nil {
			return "", err
		}
	}
	last := replicas[len(replicas)-1]
	w.ReplicaOf(last, replicas[0].Name)
	return fmt.Sprintf("stopped the Sentinels and let Redis on %s follow %s", last.Name, replicas[0].Name), nil
}

func (w *World) moveRedis([]string) (string, error) {
	to := w.redisReplica()
	if to == nil {
		return "", errNoHost
	}
	w.ReplicaOf(to, "")
	for _, h := range w.Nodes() {
		if h != to && h.Redis.Running {
			w.ReplicaOf(h, to.Name)
		}
	}
	return "made Redis on " + to.Name + " the master by hand", nil
}

// emptyRedis is what a master without its files does: it is back before anybody misses it, and has nothing.
func (w *World) emptyRedis([]string) (string, error) {
	h := w.redisMaster()
	if h == nil {
		return "", errNoHost
	}
	h.Kill(RedisUnit, true)
	h.Redis.Data, h.Redis.Offset = emptyData(), 0
	h.Redis.ReplID = runID("emptied "+h.Name, w.now)
	return "Redis started again without its data on the master " + h.Name, h.Start(RedisUnit)
}

func (w *World) forgetMaster(args []string) (string, error) {
	h, err := w.chosen(args, w.lastNode())
	if err != nil {
		return "", err
	}
	w.ForgetRedis(h)
	return "the Sentinel on " + h.Name + " watches nothing any more", nil
}

func (w *World) watchAnother(args []string) (string, error) {
	h, err := w.chosen(args, w.lastNode())
	replica := w.redisReplica()
	if err != nil || replica == nil {
		return "", errNoHost
	}
	w.ForgetRedis(h)
	if err := w.MonitorRedis(h, []string{MasterName, replica.IP, fmt.Sprint(RedisPort), fmt.Sprint(Quorum)}); err != nil {
		return "", err
	}
	h.Sentinel.AuthPass = w.Plan.Secret["redis"]
	return fmt.Sprintf("the Sentinel on %s takes %s for the master", h.Name, replica.Name), nil
}

func (w *World) leaveJobs([]string) (string, error) {
	r := w.redisMaster()
	if r == nil {
		return "", errNoHost
	}
	for _, h := range w.Nodes() {
		h.Kill(WorkerUnit, true)
	}
	for i := range 60 {
		r.Redis.Data.Jobs = append(r.Redis.Data.Jobs, fmt.Sprintf("2f7c1a52-77be-4a3c-9d0f-0c2f7a6b%04x", 0x2000+i))
	}
	return "killed the workers on every node, and left 60 jobs", nil
}

// StaleWorker is the name of the worker that worker-stale leaves.
const StaleWorker = "3d1f0c6a9be84f5f8a4f0c7f25a1b9e7"

func (w *World) leaveWorker([]string) (string, error) {
	r := w.redisMaster()
	if r == nil {
		return "", errors.New("no Redis is master")
	}
	r.Redis.Data.Workers[StaleWorker] = Worker{Host: "netbox-node-9", Birth: w.now.Add(-time.Hour), Heartbeat: w.now.Add(-15 * time.Minute), PID: 4711, Until: w.now.Add(time.Hour)}
	return "left the registration of a worker that no host runs", nil
}

func (w *World) ageNetBox(args []string) (string, error) {
	h, err := w.chosen(args, w.lastNode())
	if err != nil {
		return "", err
	}
	h.NetBox.Version = "4.4.2"
	return "NetBox on " + h.Name + " runs 4.4.2", nil
}

// mendStates takes back what these faults did to a host.
func (w *World) mendStates(h *Host) {
	h.restore()
	h.Postgres.mend()
	h.Hoarded = 0
	if h.NetBox != nil {
		h.NetBox.Version = ""
	}
	if r := h.Redis; r.Running {
		r.SaveFails = false
		delete(r.Data.Workers, StaleWorker)
		_ = w.SetRedis(h, "requirepass", w.Plan.Secret["redis"]) // it is a setting
		_ = w.SetRedis(h, "appendonly", "yes")                   // likewise
		_ = w.SetRedis(h, "maxmemory", "0")                      // likewise
	}
	master := w.redisMaster()
	if s := h.Sentinel; s.Running && master != nil && (s.Watched == "" || s.Epoch == 0 && s.ConfigEpoch == 0 && s.Watched != master.Name) {
		s.Name, s.Watched, s.Quorum, s.DownAfter, s.Timeout, s.ParallelSyncs, s.AuthPass = MasterName, master.Name, Quorum, DownAfter, FailoverTimeout, 1, w.Plan.Secret["redis"]
		s.Replicas, s.Others = nil, nil
		s.refresh(h)
		s.save(h)
	}
	if d, ok := h.Files.(disks); ok && h.Sealed != "" {
		_ = d.Seal(h.Sealed, false) // it is sealed
		h.Sealed = ""
	}
	h.erase(forgotten)
}

// forgotten is the file that fills a disk.
const forgotten = "/var/lib/postgresql/forgotten-dump.sql"

// hostStates are the faults of a host's clock, disks, memory and certificates.
func (w *World) hostStates() map[string]breaker {
	last := func(said string, f func(h *Host) error) breaker {
		return func(args []string) (string, error) {
			h, err := w.chosen(args, w.lastNode())
			if err != nil {
				return "", err
			}
			return strings.ReplaceAll(said, "HOST", h.Name), f(h)
		}
	}
	return map[string]breaker{
		fault.ClockSkew: last("the clock of HOST is 3 s ahead", func(h *Host) error {
			h.Offset, h.Synced = 3*time.Second, false
			return nil
		}),
		fault.LowMemory: last("something on HOST uses up the memory", func(h *Host) error {
			h.Hoarded = 2_550_000
			return nil
		}),
		fault.DiskReadOnly: last("the file system of etcd's data on HOST is read-only", func(h *Host) error {
			d, ok := h.Files.(disks)
			if !ok {
				return fmt.Errorf("%s has no disks", h.Name)
			}
			h.Sealed = EtcdData
			h.Fail(EtcdUnit, `{"level":"fatal","msg":"failed to save Raft hard state and entries","error":"write `+EtcdData+`/member/wal/0000000000000000-0000000000000000.wal: read-only file system"}`)
			return d.Seal(EtcdData, true)
		}),
		fault.DiskFilling: func(args []string) (string, error) {
			h, err := w.chosen(args, w.asyncReplica())
			if err != nil {
				return "", err
			}
			d, ok := h.Files.(disks)
			if !ok {
				return "", fmt.Errorf("%s has no disks", h.Name)
			}
			return "PostgreSQL's file system on " + h.Name + " is full to 90 %", d.Fill(forgotten, 0.10)
		},
		fault.CertOtherKey: last("put another key beside the certificate on HOST", func(h *Host) error {
			key, err := newKey()
			if err != nil {
				return err
			}
			return h.spoil(WebUnit, certificateKey, func(string) string { return key })
		}),
		fault.CertNotReloaded: last("renewed the certificate on HOST, without a reload", func(h *Host) error {
			fresh, err := resign(h.text(certificateKey), h.Clock(), Good)
			if err != nil {
				return err
			}
			return h.spoil(WebUnit, Certificate, func(string) string { return fresh })
		}),
	}
}

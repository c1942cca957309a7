package world

import (
	"fmt"
	"strings"

	"recon/internal/fault"
)

func (w *World) entryFaults() map[string]breaker {
	return map[string]breaker{
		fault.KillRedisMaster:   w.killRedisMaster,
		fault.RedisTwoMasters:   w.secondMaster,
		fault.RedisWrongPass:    w.wrongMasterAuth,
		fault.RedisLocalhost:    w.listenLocally,
		fault.RedisReadonlyDir:  w.sealDataDir,
		fault.RedisNoCandidate:  w.noCandidate,
		fault.SentinelQuorum:    w.killSentinels,
		fault.SentinelGhost:     w.leaveGhost,
		fault.SentinelUnsaved:   w.sealConfig,
		fault.HAProxyDead:       w.killHAProxy,
		fault.HAProxyMaint:      w.leaveMaintenance,
		fault.HAProxyNoBind:     w.forbidBind,
		fault.HAProxyWrongCheck: w.wrongCheck,
		fault.VRRPBlocked:       w.blockVRRP,
		fault.VRRPWrongPass:     w.wrongVRRPPassword,
		fault.VIPNowhere:        w.stopKeepalived,
		fault.VIPStuck:          w.stickVIP,
		fault.PgBouncerPaused:   w.pausePools,
		fault.PgBouncerPass:     w.wrongUserList,
		fault.PgBouncerDatabase: w.dropDatabase,
		fault.PoolExhausted:     w.exhaustPools,
		fault.NetBoxDead:        w.killNetBox,
		fault.WorkerDead:        w.killWorkers,
		fault.CertExpiring:      w.certificate("5 days left", Expiring),
		fault.CertExpired:       w.certificate("no days left", Expired),
		fault.CertMismatch:      w.certificate("another name", OtherName),
	}
}

// every are the hosts that an argument names, or all nodes.
func (w *World) named(args []string) []*Host {
	if len(args) > 0 {
		return []*Host{w.Host(args[0])}
	}
	return w.Nodes()
}

func (w *World) vipHolder() *Host {
	for _, h := range w.Nodes() {
		if h.Has(w.Plan.DBVIP) {
			return h
		}
	}
	return nil
}

// backup is the last node that holds no address.
func (w *World) backup() *Host {
	var found *Host
	for _, h := range w.Nodes() {
		if len(h.VIPs) == 0 {
			found = h
		}
	}
	return found
}

func (w *World) killHAProxy(args []string) (string, error) {
	h, err := w.chosen(args, w.vipHolder())
	if err != nil {
		return "", err
	}
	h.Kill(HAProxyUnit, true)
	return fmt.Sprintf("killed HAProxy on %s; its unit stays stopped", h.Name), nil
}

func (w *World) leaveMaintenance([]string) (string, error) {
	h, leader := w.vipHolder(), w.Leader()
	if h == nil || leader == nil {
		return "", errNoHost
	}
	if why := w.SetServer(h, "pg_bkwrite", leader.Name, "maint"); why != "" {
		return "", fmt.Errorf("HAProxy on %s: %s", h.Name, why)
	}
	return fmt.Sprintf("left the leader %s in maintenance in the write backend of HAProxy on %s", leader.Name, h.Name), nil
}

func (w *World) forbidBind(args []string) (string, error) {
	h, err := w.chosen(args, w.backup())
	if err != nil {
		return "", err
	}
	h.StrictBind = true
	_ = h.Restart(HAProxyUnit) // it cannot start: that is the fault
	return fmt.Sprintf("set ip_nonlocal_bind to 0 on %s and restarted HAProxy", h.Name), nil
}

func (w *World) wrongCheck([]string) (string, error) {
	for _, h := range w.Nodes() {
		if err := h.edit(HAProxyFile, "option httpchk OPTIONS /primary", "option httpchk OPTIONS /writable # fault was /primary"); err != nil {
			return "", err
		}
		if err := h.Reload(HAProxyUnit); err != nil {
			return "", err
		}
	}
	return "HAProxy's write backend asks for /writable, which Patroni does not know, on every node", nil
}

func (w *World) blockVRRP(args []string) (string, error) {
	h, err := w.chosen(args, w.backup())
	if err != nil {
		return "", err
	}
	h.DropVRRP = true
	return fmt.Sprintf("the firewall of %s drops VRRP", h.Name), nil
}

func (w *World) wrongVRRPPassword(args []string) (string, error) {
	h, err := w.chosen(args, w.backup())
	if err != nil {
		return "", err
	}
	old := w.Plan.Secret["vrrp"]
	conf := strings.ReplaceAll(h.text(KeepalivedFile), "auth_pass "+old, "auth_pass another # fault was "+old)
	if err := h.Files.WriteFile(KeepalivedFile, []byte(conf), 0, ""); err != nil {
		return "", err
	}
	return fmt.Sprintf("keepalived on %s has another VRRP password", h.Name), h.Reload(KeepalivedUnit)
}

func (w *World) stopKeepalived([]string) (string, error) {
	for _, h := range w.Nodes() {
		if err := h.Stop(KeepalivedUnit); err != nil {
			return "", err
		}
	}
	return "stopped keepalived on every node", nil
}

func (w *World) stickVIP([]string) (string, error) {
	h := w.vipHolder()
	if h == nil {
		return "", errNoHost
	}
	for _, o := range w.Nodes() {
		if err := o.edit(KeepalivedFile, "weight -100", "weight -2 # fault was -100"); err != nil {
			return "", err
		}
		if err := o.Reload(KeepalivedUnit); err != nil {
			return "", err
		}
	}
	// A reload begins as a backup: the address is back before its HAProxy dies.
	w.later(func() bool {
		holder := w.vipHolder()
		if holder == nil {
			return false
		}
		holder.Kill(HAProxyUnit, true)
		return true
	})
	return "made HAProxy's check weigh 2 everywhere, and killed HAProxy on the holder of the db address", nil
}

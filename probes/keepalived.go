package probes

import "recon/internal/inventory"

func assembleKeepalived(c *inventory.Cluster, r raw, m moment, nodes []Node) Keepalived {
	if c.Keepalived == nil {
		return Keepalived{Members: []KeepalivedMember{}, Unseen: "the cluster file names no Keepalived"}
	}
	return Keepalived{}
}

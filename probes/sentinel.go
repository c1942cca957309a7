package probes

import "recon/internal/inventory"

// sentinelFacts is what one Sentinel answered.
type sentinelFacts struct{}

func aimSentinel(aiming) ([]*target, error) { return nil, nil }

func assembleSentinel(c *inventory.Cluster, r raw, m moment) Sentinel {
	if c.Sentinel == nil {
		return Sentinel{Members: []SentinelMember{}, Unseen: "the cluster file names no Sentinel"}
	}
	return Sentinel{}
}

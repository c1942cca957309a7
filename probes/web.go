package probes

import "recon/internal/inventory"

// webFacts is what one web proxy answered.
type webFacts struct{}

func aimWeb(aiming) ([]*target, error) { return nil, nil }

func assembleWeb(c *inventory.Cluster, r raw, m moment) Web {
	if c.Web == nil {
		return Web{Members: []WebMember{}, Unseen: "the cluster file names no web proxy"}
	}
	return Web{}
}

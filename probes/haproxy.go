package probes

import "recon/internal/inventory"

// haproxyFacts is what one HAProxy answered.
type haproxyFacts struct{}

func aimHAProxy(aiming) ([]*target, error) { return nil, nil }

func assembleHAProxy(c *inventory.Cluster, r raw, m moment) HAProxy {
	if c.HAProxy == nil {
		return HAProxy{Members: []HAProxyMember{}, Unseen: "the cluster file names no HAProxy"}
	}
	return HAProxy{}
}

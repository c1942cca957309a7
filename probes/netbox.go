package probes

import "recon/internal/inventory"

// netboxFacts is what one NetBox answered.
type netboxFacts struct{}

func aimNetBox(aiming) ([]*target, error) { return nil, nil }

func assembleNetBox(c *inventory.Cluster, r raw, m moment) NetBox {
	if c.NetBox == nil {
		return NetBox{Members: []NetBoxMember{}, Unseen: "the cluster file names no NetBox"}
	}
	out := NetBox{Unclear: map[string]string{}}
	var why string
	if out.Queues, out.Workers, why = assembleQueues(c, r, m); why != "" {
		out.Unclear["queues"], out.Unclear["workers"] = why, why
	}
	return out
}

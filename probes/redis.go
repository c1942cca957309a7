package probes

import "recon/internal/inventory"

// redisFacts is what one Redis server answered.
type redisFacts struct{}

func aimRedis(aiming) ([]*target, error) { return nil, nil }

func assembleRedis(c *inventory.Cluster, r raw, m moment) Redis {
	if c.Redis == nil {
		return Redis{Members: []RedisMember{}, Unseen: "the cluster file names no Redis"}
	}
	return Redis{}
}

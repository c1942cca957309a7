package probes

import (
	"time"

	"recon/internal/inventory"
)

// reachFacts is what one node found out about the ports of the others.
type reachFacts struct{}

func aimReach(aiming) ([]*target, error) { return nil, nil }

func assembleReach(c *inventory.Cluster, r raw, m moment, s *State) Reach { return Reach{} }

// evidenceAge is how old what a witness found out may be before it says nothing any more.
const evidenceAge = 30 * time.Second

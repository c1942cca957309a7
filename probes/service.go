package probes

import "recon/internal/inventory"

// tryFacts is what one of the users' paths gave.
type tryFacts struct{}

func aimService(aiming) ([]*target, error) { return nil, nil }

func assembleService(c *inventory.Cluster, r raw, m moment) Service { return Service{} }

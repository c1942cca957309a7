package probes

import "recon/internal/inventory"

// pgbouncerFacts is what one PgBouncer answered.
type pgbouncerFacts struct{}

func aimPgBouncer(aiming) ([]*target, error) { return nil, nil }

func assemblePgBouncer(c *inventory.Cluster, r raw, m moment) PgBouncer {
	if c.PgBouncer == nil {
		return PgBouncer{Members: []PgBouncerMember{}, Unseen: "the cluster file names no PgBouncer"}
	}
	return PgBouncer{}
}

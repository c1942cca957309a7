package contract

import "slices"

// All are the contracts, system by system.
func All() []Contract {
	return slices.Concat(database(), store(), queue(), entry(), application(), hosts())
}

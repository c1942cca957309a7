package runbooks

import (
	"slices"
	"strings"

	"recon/internal/inventory"
)

// Stamp is the variable that holds the time at which the walk began, in UTC, as 20060102T150405Z.
const Stamp = "STAMP"

// Values are the variables that commands find set, beside the book's own: $STAMP, and what the cluster file says. One that
// the cluster file does not know is not set, and a script that reads it stops there (sh -u).
func Values() []string {
	out := []string{Stamp}
	for _, v := range inventory.AllValues() {
		out = append(out, v.Name)
	}
	return out
}

// given says that a variable is set for commands by recon. Floating addresses are $VIP_NAME for every name.
func given(variable string) bool {
	return slices.Contains(Values(), variable) || strings.HasPrefix(variable, "VIP_")
}

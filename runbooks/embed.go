package runbooks

import "embed"

// Roles is the deployment that the lab runs and an operator may copy: site.yml and its roles, below the folder ansible.
//
//go:embed all:ansible
var Roles embed.FS

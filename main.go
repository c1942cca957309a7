// recon is a terminal runbook and recovery console for a highly available NetBox; see README.md.
package main

import (
	"os"

	"recon/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }

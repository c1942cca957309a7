package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) inventoryCommand() *cobra.Command {
	c := &cobra.Command{Use: "inventory", Short: "The cluster file: init, check, ansible"}
	c.AddCommand(
		a.inventoryInitCommand(),
		&cobra.Command{
			Use: "check", Short: "Check the cluster file: every mistake with file, line and column", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				cl, err := a.cluster()
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(a.out, "%s: cluster %s, %s, %s, no mistakes\n", cl.File, cl.Name, cl.Environment, count(len(cl.Nodes), "node"))
				return err
			},
		},
		&cobra.Command{
			Use: "ansible", Short: "Print the cluster file as an Ansible inventory (JSON)", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				cl, err := a.cluster()
				if err != nil {
					return err
				}
				return cl.WriteAnsible(a.out)
			},
		},
	)
	return c
}

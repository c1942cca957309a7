package lab

import "strings"

// Fault is something that Break does to the cluster.
type Fault struct {
	Name string `json:"name"`
	// Args are the optional arguments as the usage shows them.
	Args    string `json:"args,omitempty"`
	Summary string `json:"summary"`
}

// Faults lists what Break knows.
func Faults() []Fault {
	return []Fault{
		{Name: "kill-leader", Summary: "kill Patroni and PostgreSQL on the leader; its unit stays down until it is started"},
		{Name: "stop-node", Args: "[NODE]", Summary: "halt a host cleanly; the asynchronous replica unless named"},
		{Name: "power-off-leader", Summary: "take the power from the leader's host: nothing there answers any more"},
		{Name: "diverge-old-leader", Summary: "fail over, leaving the old leader with commits that the new timeline lacks; Patroni is masked there"},
		{Name: "etcd-quorum", Summary: "kill two of the three etcd members; their units stay stopped"},
	}
}

// checkFault says whether Break can be called that way.
func checkFault(name string, args []string) error {
	var names []string
	for _, f := range Faults() {
		if f.Name != name {
			names = append(names, f.Name)
			continue
		}
		if len(args) > 1 || len(args) == 1 && f.Args == "" {
			return &Error{What: "too many arguments for " + name, Hint: "usage: recon lab break " + strings.TrimSpace(f.Name+" "+f.Args)}
		}
		if len(args) == 1 {
			h, err := find(args[0])
			if err != nil {
				return err
			}
			if h.name == consoleName {
				return &Error{What: "the console is no node of the cluster", Hint: "name one of netbox-node-1 to 3"}
			}
		}
		return nil
	}
	return &Error{What: "no fault " + quote(name), Hint: "the faults are " + strings.Join(names, ", ")}
}

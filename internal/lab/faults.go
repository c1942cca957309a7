package lab

import (
	"strings"

	"recon/internal/fault"
)

// Faults lists what Break knows: all of the vocabulary.
func Faults() []fault.Fault { return fault.All() }

// Refusals are the faults that only the embedded training cluster makes, and why the lab does not.
func Refusals() map[string]string {
	return map[string]string{
		fault.ClockSkew: "the hosts of the lab share the machine's clock",
		fault.LowMemory: "the hosts of the lab share the machine's memory",
		fault.EtcdLarge: "it takes 5 GiB of the machine's disk",
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
		if len(args) > len(f.Args) {
			return &Error{What: "too many arguments for " + name, Hint: "usage: recon lab break " + f.Usage()}
		}
		if why, no := Refusals()[name]; no {
			return &Error{What: "the lab does not make " + name + ": " + why, Hint: "`recon demo " + name + "` shows it"}
		}
		for _, a := range args {
			h, err := find(a)
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

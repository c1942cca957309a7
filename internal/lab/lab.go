package lab

import (
	"io"
	"io/fs"
	"time"
)

// DefaultDir is where the lab keeps its image, its snapshot and what runs.
const DefaultDir = "/var/lib/recon-lab"

// Options say how the lab is brought up.
type Options struct {
	// Bare leaves the hosts without a cluster: the operator makes a cluster file and deploys it from the console. Inventory gives
	// the console the lab's own cluster file and secrets all the same.
	Bare, Inventory bool
	// Fresh builds the cluster again although a snapshot of it exists.
	Fresh bool
	// Progress gets a line for each phase and Ansible's own output; nil is silence.
	Progress io.Writer
	// Roles holds the Ansible tree: site.yml and roles/, at its root or below ansible/.
	Roles fs.FS
	// Binary is the recon program that the console gets; empty is the running one.
	Binary string
	// Mirror is where Debian's packages come from when the image is built; empty is debootstrap's own.
	Mirror string
}

// Stdio is what a command in a guest reads and writes. Nil means nothing.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
}

// State says in one word what is there.
type State string

// The states of the lab.
const (
	// Down: nothing runs.
	Down State = "down"
	// Unfinished: an Up was interrupted or failed.
	Unfinished State = "unfinished"
	// Partial: the lab is up, but not every host is.
	Partial State = "partial"
	// Running: every host runs. What their services do is for recon to find out.
	Running State = "up"
)

// Status is what runs now.
type Status struct {
	State State  `json:"state"`
	Dir   string `json:"dir"`
	// Bare is true when the hosts came up without a cluster.
	Bare  bool         `json:"bare"`
	Since time.Time    `json:"since,omitzero"`
	Hosts []HostStatus `json:"hosts"`
	// Faults are those that Break made and Mend has not undone, in their order.
	Faults []ActiveFault `json:"faults,omitempty"`
}

// ActiveFault is a fault that Break made and Mend has not undone. Somebody may have repaired it since.
type ActiveFault struct {
	Name string   `json:"name"`
	Args []string `json:"arguments,omitempty"`
	// Hosts are those that it was made on; empty when it is the whole cluster's.
	Hosts []string  `json:"hosts,omitempty"`
	Since time.Time `json:"since"`
}

// HostStatus is one guest.
type HostStatus struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Up      bool   `json:"up"`
	// PID is the guest's first process, as this machine numbers it; 0 when it is down.
	PID int `json:"pid,omitempty"`
	// Units are systemd's words for the units that matter (active, inactive, failed, masked ...).
	Units map[string]string `json:"units,omitempty"`
}

// User is the operator's name on every host. Exec runs commands as this user.
const User = "anna"

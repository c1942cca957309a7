package fault

func hosts() []Fault {
	node := []string{"node"}
	return []Fault{
		{
			Name: PowerOffLeader, System: "hosts", Scenarios: []string{"PG-02", "ET-01"},
			Summary: "take the power from the leader's host: nothing there answers any more",
			Seen:    "Nothing answers from that host, from anywhere; another member leads within 40 s.",
		},
		{
			Name: PowerOffAll, System: "hosts", Scenarios: []string{"CL-01"},
			Summary: "take the power from all hosts of the cluster; they boot again after 30 s",
			Seen:    "Nothing answers from anywhere; then all hosts have been up for less than 10 min, and their units start in any order.",
		},
		{
			Name: StopNode, System: "hosts", Args: node, Scenarios: []string{"ET-01"},
			Summary: "halt a host cleanly; the asynchronous replica unless named",
			Seen:    "Nothing answers from that host; the others go on.",
		},
		{
			Name: FillDisk, System: "hosts", Args: node, Scenarios: []string{"PG-09"},
			Summary: "move PostgreSQL's files of a replica (the asynchronous one unless named) to a small file system and fill it to 96 %",
			Seen:    "The file system of the data directory has 4 % left; PostgreSQL runs, until it needs more.",
		},
		{
			Name: UnitFailed, System: "hosts", Args: node,
			Summary: "let a unit that is no part of the stack (nightly-backup) fail on a node (the last unless named)",
			Seen:    "The host has a failed unit; all services run.",
		},
		{
			Name: RebootPending, System: "hosts", Args: node,
			Summary: "mark a node (the last unless named) as waiting for a reboot, as an update of the kernel does",
			Seen:    "The host asks for a reboot; all services run.",
		},
		{
			Name: ClockSkew, System: "hosts", Args: node, Scenarios: []string{"ET-08"},
			Summary: "set the clock of a node (the last unless named) 3 s ahead, without its time service",
			Seen:    "The clocks are 3 s apart, the host says that it is not synchronised, and its Sentinel is in TILT for half a minute.",
		},
		{
			Name: DiskFilling, System: "hosts", Args: node, Scenarios: []string{"PG-09"},
			Summary: "fill the file system of PostgreSQL's files on a replica (the asynchronous one unless named) to 90 %",
			Seen:    "The file system of the data directory has 10 % left.",
		},
		{
			Name: DiskReadOnly, System: "hosts", Args: node, Scenarios: []string{"RD-06"},
			Summary: "make the file system of etcd's data read-only on a node (the last unless named), as the kernel does after an error",
			Seen:    "The file system is mounted read-only; etcd ends there and does not start again.",
		},
		{
			Name: LowMemory, System: "hosts", Args: node,
			Summary: "use up the memory of a node (the last unless named)",
			Seen:    "Less than 5 % of the memory is available.",
		},
	}
}

func network() []Fault {
	return []Fault{
		{
			Name: Partition, System: "network", Args: []string{"node"}, Scenarios: []string{"CL-05"},
			Summary: "isolate a host, with its carrier up; the asynchronous replica unless named",
			Seen:    "Nobody reaches the host, console and nodes alike; whether it lives is not seen.",
		},
		{
			Name: PartitionPair, System: "network", Args: []string{"node", "node"}, Scenarios: []string{"CL-05"},
			Summary: "drop everything between two nodes; the two replicas unless named",
			Seen:    "Both answer the console and the third node, but not each other.",
		},
		{
			Name: CutConsole, System: "network", Args: []string{"node"},
			Summary: "drop everything between the console and a node (the last unless named)",
			Seen:    "The console sees nothing of the node; the other nodes say that it is well.",
		},
		{
			Name: SSHDown, System: "network", Args: []string{"node"},
			Summary: "stop sshd and end its sessions on a node (the last unless named)",
			Seen:    "Port 22 refuses; the services of the node still answer.",
		},
	}
}

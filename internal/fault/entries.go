package fault

func entry() []Fault {
	node := []string{"node"}
	return []Fault{
		{
			Name: HAProxyDead, System: "haproxy", Args: node,
			Summary: "kill HAProxy on a node (the holder of the db VIP unless named); its unit stays stopped",
			Seen:    "It refuses there, and the db VIP moves to another node within seconds.",
		},
		{
			Name: HAProxyMaint, System: "haproxy", Scenarios: []string{"HX-01"},
			Summary: "leave the leader in maintenance in the write backend, on the holder of the db VIP",
			Seen:    "The write backend there is DOWN and its server MAINT, while the leader answers 200 to /primary.",
		},
		{
			Name: HAProxyNoBind, System: "haproxy", Args: node, Scenarios: []string{"HX-04"},
			Summary: "set ip_nonlocal_bind to 0 and restart HAProxy on a node without the db VIP",
			Seen:    "HAProxy cannot bind the VIP and does not start there; the VIP could not move there either.",
		},
		{
			Name: HAProxyWrongCheck, System: "haproxy", Scenarios: []string{"HX-03", "HX-01"},
			Summary: "let the write backend ask Patroni for a path that it does not know, on every node",
			Seen:    "All servers of the write backend are DOWN with 503, while the leader answers 200 to /primary.",
		},
		{
			Name: HAProxyCrashes, System: "haproxy", Args: node, Scenarios: []string{"KA-04"},
			Summary: "let HAProxy crash again and again on a node (the holder of the db VIP unless named)",
			Seen:    "The db VIP moves away and back, twice a minute.",
		},
		{
			Name: HAProxyWrongWriter, System: "haproxy", Scenarios: []string{"HX-03"},
			Summary: "let the write backend ask Patroni for /replica, on every node",
			Seen:    "The write backend sends writes to the replicas, which refuse them.",
		},
		{
			Name: HAProxyWrongRedis, System: "haproxy", Scenarios: []string{"HX-03", "RD-08"},
			Summary: "let the Redis backend look for a replica instead of the master, on every node",
			Seen:    "Redis clients arrive at the replicas, and their writes fail.",
		},
		{
			Name: HAProxyPoolMaint, System: "haproxy", Scenarios: []string{"NB-04", "HX-07"},
			Summary: "leave all PgBouncers in maintenance in HAProxy on the holder of the db VIP",
			Seen:    "Nobody gets through to a database by the db address, although all parts are well.",
		},
		{
			Name: VRRPBlocked, System: "keepalived", Args: node, Scenarios: []string{"KA-01"},
			Summary: "drop VRRP in the firewall of a node (a backup unless named)",
			Seen:    "Both VIPs are on two nodes.",
		},
		{
			Name: VRRPWrongPass, System: "keepalived", Args: node, Scenarios: []string{"KA-03", "KA-01"},
			Summary: "give keepalived on a node (a backup unless named) another VRRP password",
			Seen:    "Both VIPs are on two nodes, and keepalived complains about authentication.",
		},
		{
			Name: VIPNowhere, System: "keepalived", Scenarios: []string{"KA-02"},
			Summary: "stop keepalived on every node",
			Seen:    "No node holds a VIP; everything behind them runs.",
		},
		{
			Name: VIPStuck, System: "keepalived", Scenarios: []string{"KA-05"},
			Summary: "let the check of HAProxy weigh less than the other priorities, and stop HAProxy on the holder of the db VIP",
			Seen:    "The db VIP stays where HAProxy is dead: every connection to it is refused.",
		},
		{
			Name: VRRPOtherID, System: "keepalived", Args: node, Scenarios: []string{"KA-03"},
			Summary: "give the db VIP another virtual router id on a node (a backup unless named)",
			Seen:    "The db VIP is on two nodes, and their configurations name different router ids.",
		},
	}
}

func pgbouncer() []Fault {
	node := []string{"node"}
	return []Fault{
		{
			Name: PgBouncerPaused, System: "pgbouncer", Args: node, Scenarios: []string{"PB-04"},
			Summary: "leave the database netbox paused in PgBouncer, on every node unless one is named",
			Seen:    "SHOW DATABASES says paused; clients connect and wait.",
		},
		{
			Name: PgBouncerPass, System: "pgbouncer", Args: node, Scenarios: []string{"PB-07", "HX-07"},
			Summary: "write wrong passwords of netbox and recon into PgBouncer's user list, on every node unless one is named",
			Seen:    "Logins fail through PgBouncer and succeed past it; HAProxy holds it for up.",
		},
		{
			Name: PgBouncerDatabase, System: "pgbouncer", Args: node, Scenarios: []string{"PB-01", "HX-07"},
			Summary: "take the database netbox out of PgBouncer's configuration, on every node unless one is named",
			Seen:    "PgBouncer answers \"no such database\"; HAProxy holds it for up.",
		},
		{
			Name: PoolExhausted, System: "pgbouncer", Scenarios: []string{"PB-06"},
			Summary: "hold a transaction open in every connection that the pools may have",
			Seen:    "All server connections are in use and clients wait (cl_waiting, maxwait).",
		},
		{
			Name: PgBouncerDead, System: "pgbouncer", Args: node,
			Summary: "kill PgBouncer on a node (the last unless named); its unit stays stopped",
			Seen:    "It refuses there, and HAProxy sends nobody to it.",
		},
		{
			Name: PgBouncerBadConfig, System: "pgbouncer", Args: node, Scenarios: []string{"PB-02"},
			Summary: "leave a line in pgbouncer.ini that it cannot read, on a node (the last unless named), and restart it",
			Seen:    "PgBouncer does not start there; its journal says why.",
		},
		{
			Name: PgBouncerUnprepared, System: "pgbouncer", Args: node, Scenarios: []string{"PB-05"},
			Summary: "set max_prepared_statements to 0, on every node unless one is named",
			Seen:    "Transaction pooling without prepared statements: applications that use them get errors.",
		},
		{
			Name: PgBouncerWrongPort, System: "pgbouncer", Args: node, Scenarios: []string{"PB-03"},
			Summary: "let PgBouncer look for the database on a port where nothing listens, on every node unless one is named",
			Seen:    "Clients get \"server login has been failing\"; HAProxy holds it for up.",
		},
	}
}

func netbox() []Fault {
	node := []string{"node"}
	return []Fault{
		{
			Name: NetBoxDead, System: "netbox", Args: node, Scenarios: []string{"NB-04"},
			Summary: "kill NetBox, on every node unless one is named; its unit stays stopped",
			Seen:    "The web proxy answers 502, while the database and Redis are fine.",
		},
		{
			Name: WorkerDead, System: "netbox", Scenarios: []string{"NB-02"},
			Summary: "kill the workers on every node, and leave a job behind",
			Seen:    "No worker runs, and the queue has jobs that nobody takes.",
		},
		{
			Name: JobsWait, System: "netbox", Scenarios: []string{"NB-02"},
			Summary: "kill the workers on every node, and leave 60 jobs behind",
			Seen:    "The queue default has 60 jobs and grows shorter no more.",
		},
		{
			Name: WorkerStale, System: "netbox", Scenarios: []string{"NB-02"},
			Summary: "leave the registration of a worker in Redis that no host runs",
			Seen:    "A worker is registered whose heartbeat is gone.",
		},
		{
			Name: NetBoxOldVersion, System: "netbox", Args: node, Scenarios: []string{"NB-06"},
			Summary: "let NetBox on a node (the last unless named) run an older version",
			Seen:    "/api/status/ tells different versions, depending on who answers.",
		},
		{
			Name: CertExpiring, System: "web", Args: node, Scenarios: []string{"NB-05"},
			Summary: "serve a certificate with 5 days left, on every node unless one is named",
			Seen:    "The certificate of the web proxy ends in 5 days.",
		},
		{
			Name: CertExpired, System: "web", Args: node, Scenarios: []string{"NB-05"},
			Summary: "serve a certificate that ended yesterday, on every node unless one is named",
			Seen:    "The certificate of the web proxy has expired; browsers refuse it.",
		},
		{
			Name: CertMismatch, System: "web", Args: node, Scenarios: []string{"NB-05"},
			Summary: "serve a certificate for another name, on every node unless one is named",
			Seen:    "The certificate of the web proxy does not name the host that clients ask for.",
		},
		{
			Name: WebDead, System: "web", Args: node, Scenarios: []string{"NB-04"},
			Summary: "kill the web proxy on a node (the last unless named); its unit stays stopped",
			Seen:    "It refuses there; if it held the web VIP, that moves.",
		},
		{
			Name: CertOtherKey, System: "web", Args: node, Scenarios: []string{"NB-05"},
			Summary: "put a key beside the certificate that does not belong to it, on a node (the last unless named), without a reload",
			Seen:    "The proxy serves what it read before; it would not start again.",
		},
		{
			Name: CertNotReloaded, System: "web", Args: node, Scenarios: []string{"NB-05"},
			Summary: "renew the certificate file on a node (the last unless named), without a reload",
			Seen:    "The file is new; the proxy serves the old one.",
		},
	}
}

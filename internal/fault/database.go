package fault

func patroni() []Fault {
	node := []string{"node"}
	return []Fault{
		{
			Name: KillLeader, System: "patroni", Scenarios: []string{"PG-02"},
			Summary: "kill Patroni and PostgreSQL on the leader; its unit stays down until it is started",
			Seen:    "The leader's Patroni and PostgreSQL refuse; within 30 s another member leads on the next timeline.",
		},
		{
			Name: DivergeOldLeader, System: "patroni", Scenarios: []string{"PG-03", "PG-06"},
			Summary: "fail over, leaving the old leader with commits that the new timeline lacks; Patroni is masked there",
			Seen:    "One member is silent and its unit masked; its data directory ends on the old timeline, past the switch.",
		},
		{
			Name: StopSyncStandby, System: "patroni", Scenarios: []string{"PG-05"},
			Summary: "stop Patroni and PostgreSQL on the synchronous standby",
			Seen:    "The standby refuses; commits wait (SyncRep) until the other replica is synchronous, some seconds later.",
		},
		{
			Name: StopReplicas, System: "patroni", Scenarios: []string{"PG-05"},
			Summary: "stop Patroni and PostgreSQL on both replicas, and try one write",
			Seen:    "The leader is healthy and alone, without a synchronous standby; a commit waits in SyncRep for as long as it lasts.",
		},
		{
			Name: PatroniPaused, System: "patroni", Scenarios: []string{"PG-07"},
			Summary: "leave Patroni in maintenance mode",
			Seen:    "Every member says pause; nothing would fail over.",
		},
		{
			Name: PendingRestart, System: "patroni", Scenarios: []string{"PG-10"},
			Summary: "raise max_locks_per_transaction, which takes effect only with a restart",
			Seen:    "Every member has pending_restart with the old and the new value.",
		},
		{
			Name: WrongHBA, System: "patroni", Args: node, Scenarios: []string{"PG-12"},
			Summary: "refuse Patroni's own user in pg_hba on a replica (the asynchronous one unless named)",
			Seen:    "That member's state is unknown and its /health 503, although PostgreSQL runs.",
		},
		{
			Name: ScheduledSwitch, System: "patroni", Scenarios: []string{"PG-25"},
			Summary: "leave a switchover scheduled, for tomorrow",
			Seen:    "/cluster has a scheduled_switchover.",
		},
		{
			Name: NoFailoverLeft, System: "patroni", Args: node, Scenarios: []string{"PG-04"},
			Summary: "leave the tag nofailover on a replica (on both unless one is named)",
			Seen:    "The members carry the tag; without another candidate nobody would lead when the leader dies.",
		},
	}
}

func postgres() []Fault {
	node := []string{"node"}
	return []Fault{
		{
			Name: SecondPrimary, System: "postgres", Args: node, Scenarios: []string{"PG-18"},
			Summary: "kill only Patroni on a replica (the asynchronous one unless named) and promote its PostgreSQL by hand",
			Seen:    "Two PostgreSQL take writes; only one of them has a Patroni that holds the leader lock.",
		},
		{
			Name: ReplicaLag, System: "postgres", Args: node, Scenarios: []string{"PG-08", "HX-02"},
			Summary: "pause replay on a replica (the asynchronous one unless named) and write 32 MiB of WAL",
			Seen:    "The replica streams, but its replay is paused and its lag stays; it still serves reads, stale ones.",
		},
		{
			Name: DeadSlot, System: "postgres", Scenarios: []string{"PG-09"},
			Summary: "leave a permanent slot (old_consumer) that nobody reads, and write 128 MiB of WAL",
			Seen:    "The slot is inactive, and the WAL that it retains grows.",
		},
	}
}

func etcd() []Fault {
	return []Fault{
		{
			Name: EtcdMember, System: "etcd", Args: []string{"node"}, Scenarios: []string{"ET-01"},
			Summary: "kill the etcd member of a node (not the leader's unless named); its unit stays stopped",
			Seen:    "One member refuses; the other two have a leader and serve.",
		},
		{
			Name: EtcdQuorum, System: "etcd", Scenarios: []string{"ET-03", "PG-16"},
			Summary: "kill two of the three etcd members; their units stay stopped",
			Seen:    "The last member has no leader; after some 14 s the primary goes read-only, while /cluster goes on naming it.",
		},
		{
			Name: EtcdNoSpace, System: "etcd", Scenarios: []string{"ET-05"},
			Summary: "give one etcd member a quota of 8 MiB and fill the store beyond it",
			Seen:    "The alarm NOSPACE is up; the leader lock is still renewed, but no new leader could take it.",
		},
		{
			Name: EtcdStalls, System: "etcd", Scenarios: []string{"ET-06"},
			Summary: "make every etcd member stall for 2 s in turn, as on a disk that cannot keep up",
			Seen:    "The raft term grows with every election; answers are late now and then.",
		},
	}
}

func redis() []Fault {
	node := []string{"node"}
	return []Fault{
		{
			Name: KillRedisMaster, System: "redis", Scenarios: []string{"RD-01"},
			Summary: "kill the Redis master; its unit stays stopped",
			Seen:    "The master refuses; after 5 s the Sentinels name another one.",
		},
		{
			Name: RedisTwoMasters, System: "redis", Scenarios: []string{"RD-03"},
			Summary: "stop the Sentinels and make a replica a master of its own",
			Seen:    "Two Redis say that they are the master, and HAProxy sends clients to both.",
		},
		{
			Name: RedisWrongPass, System: "redis", Args: node, Scenarios: []string{"RD-08", "RD-10"},
			Summary: "give a replica (the last unless named) a wrong password for its master",
			Seen:    "Its link to the master is down, with WRONGPASS in its journal.",
		},
		{
			Name: RedisLocalhost, System: "redis", Args: node, Scenarios: []string{"RD-07"},
			Summary: "let a replica (the last unless named) listen on 127.0.0.1 only",
			Seen:    "It refuses on its address; the Sentinels see it down, although its unit is active.",
		},
		{
			Name: RedisReadonlyDir, System: "redis", Args: node, Scenarios: []string{"RD-06"},
			Summary: "make a replica's (the last unless named) data folder read-only to its unit, and start it again",
			Seen:    "Redis does not start there: its journal says that the append-only folder is on a read-only file system.",
		},
		{
			Name: RedisNoCandidate, System: "redis", Scenarios: []string{"RD-10"},
			Summary: "leave both replicas with replica-priority 0",
			Seen:    "Everything replicates, but no Sentinel would promote anybody (NOGOODSLAVE).",
		},
		{
			Name: SentinelQuorum, System: "sentinel", Scenarios: []string{"RD-09"},
			Summary: "kill two of the three Sentinels; their units stay stopped",
			Seen:    "Two refuse, and the last one says NOQUORUM.",
		},
		{
			Name: SentinelGhost, System: "sentinel", Scenarios: []string{"RD-09"},
			Summary: "let a fourth Sentinel introduce itself, and end it",
			Seen:    "Each Sentinel knows three others, one of which is down: a majority takes more of them.",
		},
		{
			Name: SentinelUnsaved, System: "sentinel", Args: node, Scenarios: []string{"RD-05"},
			Summary: "take /etc/redis and its files from Redis's user on a node (the last unless named)",
			Seen:    "SENTINEL FLUSHCONFIG fails there: what the Sentinel learns is lost when it restarts.",
		},
	}
}

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
		{
			Name: PatroniNotEnabled, System: "patroni", Args: node, Scenarios: []string{"CL-01"},
			Summary: "let Patroni's unit not start with its host, on every node unless one is named",
			Seen:    "Everything runs; the unit is disabled, and after a boot Patroni stays away until it is started.",
		},
		{
			Name: LeaderMoves, System: "patroni", Scenarios: []string{"PG-24"},
			Summary: "move the leader to another member three times, one after the other",
			Seen:    "Three changes of timeline within minutes; everything is well in between.",
		},
		{
			Name: PatroniBadConfig, System: "patroni", Args: node, Scenarios: []string{"PG-13"},
			Summary: "leave a line that is no YAML in patroni.yml of a replica (the asynchronous one unless named), and restart Patroni",
			Seen:    "Patroni does not start there; its unit fails, and PostgreSQL is down with it.",
		},
		{
			Name: PatroniOtherScope, System: "patroni", Args: node, Scenarios: []string{"PG-17"},
			Summary: "write another scope into patroni.yml of a node (the last unless named), without a restart",
			Seen:    "Everything runs; the file names another scope than the running members, and counts at the next start.",
		},
		{
			Name: PatroniStranger, System: "patroni", Scenarios: []string{"PG-23", "CL-02"},
			Summary: "leave the key of a member in etcd that no host runs (netbox-node-9)",
			Seen:    "/cluster lists a member that the cluster file does not name.",
		},
		{
			Name: PatroniTiming, System: "patroni", Scenarios: []string{"PG-11", "PG-24"},
			Summary: "set ttl to 20 with loop_wait 10 and retry_timeout 10",
			Seen:    "loop_wait + 2 x retry_timeout is more than ttl: a slow answer of etcd would cost the lock.",
		},
		{
			Name: NoWatchdog, System: "patroni", Args: node, Scenarios: []string{"PG-04", "PG-24"},
			Summary: "require a watchdog that a replica (the asynchronous one unless named) does not have",
			Seen:    "The member says watchdog_failed, and would not be promoted.",
		},
		{
			Name: NotStrict, System: "patroni", Scenarios: []string{"PG-05"},
			Summary: "take synchronous_mode_strict out of the configuration in etcd",
			Seen:    "Nothing shows while a standby is in step; without one, commits are acknowledged by the leader alone.",
		},
		{
			Name: FailsafeMode, System: "patroni", Scenarios: []string{"PG-16"},
			Summary: "set failsafe_mode in the configuration in etcd",
			Seen:    "Nothing shows while etcd serves; without it the leader stays as long as all members answer.",
		},
		{
			Name: InitializeGone, System: "patroni", Scenarios: []string{"PG-15", "ET-12"},
			Summary: "kill Patroni everywhere and delete the key initialize from etcd, as a store does that is rebuilt empty",
			Seen:    "Nobody leads; a member without data that starts now begins a new cluster. A leader would write the key again.",
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
		{
			Name: PostgresReadOnly, System: "postgres", Scenarios: []string{"PG-11"},
			Summary: "set default_transaction_read_only on the leader",
			Seen:    "Reads work; writes fail with \"cannot execute in a read-only transaction\".",
		},
		{
			Name: ArchivingFails, System: "postgres", Scenarios: []string{"PG-19"},
			Summary: "archive WAL on the leader with a command that fails",
			Seen:    "pg_stat_archiver counts failures, and pg_wal grows.",
		},
		{
			Name: ConnectionsUsed, System: "postgres", Scenarios: []string{"PB-06"},
			Summary: "hold 92 idle connections at the PostgreSQL of the leader, past PgBouncer",
			Seen:    "More than 90 of its 100 connections are used.",
		},
		{
			Name: OldTransaction, System: "postgres", Scenarios: []string{"PG-09", "PB-06"},
			Summary: "leave a transaction open on the leader",
			Seen:    "A session is idle in transaction, and its age grows.",
		},
		{
			Name: SubscriptionStopped, System: "postgres", Scenarios: []string{"PG-22"},
			Summary: "leave a disabled logical subscription (old_feed) in the database netbox",
			Seen:    "The subscription is not enabled, and no worker runs for it.",
		},
	}
}

func etcd() []Fault {
	node := []string{"node"}
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
		{
			Name: EtcdLarge, System: "etcd", Scenarios: []string{"ET-05"},
			Summary: "let the database of every etcd member grow to 1.8 GiB",
			Seen:    "etcd serves; its database is near the usual limit of 2 GiB.",
		},
		{
			Name: EtcdCorrupt, System: "etcd", Args: node, Scenarios: []string{"ET-09"},
			Summary: "raise the alarm CORRUPT for a member (of the last node unless named)",
			Seen:    "etcd refuses everything but the alarms, and the primary goes read-only.",
		},
		{
			Name: EtcdUnstarted, System: "etcd", Scenarios: []string{"ET-02", "ET-10"},
			Summary: "add a member to etcd whose host does not run",
			Seen:    "The member list has a fourth member, not started: a majority takes three of four.",
		},
		{
			Name: EtcdSlow, System: "etcd", Args: node, Scenarios: []string{"ET-06", "PG-24"},
			Summary: "let one etcd member (of the last node unless named) be slow, as on a bad disk",
			Seen:    "That member answers late and is behind in applying; the others serve.",
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
			Name: RedisAOFOff, System: "redis", Args: node, Scenarios: []string{"RD-11"},
			Summary: "switch the append-only file off on a replica (the last unless named)",
			Seen:    "CONFIG GET appendonly says no; what it holds is lost when it stops.",
		},
		{
			Name: RedisMemory, System: "redis", Args: node, Scenarios: []string{"RD-10"},
			Summary: "give a replica (the last unless named) hardly more memory than it uses",
			Seen:    "used_memory is over 90 % of maxmemory.",
		},
		{
			Name: RedisUnsaved, System: "redis", Args: node, Scenarios: []string{"RD-06"},
			Summary: "let a replica (the last unless named) fail to write its snapshot",
			Seen:    "rdb_last_bgsave_status is err.",
		},
		{
			Name: RedisOtherPass, System: "redis", Args: node, Scenarios: []string{"RD-08"},
			Summary: "give a replica (the last unless named) another password for its clients",
			Seen:    "It answers WRONGPASS to everybody who has the old one, the console and the Sentinels among them.",
		},
		{
			Name: RedisChained, System: "redis", Scenarios: []string{"RD-04"},
			Summary: "stop the Sentinels and let one replica follow the other",
			Seen:    "A replica follows a replica; everything reaches it one step later.",
		},
		{
			Name: RedisMoved, System: "redis", Scenarios: []string{"RD-04"},
			Summary: "make a replica the Redis master by hand, and let the others follow it",
			Seen:    "One Redis is master and all follow it; Sentinels without a quorum go on naming the old one.",
		},
		{
			Name: RedisEmptied, System: "redis", Scenarios: []string{"RD-11"},
			Summary: "start the Redis master again without its data, before the Sentinels miss it",
			Seen:    "The master has no keys, and the replicas copy its emptiness.",
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
		{
			Name: SentinelForgets, System: "sentinel", Args: node, Scenarios: []string{"RD-04", "PG-17"},
			Summary: "take the master from what a Sentinel watches (on the last node unless named)",
			Seen:    "That Sentinel answers and watches nothing; the other two go on.",
		},
		{
			Name: SentinelOther, System: "sentinel", Args: node, Scenarios: []string{"RD-03", "RD-05"},
			Summary: "let a Sentinel (on the last node unless named) watch a replica as the master",
			Seen:    "The Sentinels name different masters.",
		},
	}
}

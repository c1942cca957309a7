package runbooks

func redisRefusals() []refusal {
	block := func(attrs, script string) string {
		return oneStep("redis on=node(inputs.member) " + attrs + "\n" + script)
	}
	var out []refusal
	for _, c := range []struct{ name, attrs, bad, good, at, want, hint string }{
		{"FLUSHDB", "risk=destroy", "PING\nflushdb", "DEL k", "flushdb", "empties Redis", "by name"},
		{"SUBSCRIBE", "risk=change", "DEL k\n  SUBSCRIBE c", "DEL k", "SUBSCRIBE", "takes the connection over", ""},
		{"PSUBSCRIBE", "risk=change", "psubscribe *", "DEL k", "psubscribe", "takes the connection over", ""},
		{"MONITOR", "risk=change", "MONITOR", "DEL k", "MONITOR", "takes the connection over", ""},
		{"BLPOP", "risk=change", "BLPOP l 0", "LPOP l", "BLPOP", "waits until", "LPOP"},
		{"XREAD BLOCK", "risk=change", "XREAD BLOCK 0 STREAMS s 0", "XDEL s 0", "BLOCK 0", "waits until", ""},
		{"WAIT for ever", "risk=change", "WAIT 1 00", "DEL k\nWAIT 1 2000", "00", "without an end", ""},
		{"MULTI", "risk=change", "MULTI", "DEL k", "MULTI", "transaction", ""},
		{"AUTH", "risk=change", "AUTH $MEMBER", "DEL k", "AUTH", "carries no credentials", ""},
		{"DEBUG", "risk=destroy", "DEBUG SLEEP 10", "DEL k", "DEBUG", "can stop the server", ""},
		{"SHUTDOWN", "risk=change", "SHUTDOWN", "DEL k", "SHUTDOWN", "behind systemd's back", ""},
		{"a password", "risk=change", "CONFIG SET dir /x requirepass $MEMBER", "CONFIG SET dir /x", "requirepass", "a password would be shown", ""},
		{"REPLICAOF as change", "risk=change", "REPLICAOF $MEMBER 6379", "REPLICAOF NO ONE", "REPLICAOF", "throws data away", "risk=destroy"},
		{"a typo", "risk=change", "CONFIG STE dir /x", "CONFIG SET dir /x", "STE", "there is no command `CONFIG STE`", "CONFIG SET"},
		{"a value as the command", "risk=change", "$MEMBER x", "DEL $MEMBER", "$MEMBER", "cannot be a value", ""},
		{"a value as the subcommand", "risk=change", "CONFIG $MEMBER x", "CONFIG SET x $MEMBER", "$MEMBER x", "cannot be a value", ""},
		{"a value that nobody sets", "risk=change", "DEL $MEMBR", "DEL $MEMBER $STAMP ${SENTINEL_MASTER} $VIP_DB '$x'", "$MEMBR", "nobody sets $MEMBR", "MEMBER"},
		{"a pipe", "risk=change", "DEL k | cat", "DEL k '|' cat", "| cat", "shell only", "quotes"},
		{"a quote", "risk=change", "DEL k\nDEL 'a", "DEL k\nDEL 'a'", "'a", "not closed", ""},
		{"comments only", "risk=change", "# DEL k", "DEL k", "redis on=", "comments only", ""},
		{"SENTINEL at Redis", "risk=change", "SENTINEL FAILOVER $SENTINEL_MASTER", "DEL k", "SENTINEL FAILOVER", "goes to Redis", "service=sentinel"},
		{"DEL at Sentinel", "risk=change service=sentinel", "DEL k", "SENTINEL FAILOVER $SENTINEL_MASTER", "DEL", "Sentinel has no command `DEL`", ""},
		{"no such service", "risk=change service=sentinal", "DEL k", "DEL k", "sentinal", "`service` cannot be `sentinal`", "sentinel"},
		{"no such attribute", "risk=change db=1", "DEL k", "DEL k", "db=1", "no attribute `db`", ""},
	} {
		attrs := c.attrs
		switch c.name {
		case "no such service", "no such attribute":
			attrs = "risk=change service=redis"
		}
		out = append(out, refusal{name: "redis: " + c.name, head: member, bad: block(c.attrs, c.bad), good: block(attrs, c.good), at: c.at, want: c.want, hint: c.hint})
	}
	look := func(attrs, script string) string {
		return fences("## Look\n\n'''redis " + attrs + " risk=read\n" + script + "\n'''\n")
	}
	for _, c := range []string{
		"DEL k", "SLAVEOF NO ONE", "CONFIG SET dir /x", "CONFIG REWRITE", "SET k v", "BGSAVE", "EVAL 'return 1' 0", "JSON.SET k . 1",
		"CLIENT KILL TYPE normal",
	} {
		out = append(out, refusal{
			name: "redis: " + c + " as read", at: c, want: "changes something, and the block says risk=read", hint: "risk=change",
			bad: look(`on=role("redis")`, c), good: look(`on=role("redis")`, "INFO replication\nGET k"),
		})
	}
	return append(out, refusal{
		name: "redis: SENTINEL FAILOVER as read", at: "SENTINEL FAILOVER", want: "changes something, and the block says risk=read",
		bad:  look(`on=role("sentinel") service=sentinel`, "SENTINEL FAILOVER m"),
		good: look(`on=role("sentinel") service=sentinel`, "SENTINEL MASTERS"),
	}, refusal{
		name: "redis: a master that may be nobody", want: "can be nobody", bad: look("on=redis.master", "PING"),
		good: "## Look\n\n" + fences("'''check\nredis.master != nil\n'''\n\n") + look("on=redis.master", "PING")[len("## Look\n\n"):],
	})
}

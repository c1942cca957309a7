package rehearsal

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recon/internal/audit"
)

// redisBook asks Redis and Sentinel, writes to Redis and lets Sentinel fail over, all with redis blocks.
const redisBook = `---
format: 1
id: redis-blocks
title: Redis blocks
kind: maintenance
severity: 0
systems: [redis, sentinel]
scenarios: [RD-02]
escalate: "#ops on-call"
inputs:
  master:
    ask: Which host is Redis's master now?
    choices: 'redis.masters'
    default: 'redis.masters'
test: {healthy: true}
---

# Redis blocks

What a redis block can do.

## Look

'''check
redis.master != nil
'''

'''redis on=redis.master risk=read expect="(?m)^role:master"
INFO replication
CONFIG GET dir
'''

'''redis on=role("sentinel") risk=read service=sentinel expect="^OK 3 usable"
SENTINEL CKQUORUM $SENTINEL_MASTER
'''

## Write a mark

'''check
redis.master.node == inputs.master
'''

'''redis on=node(inputs.master) risk=change timeout=10s
SET "recon: $MASTER" 'it is  there' EX 3600
WAIT 1 2000
'''

'''redis on=role("redis") risk=read capture=mark
GET "recon: $MASTER"
'''

'''check within=30s
all(role("redis"), captures.mark[.name] == "it is  there")
redis.master.replicas_online == len(redis.members) - 1
'''

## Another master

'''check
redis.master.node == inputs.master
sentinel.quorum
'''

'''redis on=node(inputs.master) risk=change service=sentinel timeout=10s
SENTINEL FAILOVER $SENTINEL_MASTER
'''

'''check within=3m for=10s
redis.master.node != inputs.master
sentinel.master == redis.master.node
redis.master.replicas_online == len(redis.members) - 1
'''
`

// A walk runs redis blocks: the training cluster's servers are asked with the real protocol, and Sentinel fails over.
func TestAWalkRunsRedisBlocks(t *testing.T) {
	books, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(books, "redis-blocks.md"), []byte(strings.ReplaceAll(redisBook, "'''", "```")), 0o600); err != nil {
		t.Fatal(err)
	}
	lib, err := Library(t.TempDir(), books)
	if err != nil {
		t.Fatal(err)
	}
	b, ok := lib.Book("redis-blocks")
	if !ok {
		t.Fatal("the book is not there")
	}
	r := Book(t.Context(), lib, b, "", dir)
	// Two steps with a proof, and nine commands: three of the five blocks go to one node, two to all three.
	if r.Err != nil || r.Steps != 2 || r.Commands != 9 {
		t.Fatalf("%+v", r)
	}
	trails, err := filepath.Glob(filepath.Join(dir, "trails", "rehearsal", "*.jsonl"))
	if err != nil || len(trails) != 1 {
		t.Fatalf("trails %v, %v", trails, err)
	}
	records, err := audit.Read(trails[0])
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, rec := range records {
		if rec.Kind != audit.KindIntent {
			continue
		}
		var in audit.Intent
		if err := json.Unmarshal(rec.Data, &in); err != nil {
			t.Fatal(err)
		}
		shown[in.Shown.Script] = in.Kind + " " + in.Risk
		for _, target := range in.Targets {
			if in.Wire[target.Name] == "" || target.Address == "" {
				t.Errorf("%s: %+v", in.Shown.Script, in)
			}
		}
	}
	for script, want := range map[string]string{
		"SET 'recon: netbox-node-1' 'it is  there' EX 3600\nWAIT 1 2000\n": "redis change",
		"SENTINEL FAILOVER myredisetcd\n":                                  "redis change",
		"INFO replication\nCONFIG GET dir\n":                               "redis read",
	} {
		if shown[script] != want {
			t.Errorf("%q is not among what was sent: %q", script, shown)
		}
	}
}

package probes

import (
	"errors"
	"strconv"
	"strings"
)

// sentinelMaster is what a Sentinel says of the master that it watches.
type sentinelMaster struct {
	address            string
	flags              []string
	quorum             int
	others, replicas   int
	epoch              int64
	downAfter, timeout float64 // seconds
}

// parseSentinelList reads a list of entries, each a flat list of names and values as RESP2 has it.
func parseSentinelList(reply any) ([]map[string]string, error) {
	list, ok := reply.([]any)
	if !ok {
		return nil, errors.New("the Sentinel answered something else than a list; is this the port of a Sentinel?")
	}
	out := []map[string]string{}
	for _, item := range list {
		fields, ok := item.([]any)
		if !ok || len(fields)%2 != 0 {
			return nil, errors.New("the Sentinel's list holds something else than names with values")
		}
		m := map[string]string{}
		for i := 0; i < len(fields); i += 2 {
			name, ok1 := fields[i].(string)
			value, ok2 := fields[i+1].(string)
			if ok1 && ok2 {
				m[name] = value
			}
		}
		out = append(out, m)
	}
	return out, nil
}

// parseSentinelMaster reads one entry of SENTINEL MASTERS.
func parseSentinelMaster(m map[string]string) sentinelMaster {
	count := func(key string) int {
		n, err := strconv.Atoi(m[key])
		if err != nil || n < 0 {
			return 0
		}
		return n
	}
	out := sentinelMaster{
		address: hostAndPort(m["ip"], m["port"]), flags: sentinelFlags(m["flags"]), quorum: count("quorum"),
		others: count("num-other-sentinels"), replicas: count("num-slaves"),
		downAfter: float64(count("down-after-milliseconds")) / 1000, timeout: float64(count("failover-timeout")) / 1000,
	}
	out.epoch, _ = strconv.ParseInt(m["config-epoch"], 10, 64) // 0 is the epoch before the first failover
	return out
}

// sentinelFlags are the words of a list with commas, which has no order.
func sentinelFlags(s string) []string {
	out := []string{}
	for f := range strings.SplitSeq(s, ",") {
		if f != "" {
			out = append(out, line(f))
		}
	}
	return out
}

package tools

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"recon/internal/twin/shell"
	"recon/internal/twin/world"
)

// catalogVersion is PostgreSQL 17's.
const catalogVersion = 202406281

// pgControlData prints the control file.
func (k *kit) pgControlData(_ context.Context, c *shell.Call) int {
	given, rest, err := grammar{short: "D:V", long: []string{"pgdata=D:", "version=V"}}.parse(c.Args[1:])
	if err != nil {
		return c.Fail(1, "%s\npg_controldata: hint: Try \"pg_controldata --help\" for more information.", err)
	}
	if given.has("V") {
		fmt.Fprintln(c.Stdout, "pg_controldata (PostgreSQL) "+postgresVersion)
		return 0
	}
	dir := directoryOf(c, given, rest)
	if dir == "" {
		return c.Fail(1, "error: no data directory specified\npg_controldata: hint: Try \"pg_controldata --help\" for more information.")
	}
	if !dataDirectory(c, dir) {
		return 1
	}
	k.look(c, func(h *world.Host) { printControl(c, k.world, h) })
	return 0
}

// clusterState is the state that the control file says.
func clusterState(p *world.Instance) string {
	switch {
	case p.Running && p.Stopping:
		return "shutting down"
	case p.Running && p.Primary, !p.Running && !p.Clean && p.Primary:
		return "in production"
	case p.Running, !p.Clean:
		return "in archive recovery"
	case p.Primary:
		return "shut down"
	}
	return "shut down in recovery"
}

func printControl(c *shell.Call, w *world.World, h *world.Host) {
	p := h.Postgres
	set := func(name, usual string) string { return either(p.Settings[name], usual) }
	stamp := func(t time.Time) string { return t.Add(h.Offset).UTC().Format(time.ANSIC) }
	minimum, minimumTimeline := world.LSN(0), 0
	if !p.Primary {
		minimum, minimumTimeline = p.Replayed, p.Timeline
	}
	modified := p.CheckpointAt
	lines := [][2]string{
		{"pg_control version number", "1700"},
		{"Catalog version number", fmt.Sprint(catalogVersion)},
		{"Database system identifier", p.SystemID},
		{"Database cluster state", clusterState(p)},
		{"pg_control last modified", stamp(modified)},
		{"Latest checkpoint location", p.Checkpoint.String()},
		{"Latest checkpoint's REDO location", (p.Checkpoint - min(p.Checkpoint, 0x58)).String()},
		{"Latest checkpoint's REDO WAL file", walFile(p.Timeline, p.Checkpoint)},
		{"Latest checkpoint's TimeLineID", fmt.Sprint(p.Timeline)},
		{"Latest checkpoint's PrevTimeLineID", fmt.Sprint(p.Timeline)},
		{"Latest checkpoint's full_page_writes", "on"},
		{"Latest checkpoint's NextXID", "0:771"},
		{"Latest checkpoint's NextOID", "16448"},
		{"Latest checkpoint's NextMultiXactId", "1"},
		{"Latest checkpoint's NextMultiOffset", "0"},
		{"Latest checkpoint's oldestXID", "731"},
		{"Latest checkpoint's oldestXID's DB", "1"},
		{"Latest checkpoint's oldestActiveXID", "771"},
		{"Latest checkpoint's oldestMultiXid", "1"},
		{"Latest checkpoint's oldestMulti's DB", "1"},
		{"Latest checkpoint's oldestCommitTsXid", "0"},
		{"Latest checkpoint's newestCommitTsXid", "0"},
		{"Time of latest checkpoint", stamp(p.CheckpointAt)},
		{"Fake LSN counter for unlogged rels", "0/3E8"},
		{"Minimum recovery ending location", minimum.String()},
		{"Min recovery ending loc's timeline", fmt.Sprint(minimumTimeline)},
		{"Backup start location", "0/0"},
		{"Backup end location", "0/0"},
		{"End-of-backup record required", "no"},
		{"wal_level setting", set("wal_level", "replica")},
		{"wal_log_hints setting", "on"},
		{"max_connections setting", set("max_connections", "100")},
		{"max_worker_processes setting", set("max_worker_processes", "8")},
		{"max_wal_senders setting", set("max_wal_senders", "10")},
		{"max_prepared_xacts setting", set("max_prepared_transactions", "0")},
		{"max_locks_per_xact setting", set("max_locks_per_transaction", "64")},
		{"track_commit_timestamp setting", "off"},
		{"Maximum data alignment", "8"},
		{"Database block size", "8192"},
		{"Blocks per segment of large relation", "131072"},
		{"WAL block size", "8192"},
		{"Bytes per WAL segment", fmt.Sprint(world.Segment)},
		{"Maximum length of identifiers", "64"},
		{"Maximum columns in an index", "32"},
		{"Maximum size of a TOAST chunk", "1996"},
		{"Size of a large-object chunk", "2048"},
		{"Date/time type storage", "64-bit integers"},
		{"Float8 argument passing", "by value"},
		{"Data page checksum version", "1"},
		{"Mock authentication nonce", identifier("nonce", p.SystemID) + identifier("nonce too", p.SystemID)},
	}
	for _, l := range lines {
		fmt.Fprintf(c.Stdout, "%-38s%s\n", l[0]+":", l[1])
	}
}

// pgWALDump prints the commits of a log: those that only this data directory holds, from the place where it forked.
func (k *kit) pgWALDump(_ context.Context, c *shell.Call) int {
	given, rest, err := grammar{short: "p:t:s:e:r:n:qV", long: []string{"path=p:", "timeline=t:", "start=s:", "end=e:", "rmgr=r:", "limit=n:", "quiet=q", "version=V"}}.parse(c.Args[1:])
	fail := func(format string, args ...any) int {
		return c.Fail(1, "error: "+format, args...)
	}
	switch {
	case err != nil:
		return fail("%s\npg_waldump: hint: Try \"pg_waldump --help\" for more information.", err)
	case given.has("V"):
		fmt.Fprintln(c.Stdout, "pg_waldump (PostgreSQL) "+postgresVersion)
		return 0
	case len(rest) > 0:
		return fail("naming WAL files is not simulated; -p, -t and -s say where to begin")
	case !given.has("s"):
		return fail("no start WAL location given\npg_waldump: hint: Try \"pg_waldump --help\" for more information.")
	case given.has("r") && given.value("r") != "Transaction":
		return fail("records of %q are not simulated; those of Transaction are", given.value("r"))
	case !given.has("r"):
		return fail("only the records of -r Transaction are simulated")
	}
	start, ok := parseLSN(given.value("s"))
	if !ok {
		return fail("invalid WAL location: \"%s\"", given.value("s"))
	}
	timeline := 1
	if given.has("t") {
		n, err := strconv.ParseInt(given.value("t"), 0, 32)
		if err != nil || n < 1 {
			return fail("invalid timeline specification: \"%s\"", given.value("t"))
		}
		timeline = int(n)
	}
	dir := strings.TrimSuffix(strings.TrimSuffix(either(given.value("p"), "."), "/"), "/pg_wal")
	if !dataDirectory(c, dir) {
		return 1
	}
	code := 0
	k.look(c, func(h *world.Host) { code = dumpCommits(c, h, timeline, start, given) })
	return code
}

func parseLSN(s string) (world.LSN, bool) {
	high, low, ok := strings.Cut(s, "/")
	a, err1 := strconv.ParseUint(high, 16, 32)
	b, err2 := strconv.ParseUint(low, 16, 32)
	return world.LSN(a<<32 | b), ok && err1 == nil && err2 == nil
}

// dumpCommits prints the commits from a place to the end of the log. What the world knows of them is their number: they
// are laid out evenly between the fork and the end.
func dumpCommits(c *shell.Call, h *world.Host, timeline int, start world.LSN, given options) int {
	p := h.Postgres
	end := p.WAL
	known := timeline == p.Timeline
	for _, f := range p.History {
		if f.Timeline == timeline {
			known, end = true, f.At
		}
	}
	if !known {
		return c.Fail(1, "error: could not find file \"%s\": No such file or directory", walFile(timeline, start))
	}
	if start >= end {
		return c.Fail(1, "error: could not find a valid record after %s", start)
	}
	if limit, ok := parseLSN(given.value("e")); given.has("e") && ok {
		end = min(end, limit)
	}
	count := 0
	if timeline == p.Timeline {
		count = p.Local
	}
	if n, err := strconv.Atoi(given.value("n")); given.has("n") && err == nil {
		count = min(count, n)
	}
	step := (end - start) / world.LSN(count+1) &^ 7
	if !given.has("q") {
		for i := range count {
			at := start + step*world.LSN(i+1)
			when := p.CheckpointAt.Add(h.Offset).Add(-time.Duration(count-i) * time.Second)
			fmt.Fprintf(c.Stdout, "rmgr: Transaction len (rec/tot):     34/    34, tx:        %d, lsn: %s, prev %s, desc: COMMIT %s UTC\n",
				771+i, longLSN(at), longLSN(at-40), when.UTC().Format("2006-01-02 15:04:05.000000"))
		}
	}
	if given.has("n") && count > 0 {
		return 0
	}
	return c.Fail(1, "error: error in WAL record at %s: invalid record length at %s: expected at least 24, got 0", end-56, end)
}

// longLSN is a position with all digits of its lower half, as pg_waldump writes them.
func longLSN(l world.LSN) string { return fmt.Sprintf("%X/%08X", uint64(l)>>32, uint32(l)) }

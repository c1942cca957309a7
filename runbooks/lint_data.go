package runbooks

import (
	"regexp"
	"slices"
	"strings"
)

// dataPath is a path below which data lies that cannot be made again.
var dataPath = regexp.MustCompile(`\$PGDATA|\$ETCD_DATA\b|/var/lib/postgresql|/var/lib/pgsql|/var/lib/etcd|/var/lib/redis|(^|/)pg_wal(/|$)|(^|/)pg_xlog(/|$)|(^|/)appendonlydir(/|$)`)

// dataRemoved refuses the removal of data: it is moved aside.
func (l *linter) dataRemoved(c *Command, inv invocation) {
	const hint = "move it aside: mv \"$PGDATA\" \"$PGDATA.failed-$STAMP\""
	isData := slices.ContainsFunc(inv.words[1:], func(w string) bool { return dataPath.MatchString(w) || w == "/" || w == "/*" })
	switch inv.words[0] {
	case "rm", "unlink", "shred", "rmdir":
		if isData && (inv.words[0] != "rm" || inv.flag("rR", "--recursive") || slices.ContainsFunc(inv.words[1:], inWAL)) {
			l.blame(c, inv, "`"+inv.words[0]+"` removes data that cannot be made again", hint)
		}
	case "find":
		deletes := inv.has("-delete") || (inv.has("-exec", "-execdir", "-ok") && inv.has("rm", "/bin/rm", "unlink"))
		if isData && deletes {
			l.blame(c, inv, "`find` removes data that cannot be made again", hint)
		}
	case "pg_archivecleanup", "pg_resetwal":
		l.blame(c, inv, "`"+inv.words[0]+"` throws away WAL that a copy may need", "PostgreSQL removes what nobody needs by itself")
	case "mkfs", "wipefs", "dd":
		if inv.words[0] != "dd" || slices.ContainsFunc(inv.words[1:], func(w string) bool { return strings.HasPrefix(w, "of=/dev/") && w != "of=/dev/null" }) {
			l.blame(c, inv, "`"+inv.words[0]+"` overwrites a device", "")
		}
	case "truncate":
		if isData {
			l.blame(c, inv, "`truncate` removes data that cannot be made again", hint)
		}
	}
}

func inWAL(word string) bool {
	return strings.Contains(word, "pg_wal") || strings.Contains(word, "pg_xlog")
}

// flushed refuses the commands that empty Redis.
func (l *linter) flushed(c *Command, inv invocation) {
	if inv.words[0] != "redis-cli" && inv.words[0] != "valkey-cli" {
		return
	}
	for _, w := range inv.words[1:] {
		if isFlush(w) {
			l.blame(c, inv, w+" empties Redis", "take out the keys that are meant, by name")
		}
	}
}

func isFlush(word string) bool {
	return strings.EqualFold(word, "FLUSHALL") || strings.EqualFold(word, "FLUSHDB")
}

// rebuild refuses a rebuild that neither a copy nor a question comes before: what only the old directory holds is gone then.
func (l *linter) rebuild(i int) {
	s := &l.book.Steps[i]
	for _, c := range s.Commands {
		if what := rebuilds(&c); what != "" && !l.copied(i, &c) && !l.decided(s) {
			l.problem(c.Line, 1, what+" deletes the old data directory, and nobody kept a copy of it or was asked",
				"keep a copy in a step above, or ask, and let the step's `when` read the answer")
		}
	}
}

// rebuilds names what in a command replaces a member's data directory.
func rebuilds(c *Command) string {
	if c.Kind == HTTP && parseCall(c.Script).path == "/reinitialize" && parseCall(c.Script).method == "POST" {
		return "POST /reinitialize"
	}
	if c.Kind != Sh {
		return ""
	}
	for _, inv := range invocations(c.Script) {
		switch {
		case patronictl(inv) == "reinit":
			return "patronictl reinit"
		case overwritesData(inv):
			return "pg_basebackup"
		}
	}
	return ""
}

// overwritesData says that a base backup is taken into a member's data directory, or into a place that the script does not
// show. One that goes elsewhere is a copy beside it.
func overwritesData(inv invocation) bool {
	if inv.words[0] != "pg_basebackup" {
		return false
	}
	for i, w := range inv.words {
		target, ok := strings.CutPrefix(w, "--pgdata=")
		if w == "-D" || w == "--pgdata" {
			target, ok = "", i+1 < len(inv.words)
			if ok {
				target = inv.words[i+1]
			}
		}
		if ok {
			return dataPath.MatchString(target)
		}
	}
	return true
}

// copied says that a data directory was copied or moved aside in a step above, or earlier in the same script.
func (l *linter) copied(i int, c *Command) bool {
	keeps := func(script string) bool {
		return slices.ContainsFunc(invocations(script), func(inv invocation) bool {
			return slices.Contains([]string{"cp", "mv", "rsync", "tar"}, inv.words[0]) &&
				slices.ContainsFunc(inv.words[1:], func(w string) bool {
					return strings.Contains(w, "$PGDATA") || strings.Contains(w, "/var/lib/postgresql")
				})
		})
	}
	if c.Kind == Sh && keeps(c.Script) {
		return true
	}
	for _, s := range l.book.Steps[:i] {
		if slices.ContainsFunc(s.Commands, func(c Command) bool { return c.Kind == Sh && c.Risk != Read && keeps(c.Script) }) {
			return true
		}
	}
	return false
}

// decided says that the step applies only after an answer.
func (l *linter) decided(s *Step) bool {
	return slices.ContainsFunc(slices.Concat(s.When, s.Before), func(c Condition) bool { return reads(c.Expr, "answers") })
}

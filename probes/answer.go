package probes

import "time"

// answer is what the last finished probe of one target brought.
type answer[T any] struct {
	began, ended time.Time
	// since is when the target began to answer, or ceased to.
	since   time.Time
	err     string // why it did not answer; empty when it did
	refused bool
	// spoke says that its ssh server answered, although it let nobody in.
	spoke  bool
	source string
	fact   T
}

// raw is the last answer of every target, by system and node. Assembling makes a State of it.
type raw struct {
	hosts    map[string]answer[hostFacts]
	etcd     map[string]answer[etcdFacts]
	patroni  map[string]answer[patroniFacts]
	postgres map[string]answer[databaseFacts]

	redis     map[string]answer[redisFacts]
	sentinel  map[string]answer[sentinelFacts]
	haproxy   map[string]answer[haproxyFacts]
	pgbouncer map[string]answer[pgbouncerFacts]
	web       map[string]answer[webFacts]
	netbox    map[string]answer[netboxFacts]
	// service is keyed by the path (reads, writes, login, netbox), reach by the node.
	service map[string]answer[tryFacts]
	reach   map[string]answer[reachFacts]
}

func newRaw() raw {
	return raw{
		hosts: map[string]answer[hostFacts]{}, etcd: map[string]answer[etcdFacts]{},
		patroni: map[string]answer[patroniFacts]{}, postgres: map[string]answer[databaseFacts]{},
		redis: map[string]answer[redisFacts]{}, sentinel: map[string]answer[sentinelFacts]{},
		haproxy: map[string]answer[haproxyFacts]{}, pgbouncer: map[string]answer[pgbouncerFacts]{},
		web: map[string]answer[webFacts]{}, netbox: map[string]answer[netboxFacts]{},
		service: map[string]answer[tryFacts]{}, reach: map[string]answer[reachFacts]{},
	}
}

// moment is when a State is put together, and from when on answers count.
type moment struct{ now, notBefore time.Time }

// seen is how a target stands at a moment.
func (a answer[T]) seen(m moment) Seen {
	s := Seen{Began: a.began, Source: a.source, notBefore: m.notBefore}
	if a.began.IsZero() {
		return s
	}
	s.Reachable, s.Refused, s.Error = a.err == "", a.refused, a.err
	s.Age = max(0, m.now.Sub(a.began).Seconds())
	s.Since = max(0, m.now.Sub(a.since).Seconds())
	s.Latency = a.ended.Sub(a.began).Seconds()
	return s
}

// pending says that no probe was finished that counts at this moment: the target may still answer anything.
func (a answer[T]) pending(m moment) bool { return a.began.IsZero() || a.began.Before(m.notBefore) }

// fresh says that the target answered and that the answer is a fact.
func (a answer[T]) fresh(m moment) bool {
	return !a.pending(m) && a.err == "" && m.now.Sub(a.began) <= StaleAfter
}

// census says of the targets of one system how many answered, and why their common facts are not known, if so.
func census[T any](what string, nodes []string, all map[string]answer[T], m moment) (answered int, unseen string) {
	old := 0
	for _, n := range nodes {
		a := all[n]
		switch {
		case a.fresh(m):
			answered++
		case !a.pending(m):
			if a.err == "" {
				old++
			}
		case a.began.IsZero():
			unseen = either(unseen, what+" of "+n+" was not asked yet")
		default:
			unseen = either(unseen, what+" of "+n+" has not answered since it was asked again")
		}
	}
	switch {
	case unseen != "" || answered > 0:
	case old > 0:
		unseen = "what each " + what + " answered is older than 10 s"
	default:
		unseen = "no " + what + " answered"
	}
	return answered, unseen
}

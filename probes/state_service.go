package probes

// Service is what the users feel: the paths that they take, tried from the console.
type Service struct {
	Reads  Try `json:"reads" about:"a read through the db address and PgBouncer"`
	Writes Try `json:"writes" about:"the write canary, where the cluster file allows it"`
	Login  Try `json:"login" about:"NetBox's login page through the web address"`
}

// Try is one path, tried again and again.
type Try struct {
	// Seen.Reachable is whether it worked; Since how long it has or has not; Latency how long the last success took.
	Seen
	// Tried is whether the cluster file allows or enables it at all. Nothing else is known of a path that is not tried.
	Tried bool `json:"tried" about:"the cluster file has this path and allows to try it"`
	// Through is the path in words, Node who answered at its end, where known.
	Through string  `json:"through" about:"the path in words"`
	Node    *string `json:"node" gate:"nil" about:"the node that answered at the end of the path; nil when not known"`
	// Note is what is wrong although the path works: a certificate that is not trusted, a standby that answers.
	Note string `json:"note" about:"what is remarkable although it works, or empty"`
}

// Blind says why a field is not a fact now.
func (t Try) Blind(field string) string {
	switch {
	case field == "tried", field == "through":
		return ""
	case !t.Tried:
		return "the cluster file does not have this tried"
	}
	return t.Seen.Blind(field)
}

// Reach is who reaches whom: what the console cannot reach is asked for through the other nodes.
type Reach struct {
	Nodes []NodeReach `json:"nodes" about:"each node, in the cluster file's order"`
	// Broken are the ways between two nodes on which one does not reach the other although both answer the console.
	Broken []Link `json:"broken" about:"ways between nodes on which nothing comes through, as witnesses say"`
	// Blind is true when the console reaches less than half of the nodes: then what it says of the cluster is worth little.
	Few bool `json:"blind" about:"the console reaches fewer than half of the nodes over ssh"`
	// Unseen is why broken is not a fact, UnseenFew why blind is not, or "".
	Unseen    string `json:"unseen" gate:"-"`
	UnseenFew string `json:"unseen_blind" gate:"-"`
}

// Blind says why a field is not a fact now.
func (r Reach) Blind(field string) string {
	switch {
	case r.Nodes == nil:
		return neverAsked
	case field == "nodes":
		return ""
	case field == "blind":
		return r.UnseenFew
	}
	return r.Unseen
}

// NodeReach is how one node is reached.
type NodeReach struct {
	Name string `json:"name" about:"the node's name"`
	// Verdict is up: the console reaches it; dead: neither the console nor any witness reaches any of its ports; cut off: a
	// witness reaches it and the console does not; ssh down: its host answers and ssh does not let us in; alone: it answers
	// the console and reaches no other node, nor is it reached. It is not a fact when the console does not reach the node and
	// nobody can be asked who reaches anybody else: then it may be the network as well as the host.
	Verdict string `json:"verdict" about:"up, dead, cut off, ssh down or alone"`
	// Why is the verdict in words, with its witnesses.
	Why       string    `json:"why" about:"the verdict in words"`
	Witnesses []Witness `json:"witnesses" about:"what other nodes say of it"`
	// Blinded is why the node can not be a witness itself: it is not reached over ssh, or its sshd forwards nothing.
	Blinded string `json:"blinded" about:"why it cannot be asked about the others, or empty"`
	Unseen  string `json:"unseen" gate:"-"`
	// UnseenWitness is why Blinded is not a fact, or "".
	UnseenWitness string `json:"unseen_witness" gate:"-"`
}

// Blind says why a field is not a fact now.
func (n NodeReach) Blind(field string) string {
	switch field {
	case "name", "witnesses":
		return ""
	case "blinded":
		return n.UnseenWitness
	}
	return n.Unseen
}

// Witness is what one node found out about a port of another.
type Witness struct {
	By      string  `json:"by" about:"the node that tried"`
	Service string  `json:"service" about:"the service whose port was tried: ssh, etcd, patroni, ..."`
	Port    int     `json:"port" about:"the port"`
	Reached bool    `json:"reached" about:"it connected"`
	Refused bool    `json:"refused" about:"the host answered that nothing listens there"`
	Error   string  `json:"error" about:"why it did not connect, or empty"`
	Age     float64 `json:"age" about:"seconds since it was tried"`
}

// Link is a way from one node to a port of another.
type Link struct {
	From    string `json:"from" about:"the node that tried"`
	To      string `json:"to" about:"the node that was not reached"`
	Service string `json:"service" about:"the service whose port was tried"`
	Port    int    `json:"port" about:"the port"`
	Error   string `json:"error" about:"why it did not connect"`
}

// Cross is what no single system knows: whether they agree. Each field is a fact only when every system that it compares
// has answered.
type Cross struct {
	LeaderIsWriter  *bool    `json:"leader_is_writer" about:"HAProxy sends writes to the node that Patroni proves to be leader, and to no other"`
	MasterIsWatched *bool    `json:"master_is_watched" about:"the master that the Sentinels name is the one that says so itself"`
	MasterIsEntry   *bool    `json:"master_is_entry" about:"HAProxy sends Redis clients to the one that is master, and to no other"`
	EntryWorks      *bool    `json:"entry_works" about:"the holder of the db address runs an HAProxy whose write backend is up"`
	OnePrimary      *bool    `json:"one_primary" about:"exactly one database is not in recovery"`
	OneMaster       *bool    `json:"one_master" about:"exactly one Redis says that it is master"`
	OneHolder       *bool    `json:"one_holder" about:"every floating address is on exactly one node"`
	ScopesAgree     *bool    `json:"scopes_agree" about:"cluster file, hosts and members name the same Patroni scope and namespace"`
	SystemIDsAgree  *bool    `json:"system_ids_agree" about:"members and etcd name the same database system identifier"`
	VersionsAgree   *bool    `json:"versions_agree" about:"every node runs the same NetBox version"`
	ClockSpread     *float64 `json:"clock_spread" about:"seconds between the clocks of the two hosts that are farthest apart"`
	// Disagreements are the fields above that are false, each in words with the values.
	Disagreements []string `json:"disagreements" about:"what does not agree, in words with the values"`
	// Unclear says of each field why it is not a fact.
	Unclear map[string]string `json:"unclear" gate:"-"`
}

// Blind says why a field is not a fact now.
func (c Cross) Blind(field string) string {
	switch {
	case c.Unclear == nil:
		return neverAsked
	case field == "disagreements":
		return ""
	}
	return c.Unclear[field]
}

// HandsOff is until when the cluster is about to act by itself.
type HandsOff struct {
	Active bool `json:"active" about:"Patroni or Sentinel is about to act by itself"`
	// By is patroni or sentinel; the one that takes longer when both are about to act.
	By string `json:"by" about:"patroni or sentinel, or empty"`
	// Left is how long to keep hands off, in seconds; 0 when it should have acted already.
	Left float64 `json:"left" about:"seconds to keep hands off; 0 when it should have acted by now"`
	// Overdue is how long ago it should have acted, in seconds; 0 while it is in time.
	Overdue float64 `json:"overdue" about:"seconds since it should have acted; 0 while it is in time"`
	Why     string  `json:"why" about:"what it is about to do and why that takes so long; or why it does nothing although somebody should"`
	Known   bool    `json:"-" gate:"-"`
	// Unseen is why Known is false, or "".
	Unseen string `json:"unseen" gate:"-"`
}

// Blind says why a field is not a fact now.
func (h HandsOff) Blind(string) string {
	if !h.Known {
		return either(h.Unseen, neverAsked)
	}
	return ""
}

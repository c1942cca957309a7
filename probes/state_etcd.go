package probes

// Etcd is the store. Its members are the endpoints of the cluster file, each asked by itself.
type Etcd struct {
	Members []EtcdMember `json:"members" about:"the endpoints, in the cluster file's order"`
	// Quorum is true when a majority of the endpoints answer and name the same leader; false when so many refuse, or say
	// that they have no leader, that no majority is left; otherwise not seen.
	Quorum *bool `json:"quorum" about:"a majority answers and names the same leader"`
	// Leader is the member that the others name; nil when those who answer know none.
	Leader *string `json:"leader" gate:"nil" about:"name of etcd's own leader; nil when there is none"`
	Term   *uint64 `json:"term" about:"raft term, the highest seen"`
	// Elections is counted by this console, in the terms that it saw.
	Elections *int `json:"elections" about:"how often a new leader was elected within the last 10 minutes, as far as this console saw"`
	Voters    *int `json:"voters" about:"voting members, as the member list says"`
	Answered  int  `json:"answered" about:"how many endpoints answered"`
	// Alarms are raised alarms, for example "NOSPACE netbox-node-2".
	Alarms   []string `json:"alarms" about:"raised alarms, each with its member"`
	Disputed string   `json:"disputed" about:"how the endpoints contradict each other, or empty"`
	// Unseen is why the section's facts are not known, or "".
	Unseen string `json:"unseen" gate:"-"`
}

// Blind says why a field is not a fact now.
func (e Etcd) Blind(field string) string {
	if e.Members == nil {
		return neverAsked
	}
	switch field {
	case "members", "answered", "disputed":
		return ""
	case "quorum":
		if e.Quorum == nil {
			return either(either(e.Unseen, e.Disputed), "not enough endpoints answered to tell")
		}
		return ""
	case "leader":
		if e.Disputed != "" {
			return e.Disputed
		}
	}
	return e.Unseen
}

// EtcdMember is one endpoint.
type EtcdMember struct {
	Name     string `json:"name" about:"the node's name"`
	Endpoint string `json:"endpoint" about:"host:port"`
	Seen
	ID       string   `json:"id" about:"member id, hexadecimal"`
	Version  string   `json:"version" about:"server version"`
	DBSize   int64    `json:"db_size" about:"size of the database file, bytes"`
	DBInUse  int64    `json:"db_in_use" about:"bytes of it in use"`
	LeaderID string   `json:"leader_id" about:"id of the leader it follows; 0 when it knows none"`
	Leads    bool     `json:"leads" about:"it is etcd's leader"`
	Term     uint64   `json:"term" about:"its raft term"`
	Index    uint64   `json:"index" about:"its raft index"`
	Applied  uint64   `json:"applied" about:"its applied raft index"`
	Learner  bool     `json:"learner" about:"it does not vote yet"`
	Errors   []string `json:"errors" about:"what it complains of, alarms included"`
}

// Blind says why a field is not a fact now. Name and endpoint are from the cluster file.
func (m EtcdMember) Blind(field string) string {
	if field == "name" || field == "endpoint" {
		return ""
	}
	return m.Seen.Blind(field)
}

package probes

// Web is the proxies in front of NetBox.
type Web struct {
	Members  []WebMember `json:"members" about:"the proxies, in the cluster file's order"`
	Answered int         `json:"answered" about:"how many proxies answered"`
	Unseen   string      `json:"unseen" gate:"-"`
}

// Blind says why a field is not a fact now.
func (w Web) Blind(field string) string {
	switch {
	case w.Members == nil:
		return neverAsked
	case field == "members", field == "answered":
		return ""
	}
	return w.Unseen
}

// WebMember is one proxy, seen through its own port.
type WebMember struct {
	Node string `json:"node" about:"the node it runs on"`
	Seen
	Server string `json:"server" about:"what it calls itself: nginx, Angie, ..."`
	// Code is the answer to NetBox's login page through this proxy: 502 means that the application behind it is silent.
	Code int `json:"code" about:"HTTP status of NetBox's login page through this proxy"`
	// The certificate that it serves. The handshake proves that it has the key.
	CertificateDays    float64  `json:"certificate_days" about:"days until the served certificate ends; negative when it has ended"`
	CertificateNames   []string `json:"certificate_names" about:"names and addresses that the served certificate is for"`
	CertificateIssuer  string   `json:"certificate_issuer" about:"who signed it"`
	CertificateSelf    bool     `json:"certificate_self_signed" about:"it is signed by itself"`
	CertificatePrint   string   `json:"certificate_fingerprint" about:"SHA-256 of the served certificate, hexadecimal"`
	CertificateMatches bool     `json:"certificate_matches" about:"it is for the name in NetBox's url"`
	// FileDays and FileServed are about the certificate file of the cluster file, where the ssh user may read it.
	FileDays   float64 `json:"file_days" about:"days until the certificate in the file ends"`
	FileServed bool    `json:"file_served" about:"the certificate in the file is the one that is served"`
	// FileKeyMatches compares the public keys of the certificate and of the key file beside it, where both may be read.
	FileKeyMatches bool              `json:"file_key_matches" about:"the key file belongs to the certificate file"`
	Unread         map[string]string `json:"unread" gate:"-"`
}

// Blind says why a field is not a fact now.
func (m WebMember) Blind(field string) string {
	if field == "node" {
		return ""
	}
	return either(m.Seen.Blind(field), m.Unread[field])
}

// NetBox is the application on each node, and as its users reach it.
type NetBox struct {
	Members []NetBoxMember `json:"members" about:"the application on each node, in the cluster file's order"`
	// Entry is NetBox through the web address, as its users reach it; Node says who answered.
	Entry    NetBoxMember `json:"entry" about:"NetBox through its floating address, as users reach it"`
	Version  *string      `json:"version" about:"the version that every answering node runs"`
	Answered int          `json:"answered" about:"how many nodes answered"`
	// Queues and Workers are read from Redis, where the cluster file has one.
	Queues  []Queue  `json:"queues" about:"the queues of background jobs"`
	Workers []Worker `json:"workers" about:"the workers that are registered in Redis"`
	Unseen  string   `json:"unseen" gate:"-"`
	// Unclear says of single fields why they are not facts.
	Unclear map[string]string `json:"unclear" gate:"-"`
}

// Blind says why a field is not a fact now.
func (n NetBox) Blind(field string) string {
	switch {
	case n.Members == nil:
		return neverAsked
	case field == "members", field == "answered", field == "entry":
		return ""
	case field == "queues", field == "workers":
		return n.Unclear[field]
	}
	return either(n.Unseen, n.Unclear[field])
}

// NetBoxMember is one NetBox.
type NetBoxMember struct {
	Node string `json:"node" about:"the node it runs on; through the floating address the one that answered, where known"`
	Seen
	// Code is the answer to the login page; a NetBox that works answers 200.
	Code int `json:"code" about:"HTTP status of the login page"`
	// StatusCode is the answer of /api/status/, with the token where the cluster file has one. 403 without a token is what a
	// NetBox with LOGIN_REQUIRED answers.
	StatusCode int    `json:"status_code" about:"HTTP status of /api/status/"`
	Version    string `json:"version" about:"NetBox's version"`
	Hostname   string `json:"hostname" about:"the host that answered, as it calls itself"`
	// Workers counts registrations, some of which may be of workers that are gone.
	Workers int               `json:"workers" about:"rq workers that are registered, as NetBox says"`
	Plugins map[string]string `json:"plugins" about:"plugin to version"`
	Unread  map[string]string `json:"unread" gate:"-"`
}

// Blind says why a field is not a fact now.
func (m NetBoxMember) Blind(field string) string {
	if field == "node" {
		return ""
	}
	return either(m.Seen.Blind(field), m.Unread[field])
}

// Queue is one rq queue.
type Queue struct {
	Name    string `json:"name" about:"high, default or low"`
	Waiting int    `json:"waiting" about:"jobs that wait"`
	Failed  int    `json:"failed" about:"jobs in its registry of failures"`
}

// Worker is one registered rq worker.
type Worker struct {
	Name string `json:"name" about:"its name"`
	Host string `json:"host" about:"the host it says it runs on"`
	// Heartbeat is how long ago it last said that it lives.
	Heartbeat float64 `json:"heartbeat" about:"seconds since its last heartbeat"`
	State     string  `json:"state" about:"idle, busy or suspended"`
}

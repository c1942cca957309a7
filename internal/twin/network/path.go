package network

// path is how the packets of a connection's client fare.
type path int

const (
	// flows is a client that reaches the server.
	flows path = iota
	// silent is a client whose packets nobody answers.
	silent
	// strays is a client whose packets come to another host than the server, which knows nothing of the connection.
	strays
)

// questions remembers the World's answers for one Settle: many connections ask the same.
type questions struct {
	world  World
	paths  map[[3]string]path
	living map[string]bool
}

func newQuestions(w World) *questions {
	return &questions{world: w, paths: map[[3]string]path{}, living: map[string]bool{}}
}

func (q *questions) alive(host string) bool {
	a, known := q.living[host]
	if !known {
		a = q.world.Alive(host)
		q.living[host] = a
	}
	return a
}

// path is how packets of a client to an address fare, for a connection to a server.
func (q *questions) path(client, server, address string) path {
	key := [3]string{client, server, address}
	p, known := q.paths[key]
	if !known {
		p = q.ask(client, server, address)
		q.paths[key] = p
	}
	return p
}

func (q *questions) ask(client, server, address string) path {
	holder := client
	if address != "" {
		var ok bool
		if holder, ok = q.world.Holder(client, address); !ok {
			return silent
		}
	}
	switch {
	case !q.alive(client) || !q.alive(holder) || holder != client && !q.world.Reaches(client, holder):
		return silent
	case holder != server:
		return strays
	}
	return flows
}

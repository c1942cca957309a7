package resp

import (
	"slices"
	"strings"
	"sync"
)

// Topics are the channels of publish and subscribe of one server. The zero value is ready.
type Topics struct {
	mu   sync.Mutex
	subs map[*Conn]*subscriptions
}

// subscriptions are what one client listens to, in its order.
type subscriptions struct {
	of       *Topics
	channels []string
	patterns []string
}

func (s *subscriptions) count() int { return len(s.channels) + len(s.patterns) }

// Handle answers SUBSCRIBE, PSUBSCRIBE, their ends and PUBLISH, and in RESP2 whatever a subscriber says; it says whether it
// did. A Handle begins with it.
func (t *Topics) Handle(c *Conn, args [][]byte) bool {
	verb := strings.ToLower(string(args[0]))
	switch verb {
	case "subscribe", "psubscribe":
		if len(args) < 2 {
			c.Arity(verb)
			return true
		}
		t.change(c, verb, args[1:])
		return true
	case "unsubscribe", "punsubscribe":
		t.change(c, verb, args[1:])
		return true
	}
	if c.Protocol() < 3 && c.listens() {
		if verb == "ping" {
			word := ""
			if len(args) > 1 {
				word = string(args[1])
			}
			c.Bulks("pong", word)
			return true
		}
		c.Error("ERR Can't execute '" + verb + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context")
		return true
	}
	if verb == "publish" {
		if len(args) != 3 {
			c.Arity(verb)
		} else {
			c.Int(int64(t.Publish(string(args[1]), string(args[2]))))
		}
		return true
	}
	return false
}

// Publish sends a message to whoever listens to a channel, and returns how many messages that were.
func (t *Topics) Publish(channel, message string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for c, s := range t.subs {
		if slices.Contains(s.channels, channel) {
			c.Push("message", channel, message)
			n++
		}
		for _, p := range s.patterns {
			if glob(p, channel) {
				c.Push("pmessage", p, channel, message)
				n++
			}
		}
	}
	return n
}

// change subscribes or unsubscribes, and confirms each name: before any message of it, and behind the answers to what the
// client said before.
func (t *Topics) change(c *Conn, verb string, args [][]byte) {
	c.flush()
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.subs[c]
	if s == nil {
		s = &subscriptions{of: t}
		if t.subs == nil {
			t.subs = map[*Conn]*subscriptions{}
		}
		t.subs[c] = s
		c.listen(s)
	}
	list := &s.channels
	if strings.HasPrefix(verb, "p") {
		list = &s.patterns
	}
	var names []string
	for _, a := range args {
		names = append(names, string(a))
	}
	leave := strings.HasSuffix(verb, "unsubscribe")
	if leave && len(names) == 0 {
		names = slices.Clone(*list)
	}
	for _, name := range names {
		at := slices.Index(*list, name)
		switch {
		case leave && at >= 0:
			*list = slices.Delete(*list, at, at+1)
		case !leave && at < 0:
			*list = append(*list, name)
		}
		n := s.count()
		c.out.send(c.pushed(3, []string{verb, name}, &n), false)
	}
	if len(names) == 0 {
		// There was nothing to leave, which is confirmed as well.
		n := s.count()
		c.out.send(c.unsubscribedNothing(verb, n), false)
	}
	if s.count() == 0 {
		delete(t.subs, c)
		c.listen(nil)
	}
}

// listens says whether the client has subscriptions.
func (c *Conn) listens() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.topics != nil
}

func (c *Conn) listen(s *subscriptions) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.topics = s
}

// leaveTopics ends the client's subscriptions.
func (c *Conn) leaveTopics() {
	c.mu.Lock()
	s := c.topics
	c.topics = nil
	c.mu.Unlock()
	if s != nil {
		s.of.mu.Lock()
		defer s.of.mu.Unlock()
		delete(s.of.subs, c)
	}
}

// glob says whether a pattern of Redis matches: *, ?, [a-c], [^a] and \ before what shall stand for itself; util.c,
// stringmatchlen.
func glob(pattern, s string) bool {
	for pattern != "" {
		switch pattern[0] {
		case '*':
			for i := range len(s) + 1 {
				if glob(pattern[1:], s[i:]) {
					return true
				}
			}
			return false
		case '[':
			if s == "" {
				return false
			}
			in, rest := class(pattern[1:], s[0])
			if !in {
				return false
			}
			pattern, s = rest, s[1:]
			continue
		case '?':
			if s == "" {
				return false
			}
		case '\\':
			if len(pattern) > 1 {
				pattern = pattern[1:]
			}
			fallthrough
		default:
			if s == "" || s[0] != pattern[0] {
				return false
			}
		}
		pattern, s = pattern[1:], s[1:]
	}
	return s == ""
}

// class says whether a byte is in a class, whose opening bracket was read, and returns what follows it.
func class(p string, b byte) (in bool, rest string) {
	not := strings.HasPrefix(p, "^")
	p = strings.TrimPrefix(p, "^")
	for p != "" && p[0] != ']' {
		switch {
		case p[0] == '\\' && len(p) > 1:
			in = in || p[1] == b
			p = p[2:]
		case len(p) > 2 && p[1] == '-':
			low, high := min(p[0], p[2]), max(p[0], p[2])
			in = in || b >= low && b <= high
			p = p[3:]
		default:
			in = in || p[0] == b
			p = p[1:]
		}
	}
	return in != not, strings.TrimPrefix(p, "]")
}

package remote

import (
	"golang.org/x/crypto/ssh"

	"recon/internal/scrub"
)

// hear takes the requests of the channel, which end with it.
func (s *session) hear(requests <-chan *ssh.Request) {
	defer close(s.closed)
	for r := range requests {
		var st status
		switch r.Type {
		case "exit-status":
			var m struct{ Code uint32 }
			if ssh.Unmarshal(r.Payload, &m) == nil {
				st.code = int(m.Code)
				s.settle(st)
			}
		case "exit-signal":
			var m struct {
				Signal string
				Core   bool
				Text   string
				Lang   string
			}
			if ssh.Unmarshal(r.Payload, &m) == nil {
				st.code, st.signal = -1, scrub.Line(m.Signal)
				s.settle(st)
			}
		}
		if r.WantReply {
			// The connection may be gone; the end of requests says so.
			_ = r.Reply(false, nil)
		}
	}
}

func (s *session) settle(st status) {
	select {
	case s.status <- st:
	default:
	}
}

// feed writes standard input. Its errors are the command's affair: it may end before it has read everything.
func (s *session) feed() {
	for p := range s.input {
		if _, err := s.ch.Write(p); err != nil {
			for range s.input {
				// Whoever sends must not wait for a command that reads no more.
			}
			return
		}
	}
	_ = s.ch.CloseWrite()
}

func (s *session) send(p []byte) {
	if len(p) > 0 && !s.inputEnd {
		s.input <- p
	}
}

func (s *session) endInput() {
	if !s.inputEnd {
		s.inputEnd = true
		close(s.input)
	}
}

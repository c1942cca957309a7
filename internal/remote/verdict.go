package remote

import (
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"

	"recon/internal/scrub"
)

func (s *session) exit(kind ExitKind, reason string) Exit {
	e := Exit{Kind: kind, Reason: scrub.Line(reason), Began: s.began, Duration: time.Since(s.began)}
	if s.got != nil && kind != NotStarted {
		e.Code, e.Signal = s.got.code, s.got.signal
	}
	return e
}

// verdict is what an ended session proves.
func (s *session) verdict() Exit {
	if !s.went {
		if s.got == nil {
			if why := s.waitLost(); why != nil {
				return s.exit(NotStarted, why.Error()+"; nothing ran")
			}
		}
		why, _ := s.refusal()
		return s.exit(NotStarted, why)
	}
	if s.got == nil {
		return s.exit(Unknown, s.lost())
	}
	switch st := *s.got; {
	case st.signal != "" && s.talk != nil:
		return s.exit(Unknown, fmt.Sprintf("signal %s is reported of %s, which does not prove that the command ended", st.signal, s.talk.method))
	case st.signal != "":
		return s.exit(Signalled, "ended by signal "+st.signal)
	case st.code == 0:
		return s.exit(OK, "")
	case s.talk != nil && st.code > 128 && st.code <= 192:
		// su reports its own death by a signal in the same way as the command's.
		return s.exit(Unknown, fmt.Sprintf("exit status %d under %s stands for signal %d, which does not prove that the command ended",
			st.code, s.talk.method, st.code-128))
	default:
		return s.exit(Failed, fmt.Sprintf("exit status %d", st.code))
	}
}

// lost is why there is no exit status.
func (s *session) lost() string {
	if why := s.waitLost(); why != nil {
		return why.Error() + "; the command may still be running"
	}
	return "the host ended the session without an exit status"
}

// waitLost gives a broken connection the moment that it needs to say why it broke: its channels end first.
func (s *session) waitLost() error {
	if s.c.stream.ended.Load() {
		select {
		case <-s.c.done:
		case <-time.After(time.Second):
		}
	}
	if s.c.cause() != nil {
		return s.c.broken(nil)
	}
	return nil
}

// stop ends the command if that can be done and proven. Without sudo and su sshd signals the command's process group; the
// proof is the exit status together with the end of the output, which every process of the group had open. Under sudo and
// su a signal reaches the wrong process, so nothing is sent and nothing is known.
func (s *session) stop(kind ExitKind, why string) Exit {
	// What has ended by itself was not stopped.
	if s.over(isClosed(s.drained), isClosed(s.closed)) {
		return s.verdict()
	}
	if !s.went {
		return s.exit(NotStarted, why+" before the other user was reached; nothing ran")
	}
	if s.talk != nil {
		return s.exit(Unknown, fmt.Sprintf("%s; the command may still be running: what %s started does not end with the connection", why, s.talk.method))
	}
	for _, step := range []struct {
		signal ssh.Signal
		grace  time.Duration
	}{{ssh.SIGTERM, s.c.timing.term}, {ssh.SIGKILL, s.c.timing.kill}} {
		go func() {
			// Lost signals show as a command that does not end.
			_, _ = s.ch.SendRequest("signal", false, ssh.Marshal(struct{ Name string }{string(step.signal)}))
		}()
		if s.ends(step.grace) {
			return s.exit(kind, why)
		}
	}
	if s.got == nil && s.c.cause() != nil {
		return s.exit(Unknown, why+"; "+s.lost())
	}
	return s.exit(Unknown, why+"; the command did not end with SIGTERM and SIGKILL and may still be running")
}

// ends waits for the proof that the command has ended.
func (s *session) ends(within time.Duration) bool {
	limit := time.After(within)
	drained := s.drained
	for s.got == nil || drained != nil {
		select {
		case st := <-s.status:
			s.got = &st
		case <-drained:
			drained = nil
		case <-s.c.done:
			return false
		case <-limit:
			return false
		}
	}
	return true
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

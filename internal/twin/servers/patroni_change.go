package servers

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"recon/internal/twin/world"
)

// change is what a request with the right password asks for.
func (p *patroni) change(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return // the caller went away
	}
	var in map[string]any
	if len(body) > 0 && json.Unmarshal(body, &in) != nil {
		answer(w, http.StatusBadRequest, "invalid json")
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "PATCH /config":
		p.patch(w, in)
	case "POST /switchover", "POST /failover":
		p.switchover(w, r, in)
	case "DELETE /switchover":
		p.flush(w)
	case "POST /restart":
		p.restart(w, r)
	case "POST /reload":
		p.world.Change(func() { err = p.world.Host(p.host).Reload(world.PatroniUnit) })
		if err != nil {
			answer(w, http.StatusInternalServerError, err.Error())
			return
		}
		answer(w, http.StatusAccepted, "reload scheduled")
	case "POST /reinitialize":
		p.reinitialize(w)
	default:
		answer(w, http.StatusNotFound, "Not Found")
	}
}

func (p *patroni) patch(w http.ResponseWriter, in map[string]any) {
	var err error
	var now json.RawMessage
	p.world.Change(func() {
		if err = p.world.Configure(in); err == nil {
			now = raw(&p.world.Etcd, "config", "{}")
		}
	})
	if err != nil {
		answer(w, http.StatusInternalServerError, err.Error())
		return
	}
	answerJSON(w, http.StatusOK, now)
}

func text(in map[string]any, name string) string {
	s, _ := in[name].(string)
	return s
}

// switchover answers when the new leader leads, as Patroni does.
func (p *patroni) switchover(w http.ResponseWriter, r *http.Request, in map[string]any) {
	f := world.Failover{Leader: text(in, "leader"), Candidate: text(in, "candidate"), At: text(in, "scheduled_at")}
	if r.URL.Path == "/switchover" && f.Leader == "" {
		answer(w, http.StatusBadRequest, "Switchover could be performed only from a specific leader")
		return
	}
	if f.At != "" {
		at, err := time.Parse(time.RFC3339Nano, f.At)
		if err != nil {
			answer(w, http.StatusUnprocessableEntity, "Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601")
			return
		}
		if !at.After(p.world.Now()) {
			answer(w, http.StatusUnprocessableEntity, "Cannot schedule switchover in the past")
			return
		}
	}
	var err error
	old := ""
	p.world.Change(func() {
		if l := p.world.Leader(); l != nil {
			old = l.Name
		}
		err = p.world.Switchover(f)
	})
	if err != nil {
		answer(w, http.StatusPreconditionFailed, err.Error())
		return
	}
	if f.At != "" {
		answer(w, http.StatusAccepted, "Switchover scheduled")
		return
	}
	now := ""
	done := p.wait(r, 20*time.Second, func() bool {
		if l := p.world.Leader(); l != nil && l.Name != old {
			now = l.Name
		}
		return now != ""
	})
	switch {
	case !done:
		answer(w, http.StatusServiceUnavailable, "Switchover status unknown")
	case f.Candidate != "" && now != f.Candidate:
		answer(w, http.StatusOK, fmt.Sprintf("Switched over to \"%s\" instead of \"%s\"", now, f.Candidate))
	default:
		answer(w, http.StatusOK, fmt.Sprintf("Successfully switched over to \"%s\"", now))
	}
}

func (p *patroni) flush(w http.ResponseWriter) {
	scheduled := false
	p.world.Change(func() {
		if f, ok := p.world.Failover(); ok && f.At != "" {
			scheduled = true
			p.world.Delete(world.Prefix+"failover", "")
		}
	})
	if !scheduled {
		answer(w, http.StatusNotFound, "no switchover is scheduled")
		return
	}
	answer(w, http.StatusOK, "scheduled switchover deleted")
}

func (p *patroni) restart(w http.ResponseWriter, r *http.Request) {
	running := false
	p.world.Change(func() {
		h := p.world.Host(p.host)
		if running = h.Postgres.Accepts(p.world.Time()); running {
			p.world.RestartPostgres(h)
		}
	})
	if !running {
		answer(w, http.StatusServiceUnavailable, "postgres is not running")
		return
	}
	done := p.wait(r, time.Minute, func() bool {
		h := p.world.Host(p.host)
		return h.Patroni.Doing == "" && h.Postgres.Accepts(p.world.Time())
	})
	if !done {
		answer(w, http.StatusServiceUnavailable, "restart failed")
		return
	}
	answer(w, http.StatusOK, "restarted successfully")
}

func (p *patroni) reinitialize(w http.ResponseWriter) {
	why := ""
	p.world.Change(func() { why = p.world.Reinitialize(p.world.Host(p.host)) })
	if why != "" {
		answer(w, http.StatusServiceUnavailable, why)
		return
	}
	answer(w, http.StatusOK, "reinitialize started")
}

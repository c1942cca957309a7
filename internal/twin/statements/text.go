package statements

import (
	"sync"

	"recon/internal/twin/pgwire"
	"recon/internal/twin/selects"
)

// text is a statement as it was read: nothing of it depends on the server.
type text struct {
	tokens []pgwire.Token
	// selection is the SELECT that it is; wrong says why it is none.
	selection *selects.Select
	wrong     error
}

// mostTexts is how many statements a server remembers.
const mostTexts = 256

// A library is the statements that were read lately: who looks after a server asks the same ones again and again.
type library struct {
	mu  sync.Mutex
	all map[string]*text
}

func (r *library) read(sql string) (*text, error) {
	r.mu.Lock()
	known := r.all[sql]
	r.mu.Unlock()
	if known != nil {
		return known, nil
	}
	tokens, err := pgwire.Tokens(sql)
	if err != nil {
		return nil, err
	}
	t := &text{tokens: tokens}
	switch {
	case len(tokens) == 0:
		t.wrong = &selects.Unknown{What: "it is empty"}
	case !tokens[0].Is("select"):
		t.wrong = &selects.Unknown{What: "at or near " + sql[tokens[0].From:tokens[0].To]}
	default:
		t.selection, t.wrong = selects.Parse(sql)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil || len(r.all) >= mostTexts {
		r.all = map[string]*text{}
	}
	r.all[sql] = t
	return t, nil
}

package runbooks

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// restPaths are what Patroni's REST API knows. An unknown path falls into its health check and answers 503, never 404
// (patroni/api.py), so that a typo looks like a sick cluster.
func restPaths() map[string][]string {
	read := []string{
		"/", "/primary", "/read-write", "/leader", "/standby-leader", "/replica", "/read-only", "/synchronous", "/sync", "/quorum",
		"/read-only-sync", "/read-only-quorum", "/asynchronous", "/async", "/health", "/liveness", "/readiness", "/patroni", "/cluster",
		"/history", "/config", "/metrics", "/failsafe",
	}
	return map[string][]string{
		"GET": read, "HEAD": read, "OPTIONS": read, "PATCH": {"/config"}, "PUT": {"/config"}, "DELETE": {"/switchover", "/restart"},
		"POST": {"/switchover", "/failover", "/restart", "/reload", "/reinitialize"},
	}
}

// call is a request as its block says it.
type call struct {
	method, path string
	body         map[string]any
}

// request reads an http block: a request line, headers, an empty line, a JSON body.
func (r *reader) request(c *Command, f *fence) {
	if a, ok := f.get("expect"); ok {
		c.Expect = unquoted(a.value)
		if n, err := strconv.Atoi(c.Expect); err != nil || n < 100 || n > 599 {
			r.problem(f.line, a.valueColumn, "`expect` of an http block is a status, not `"+c.Expect+"`", "write expect=200")
		}
	}
	if strings.TrimSpace(c.Script) == "" {
		return
	}
	head, body, _ := strings.Cut(c.Script, "\n\n")
	lines := strings.Split(strings.TrimRight(head, "\n"), "\n")
	words := strings.Fields(lines[0])
	switch {
	case len(words) < 2 || len(words) > 3 || len(words) == 3 && !strings.HasPrefix(words[2], "HTTP/1."):
		r.problem(f.bodyLine, 1, "`"+lines[0]+"` is not a request line", "write for example `POST /switchover`")
		return
	case restPaths()[words[0]] == nil:
		r.problem(f.bodyLine, 1, "Patroni's REST API knows no "+words[0], meant(words[0], []string{"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"}))
		return
	}
	path, _, _ := strings.Cut(words[1], "?")
	if paths := restPaths()[words[0]]; !slices.Contains(paths, path) {
		hint := meant(path, paths)
		r.problem(f.bodyLine, strings.Index(lines[0], words[1])+1, "Patroni's REST API knows no "+words[0]+" "+path, hint)
	}
	for i, l := range lines[1:] {
		key, _, ok := strings.Cut(l, ":")
		switch {
		case !ok || strings.TrimSpace(key) == "" || strings.ContainsAny(strings.TrimSpace(key), " \t"):
			r.problem(f.bodyLine+1+i, 1, "`"+l+"` is not a header", "an empty line stands between the headers and the body")
		case strings.EqualFold(strings.TrimSpace(key), "authorization"):
			r.problem(f.bodyLine+1+i, 1, "a book carries no credentials", "they come from the cluster file")
		}
	}
	if strings.TrimSpace(body) != "" {
		var tree any
		if err := json.Unmarshal([]byte(body), &tree); err != nil {
			r.problem(f.bodyLine+len(lines)+1, 1, "the body is not JSON: "+err.Error(), `a value stands as "$NAME", in quotes`)
		}
	}
}

// parseCall reads the script of an http block that was found sound.
func parseCall(script string) call {
	head, body, _ := strings.Cut(script, "\n\n")
	words := strings.Fields(head)
	var c call
	if len(words) >= 2 {
		c.method = words[0]
		c.path, _, _ = strings.Cut(words[1], "?")
	}
	// What is no JSON object has no keys to look at; request has reported what is no JSON at all.
	if json.Unmarshal([]byte(body), &c.body) != nil {
		c.body = nil
	}
	return c
}

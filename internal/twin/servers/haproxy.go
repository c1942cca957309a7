package servers

import (
	"fmt"
	"net/http"
	"strings"

	"recon/internal/twin/world"
)

// HAProxyStats is the statistics page of a host, in CSV, behind its password.
func HAProxyStats(w *world.World, host string) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/alive" {
			rw.Header().Set("Content-Type", "text/html")
			fmt.Fprint(rw, "<html><body><h1>200 OK</h1>\nService ready.\n</body></html>\n")
			return
		}
		user, password, _ := r.BasicAuth()
		ok, body := false, ""
		w.Look(func() {
			if ok = user == "stats" && password == w.Plan.Secret["haproxy"]; ok {
				body = ShowStat(w, w.Host(host))
			}
		})
		switch {
		case !ok:
			rw.Header().Set("WWW-Authenticate", `Basic realm="HAProxy Statistics"`)
			rw.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(rw, "<html><body><h1>401 Unauthorized</h1>\nYou need a valid user and password to access this content.\n</body></html>\n")
		case strings.HasSuffix(r.URL.Path, ";csv"):
			rw.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(rw, body)
		default:
			rw.Header().Set("Content-Type", "text/html")
			fmt.Fprint(rw, "<html><head><title>Statistics Report for HAProxy</title></head><body><h1><a href=\"http://www.haproxy.org/\">HAProxy version "+haproxyVersion+", released "+haproxyReleased+"</a></h1></body></html>\n")
		}
	})
}

package servers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"recon/internal/twin/world"
)

// NetBoxVersion is the NetBox that the training cluster pretends to be.
const NetBoxVersion = "4.5.1"

// NetBoxApp is the application behind the proxy.
func NetBoxApp(w *world.World, host string) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		status, workers, token, version := 0, 0, "", NetBoxVersion
		w.Look(func() {
			h := w.Host(host)
			status, token = w.PageOf(h), w.Plan.Secret["netbox-token"]
			if h.NetBox.Version != "" {
				version = h.NetBox.Version
			}
			for _, o := range w.Nodes() {
				if o.Redis.Master && o.Redis.Running {
					workers = len(o.Redis.Data.Workers)
				}
			}
		})
		rw.Header().Set("Server", "gunicorn")
		switch {
		case status != http.StatusOK:
			page(rw, http.StatusInternalServerError, "Server Error", "<class 'django.db.utils.OperationalError'>")
		case r.URL.Path == "/login/":
			rw.Header().Set("Set-Cookie", "csrftoken=training; Path=/; SameSite=Lax; Secure")
			page(rw, http.StatusOK, "Home | NetBox", `<form method="post"><input name="username"><input name="password" type="password"></form>`)
		case r.URL.Path == "/api/status/":
			if a := r.Header.Get("Authorization"); a != "Token "+token && a != "Bearer "+token {
				rw.Header().Set("Content-Type", "application/json")
				rw.WriteHeader(http.StatusForbidden)
				fmt.Fprint(rw, `{"detail":"Authentication credentials were not provided."}`)
				return
			}
			rw.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(rw).Encode(map[string]any{ // a caller that hung up wants no answer
				"django-version": "5.2.9", "hostname": host, "installed-apps": map[string]string{}, "netbox-version": version, "netbox-full-version": version + "-Docker",
				"plugins": map[string]string{}, "python-version": "3.13.5", "rq-workers-running": workers,
			})
		case r.URL.Path == "/":
			rw.Header().Set("Location", "/login/?next=/")
			rw.WriteHeader(http.StatusFound)
		default:
			page(rw, http.StatusNotFound, "Page Not Found", "")
		}
	})
}

func page(rw http.ResponseWriter, status int, title, body string) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(status)
	fmt.Fprintf(rw, "<!DOCTYPE html>\n<html><head><title>%s</title></head><body><h1>%s</h1>%s</body></html>\n", title, title, body)
}

// WebPlain is the proxy's port 80: it says that it lives, and sends everybody to https.
func WebPlain() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Server", "nginx")
		if r.URL.Path == "/alive" {
			fmt.Fprintln(rw, "alive")
			return
		}
		rw.Header().Set("Location", "https://"+strings.Split(r.Host, ":")[0]+r.URL.RequestURI())
		rw.WriteHeader(http.StatusMovedPermanently)
	})
}

// Web is the proxy's port 443: the application's answer, or 502 when it does not answer.
func Web(w *world.World, host string) http.Handler {
	app := NetBoxApp(w, host)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		runs := false
		w.Look(func() { runs = w.Host(host).NetBox.App })
		if !runs {
			rw.Header().Set("Server", "nginx")
			rw.Header().Set("Content-Type", "text/html")
			rw.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(rw, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")
			return
		}
		app.ServeHTTP(named{rw}, r)
	})
}

// named puts the proxy's name over the application's.
type named struct{ http.ResponseWriter }

func (n named) WriteHeader(status int) {
	n.Header().Set("Server", "nginx")
	n.ResponseWriter.WriteHeader(status)
}

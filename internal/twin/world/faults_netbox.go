package world

import (
	"fmt"
	"io/fs"
	"strings"
)

func (w *World) pausePools(args []string) (string, error) {
	hosts := w.named(args)
	for _, h := range hosts {
		if p := h.Bouncer.Databases["netbox"]; p != nil {
			p.Paused = true
		}
	}
	return "left netbox paused in PgBouncer on " + strings.Join(names(hosts), ", "), nil
}

func (w *World) wrongUserList(args []string) (string, error) {
	hosts := w.named(args)
	for _, h := range hosts {
		var out []string
		for line := range strings.Lines(h.text(UserList)) {
			for _, user := range []string{"netbox", "recon"} {
				if rest, ok := strings.CutPrefix(line, `"`+user+`" "`); ok {
					line = `"` + user + `" "not-the-password" "` + rest
				}
			}
			out = append(out, line)
		}
		if err := h.Files.WriteFile(UserList, []byte(strings.Join(out, "")), 0, ""); err != nil {
			return "", err
		}
		if err := h.Reload(BouncerUnit); err != nil {
			return "", err
		}
	}
	return "wrote wrong passwords of netbox and recon into PgBouncer's user list on " + strings.Join(names(hosts), ", "), nil
}

func (w *World) dropDatabase(args []string) (string, error) {
	hosts := w.named(args)
	for _, h := range hosts {
		if err := h.edit(BouncerFile, "\nnetbox = ", "\n;fault; netbox = "); err != nil {
			return "", err
		}
		if err := h.Reload(BouncerUnit); err != nil {
			return "", err
		}
	}
	return "took the database netbox out of PgBouncer's configuration on " + strings.Join(names(hosts), ", "), nil
}

func (w *World) killNetBox(args []string) (string, error) {
	hosts := w.named(args)
	for _, h := range hosts {
		h.Kill(NetBoxUnit, true)
	}
	return fmt.Sprintf("killed NetBox on %s; its unit stays stopped", strings.Join(names(hosts), ", ")), nil
}

func (w *World) killWorkers([]string) (string, error) {
	for _, h := range w.Nodes() {
		h.Kill(WorkerUnit, true)
	}
	if r := w.redisMaster(); r != nil {
		r.Redis.Data.Jobs = append(r.Redis.Data.Jobs, "2f7c1a52-77be-4a3c-9d0f-0c2f7a6b1d11")
	}
	return "killed the workers on every node, and left a job that nobody takes", nil
}

func (w *World) certificate(what string, kind CertificateKind) breaker {
	return func(args []string) (string, error) {
		hosts := w.named(args)
		for _, h := range hosts {
			own := h.text(Certificate)
			if err := h.Files.WriteFile(Certificate+".own", []byte(own), fs.FileMode(0o644), "root:root"); err != nil {
				return "", err
			}
			spoilt, err := resign(h.text(certificateKey), h.Clock(), kind)
			if err != nil {
				return "", err
			}
			if err := h.Files.WriteFile(Certificate, []byte(spoilt), 0, ""); err != nil {
				return "", err
			}
			if err := h.Reload(WebUnit); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("the web proxy on %s serves a certificate with %s", strings.Join(names(hosts), ", "), what), nil
	}
}

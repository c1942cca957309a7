package inventory

import (
	"regexp"

	"github.com/goccy/go-yaml/ast"
)

// portApart is a port that cannot be another's.
func portApart(name string, to, other *int) field {
	f := port(name, to)
	read := f.read
	f.read = func(r *reader, n ast.Node) {
		read(r, n)
		if *to == *other {
			r.problem(begin(n), name+" is the port of the clients too", "give each its own")
		}
	}
	return f
}

// tlsKeys are scheme and tls. A certificate without its key, and files that plain http would not use, are problems.
func tlsKeys(scheme *string, t *TLS) []field {
	keys := []field{
		localPath("ca", &t.CA), localPath("cert", &t.Cert), localPath("key", &t.Key),
		{name: "server_name", read: func(r *reader, n ast.Node) {
			hint := "write the name in the server's certificate"
			if s, ok := r.text(n, hint); ok {
				if !hostName(s) {
					r.problem(begin(n), quote(s)+" is not a host name", hint)
					return
				}
				t.ServerName = s
			}
		}},
	}
	return []field{
		choice("scheme", scheme, "http", "https"),
		{name: "tls", keys: keys, read: func(r *reader, n ast.Node) {
			before := len(r.problems)
			r.object(n, begin(n), keys)
			if len(r.problems) == before && (t.Cert == "") != (t.Key == "") {
				r.problem(begin(n), "tls has one of cert and key", "name both, or none")
			}
			switch *scheme {
			case "http":
				r.problem(begin(n), "tls is given and scheme is http", "write `scheme: https`, or take tls out")
			case "":
				*scheme = "https"
			}
		}},
	}
}

// dataDirs are data_dir and bin_dir. The second follows from the first where that tells the version, as with the packages of
// Debian and Red Hat; elsewhere it must be given.
func dataDirs(p *Postgres) []field {
	data, bin := hostPath("data_dir", &p.DataDir).required(), hostPath("bin_dir", &p.BinDir)
	read := data.read
	data.read = func(r *reader, n ast.Node) {
		read(r, n)
		p.BinDir = packagedBinDir(p.DataDir)
	}
	bin.need = func() bool { return p.DataDir != "" && p.BinDir == "" }
	return []field{data, bin}
}

var (
	debianData = regexp.MustCompile(`\A/var/lib/postgresql/([0-9]+)/`)
	redHatData = regexp.MustCompile(`\A/var/lib/pgsql/([0-9]+)/`)
)

func packagedBinDir(dataDir string) string {
	if m := debianData.FindStringSubmatch(dataDir); m != nil {
		return "/usr/lib/postgresql/" + m[1] + "/bin"
	}
	if m := redHatData.FindStringSubmatch(dataDir); m != nil {
		return "/usr/pgsql-" + m[1] + "/bin"
	}
	return ""
}

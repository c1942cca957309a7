package lab

// files are the operator's: one a secret, as the cluster file names them.
func (s secrets) files(dir string) []file {
	var all []file
	for _, one := range []struct{ name, secret string }{
		{"root", s.root},
		{"patroni", s.patroni},
		{"postgres", s.monitoring},
		{"postgres-superuser", s.superuser},
		{"redis", s.redis},
		{"sentinel", s.sentinel},
		{"haproxy", s.haproxy},
		{"pgbouncer", s.pgbouncer},
		{"netbox-admin", s.netboxAdmin},
		{"netbox-token", s.netboxToken},
	} {
		all = append(all, file{dir + "/" + one.name, one.secret + "\n", 0o600, annaID})
	}
	return all
}

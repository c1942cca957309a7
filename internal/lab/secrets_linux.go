package lab

// files are the operator's: one a secret, for those who type commands.
func (s secrets) files(dir string) []file {
	var all []file
	for _, one := range []struct{ name, key string }{
		{"patroni", "patroni_rest_password"},
		{"postgres", "recon_database_password"},
		{"postgres-superuser", "patroni_superuser_password"},
		{"redis", "redis_password"},
		{"sentinel", "sentinel_password"},
		{"haproxy", "haproxy_stats_password"},
		{"pgbouncer", "pgbouncer_admin_password"},
		{"netbox-admin", "netbox_admin_password"},
		{"netbox-token", "netbox_admin_token"},
	} {
		all = append(all, file{dir + "/" + one.name, s.Secrets[one.key] + "\n", 0o600, annaID})
	}
	return all
}

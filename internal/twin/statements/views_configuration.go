package statements

func configurationViews() []view {
	return []view{
		{
			name: "pg_settings", about: "settings, as this session has them",
			columns: "name text, setting text, unit text, category text, short_desc text, extra_desc text, context text, vartype text, source text, " +
				"min_val text, max_val text, enumvals text[], boot_val text, reset_val text, sourcefile text, sourceline int4, pending_restart bool",
			rows: func(q *query) ([][]any, error) {
				var out [][]any
				for _, server := range q.Settings {
					s, _ := q.ofSession(server.Name)
					file, line := null(s.File), unless(s.Line)
					if !q.monitor() {
						file, line = nil, nil
					}
					out = append(out, []any{
						s.Name, s.Value, null(s.Unit), nil, nil, nil, s.Context, s.Kind, s.Source, nil, nil, nil, s.Boot, server.Value, file, line, server.PendingRestart,
					})
				}
				return out, nil
			},
		},
		{
			name: "pg_file_settings", about: "lines of the configuration files, with their errors",
			columns: "sourcefile text, sourceline int4, seqno int4, name text, setting text, applied bool, error text",
			rows: func(q *query) ([][]any, error) {
				if !q.superuser() {
					return nil, denied("for view pg_file_settings")
				}
				var out [][]any
				for _, f := range q.FileSettings {
					out = append(out, []any{f.File, f.Line, f.Seq, null(f.Name), null(f.Setting), f.Applied, null(f.Error)})
				}
				return out, nil
			},
		},
		{
			name: "pg_hba_file_rules", about: "lines of pg_hba.conf, with their errors",
			columns: "rule_number int4 16, file_name text 16, line_number int4, type text, database text[], user_name text[], address text, netmask text, " +
				"auth_method text, options text[], error text",
			rows: func(q *query) ([][]any, error) {
				if !q.superuser() {
					return nil, denied("for view pg_hba_file_rules")
				}
				var out [][]any
				for _, h := range q.HBA {
					row := []any{h.Line, null(h.Type), list(h.Databases), list(h.Users), null(h.Address), null(h.Netmask), null(h.Method), list(h.Options), null(h.Error)}
					if q.Version >= 160000 {
						row = append([]any{unless(h.Rule), h.File}, row...)
					}
					out = append(out, row)
				}
				return out, nil
			},
		},
		{
			name: "pg_db_role_setting", about: "settings of databases and roles",
			columns: "setdatabase oid, setrole oid, setconfig text[]",
			rows: func(q *query) ([][]any, error) {
				var out [][]any
				for _, s := range q.RoleSettings {
					var role uint32
					if s.Role != "" {
						role = q.role(s.Role).OID
					}
					out = append(out, []any{q.databaseOID(s.Database), role, s.Settings})
				}
				return out, nil
			},
		},
		{
			name: "pg_roles", about: "roles",
			columns: "rolname name, rolsuper bool, rolinherit bool, rolcreaterole bool, rolcreatedb bool, rolcanlogin bool, rolreplication bool, " +
				"rolconnlimit int4, rolpassword text, rolvaliduntil timestamptz, rolbypassrls bool, rolconfig text[], oid oid",
			rows: func(q *query) ([][]any, error) {
				var out [][]any
				for _, r := range q.Roles {
					limit := r.ConnectionLimit
					if limit == 0 {
						limit = -1
					}
					out = append(out, []any{
						r.Name, r.Superuser, true, r.CreateRole || r.Superuser, r.CreateDB || r.Superuser, r.Login, r.Replication, limit, "********", nil,
						r.BypassRLS || r.Superuser, nil, r.OID,
					})
				}
				return out, nil
			},
		},
		{
			name: "pg_extension", about: "extensions",
			columns: "oid oid, extname name, extversion text",
			rows: func(q *query) ([][]any, error) {
				var out [][]any
				for _, e := range q.Extensions {
					out = append(out, []any{e.OID, e.Name, e.Version})
				}
				return out, nil
			},
		},
	}
}

// list is an array, or NULL when there is none.
func list(values []string) any {
	if values == nil {
		return nil
	}
	return values
}

package statements

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"recon/internal/twin/pgwire"
)

// Setting is a row of pg_settings.
type Setting struct {
	Name string
	// Value is in Unit, as in the column setting; Boot is the built-in default.
	Value, Unit, Boot string
	// Context is postmaster when a change needs a restart; Kind is bool, integer, real, string or enum.
	Context, Kind string
	// Source is default, configuration file, command line, ...
	Source, File string
	Line         int
	// PendingRestart says that the file has another value, which needs a restart.
	PendingRestart bool
}

//go:embed defaults.tsv
var defaults string

// DefaultSettings are those of a server that nobody has configured, the ones that matter to a cluster. version is
// server_version_num.
func DefaultSettings(version int) []Setting {
	out := slices.Clone(unconfigured())
	for i := range out {
		switch s := &out[i]; s.Name {
		case "server_version":
			s.Value = fmt.Sprintf("%d.%d", version/10000, version%10000)
		case "server_version_num":
			s.Value = strconv.Itoa(version)
		}
	}
	return out
}

// unconfigured are the settings with their defaults; nobody changes them.
var unconfigured = sync.OnceValue(func() []Setting {
	var out []Setting
	for line := range strings.Lines(defaults) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 5 {
			continue // the heading
		}
		out = append(out, Setting{Name: f[0], Kind: f[1], Context: f[2], Unit: f[3], Boot: f[4], Value: f[4], Source: "default"})
	}
	return out
})

// Configure sets one of the settings, as a line of a configuration file does: "200", "128MB", "on". source and file are
// such as "configuration file" and "/var/lib/postgresql/17/main/postgresql.conf". A setting that is not listed is added.
func Configure(settings []Setting, name, value, source, file string, line int) []Setting {
	i := slices.IndexFunc(settings, func(s Setting) bool { return strings.EqualFold(s.Name, name) })
	if i < 0 {
		settings = append(settings, Setting{Name: name, Kind: "string", Context: "user"})
		i = len(settings) - 1
	}
	s := &settings[i]
	s.Value, s.Source, s.File, s.Line = s.inUnit(value), source, file, line
	return settings
}

// units are the lengths and sizes that may be written, in ms and in kB.
var units = map[string]map[string]float64{
	"ms": {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000},
	"kB": {"B": 1. / 1024, "kB": 1, "MB": 1 << 10, "GB": 1 << 20, "TB": 1 << 30},
}

// unit is how much one of the setting's unit is, and of which kind.
func (s *Setting) unit() (kind string, size float64) {
	for kind, sizes := range units {
		if size, ok := sizes[s.Unit]; ok {
			return kind, size
		}
	}
	if s.Unit == "8kB" {
		return "kB", 8
	}
	return "", 0
}

// inUnit is a value as it is written in the column setting.
func (s *Setting) inUnit(value string) string {
	value = strings.TrimSpace(value)
	switch s.Kind {
	case "bool":
		switch strings.ToLower(value) {
		case "on", "true", "yes", "1":
			return "on"
		case "off", "false", "no", "0":
			return "off"
		}
	case "integer":
		kind, size := s.unit()
		end := strings.LastIndexAny(value, "0123456789") + 1
		if times, ok := units[kind][strings.TrimSpace(value[end:])]; ok {
			if n, err := strconv.ParseFloat(value[:end], 64); err == nil {
				return strconv.FormatFloat(n*times/size, 'f', 0, 64)
			}
		}
	}
	return value
}

// Shown is the value with its unit, as SHOW writes it: in the largest unit that divides it.
func (s *Setting) Shown() string {
	kind, size := s.unit()
	n, err := strconv.ParseFloat(s.Value, 64)
	if kind == "" || err != nil || n <= 0 {
		return s.Value
	}
	n *= size
	best, name := 0., ""
	for unit, times := range units[kind] {
		if q := n / times; times > best && q == float64(int64(q)) {
			best, name = times, unit
		}
	}
	return strconv.FormatFloat(n/best, 'f', -1, 64) + name
}

// find is one of the server's settings.
func (q *query) find(name string) (*Setting, bool) {
	i := slices.IndexFunc(q.Settings, func(s Setting) bool { return strings.EqualFold(s.Name, name) })
	if i < 0 {
		return nil, false
	}
	return &q.Settings[i], true
}

// setting is what SHOW tells: the session's own value, else the server's.
func (q *query) setting(name string) (string, bool) {
	s, ok := q.ofSession(name)
	return s.Shown(), ok
}

// ofSession is a setting as the session has it.
func (q *query) ofSession(name string) (Setting, bool) {
	of, ok := q.find(name)
	if !ok {
		of = &Setting{Name: name, Kind: "string"}
	}
	s := *of
	switch strings.ToLower(name) {
	case "application_name":
		s.Value = q.s.Activity().Application
	case "transaction_read_only":
		readOnly, _ := q.setting("default_transaction_read_only")
		s.Value = onOff(q.InRecovery || readOnly == "on")
	case "in_hot_standby":
		s.Value = onOff(q.InRecovery)
	}
	if value, set := q.s.Values[strings.ToLower(name)]; set {
		s.Value, s.Source, s.File, s.Line, ok = s.inUnit(value), "session", "", 0, true
	}
	return s, ok
}

func (q *query) settingOr(name string) (string, error) {
	value, ok := q.setting(name)
	if !ok {
		return "", &pgwire.Error{Code: "42704", Message: fmt.Sprintf("unrecognized configuration parameter %q", name)}
	}
	return value, nil
}

// settingName is the name as the server writes it.
func (q *query) settingName(name string) string {
	if s, ok := q.find(name); ok {
		return s.Name
	}
	return name
}

// setValue is SET.
func (q *query) setValue(name, value string) error {
	s, ok := q.find(name)
	switch {
	case !ok && !strings.Contains(name, "."):
		_, err := q.settingOr(name)
		return err
	case ok && s.Context == "internal":
		return &pgwire.Error{Code: "55P02", Message: fmt.Sprintf("parameter %q cannot be changed", s.Name)}
	case ok && s.Context == "postmaster":
		return &pgwire.Error{Code: "55P02", Message: fmt.Sprintf("parameter %q cannot be changed without restarting the server", s.Name)}
	case ok && s.Context == "sighup":
		return &pgwire.Error{Code: "55P02", Message: fmt.Sprintf("parameter %q cannot be changed now", s.Name)}
	}
	key := strings.ToLower(name)
	if strings.EqualFold(value, "default") {
		delete(q.s.Values, key)
	} else {
		q.s.Values[key] = value
	}
	if i := slices.IndexFunc(reported, func(r string) bool { return strings.EqualFold(r, name) }); i >= 0 {
		q.set[reported[i]] = value
	}
	return nil
}

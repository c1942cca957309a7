package status_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"recon/internal/findings"
	"recon/internal/status"
	"recon/probes"
	"recon/probes/probestest"
)

var (
	metricName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)
	labelName  = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
)

// parse reads OpenMetrics 1.0 text as strictly as its grammar is written, and the rules that the older text format of
// textfile collectors has beside it: gauges only. It returns the value of every sample.
func parse(text string) (map[string]float64, error) {
	lines := strings.Split(text, "\n")
	if n := len(lines); n < 2 || lines[n-1] != "" || lines[n-2] != "# EOF" {
		return nil, errors.New("it does not end with # EOF and a newline")
	}
	samples := map[string]float64{}
	seen := map[string]bool{}
	family, unit, state := "", "", "" // state is the last metadata of the family, or sample
	for i, line := range lines[:len(lines)-2] {
		fail := func(format string, args ...any) error {
			return fmt.Errorf("line %d, %q: %s", i+1, line, fmt.Sprintf(format, args...))
		}
		if rest, ok := strings.CutPrefix(line, "# "); ok {
			word, rest, _ := strings.Cut(rest, " ")
			name, text, _ := strings.Cut(rest, " ")
			switch {
			case !metricName.MatchString(name) || !strings.HasPrefix(name, "recon_"):
				return nil, fail("no name")
			case word == "TYPE":
				if seen[name] {
					return nil, fail("the family stands twice")
				}
				if text != "gauge" {
					return nil, fail("type %q", text)
				}
				if family != "" && state != "sample" {
					return nil, fail("the family before has no samples")
				}
				seen[name], family, unit = true, name, ""
			case name != family:
				return nil, fail("metadata of another family")
			case word == "UNIT" && state == "TYPE":
				if unit = text; !strings.HasSuffix(name, "_"+unit) {
					return nil, fail("the name does not end with its unit")
				}
			case word == "HELP" && (state == "TYPE" || state == "UNIT"):
				if text == "" || strings.Contains(strings.ReplaceAll(strings.ReplaceAll(text, `\\`, ""), `\n`, ""), `\`) {
					return nil, fail("help")
				}
			default:
				return nil, fail("%s after %s", word, state)
			}
			state = word
			continue
		}
		if state != "HELP" && state != "sample" {
			return nil, fail("a sample before HELP")
		}
		state = "sample"
		key, value, err := sample(line, family)
		if err != nil {
			return nil, fail("%v", err)
		}
		if _, twice := samples[key]; twice {
			return nil, fail("the sample stands twice")
		}
		samples[key] = value
	}
	return samples, nil
}

// sample reads name{label="value",...} number.
func sample(line, family string) (key string, value float64, err error) {
	rest, ok := strings.CutPrefix(line, family+"{")
	if !ok {
		return "", 0, errors.New("no sample of the family")
	}
	var labels []string
	for {
		name, after, ok := strings.Cut(rest, `="`)
		if !ok || !labelName.MatchString(name) || strings.HasPrefix(name, "__") || slices.Contains(labels, name) {
			return "", 0, fmt.Errorf("label %q", name)
		}
		labels = append(labels, name)
		end := 0
		for end < len(after) && after[end] != '"' {
			if after[end] == '\\' {
				if end++; end >= len(after) || !strings.ContainsRune(`\"n`, rune(after[end])) {
					return "", 0, errors.New("an escape that there is not")
				}
			}
			end++
		}
		if end >= len(after) {
			return "", 0, errors.New("a value without an end")
		}
		if rest = after[end+1:]; strings.HasPrefix(rest, "} ") {
			break
		}
		if rest, ok = strings.CutPrefix(rest, ","); !ok {
			return "", 0, errors.New("no comma between labels")
		}
	}
	key, number := line[:len(line)-len(rest)+1], rest[2:]
	if value, err = strconv.ParseFloat(number, 64); err != nil || math.IsNaN(value) || math.IsInf(value, 0) || strings.ContainsAny(number, "xXpP_ ") {
		return "", 0, fmt.Errorf("the number %q", number)
	}
	return key, value, nil
}

// The parser of these tests refuses what OpenMetrics refuses.
func TestParserIsStrict(t *testing.T) {
	good := "# TYPE recon_a_seconds gauge\n# UNIT recon_a_seconds seconds\n# HELP recon_a_seconds a\nrecon_a_seconds{x=\"1\"} 2\n# EOF\n"
	if got, err := parse(good); err != nil || got[`recon_a_seconds{x="1"}`] != 2 {
		t.Fatalf("%v %v", got, err)
	}
	for _, r := range [][2]string{
		{"# EOF\n", ""},
		{"# EOF\n", "# EOF"},
		{" gauge", " info"},
		{"recon_a_seconds seconds", "recon_a_seconds bytes"},
		{"} 2", "} NaN"},
		{"} 2", "} +Inf"},
		{"} 2", "} 2 1700000000"},
		{"} 2", "} "},
		{`x="1"`, `x="1",x="2"`},
		{`x="1"`, `x="\q"`},
		{`x="1"`, `x=1`},
		{`x="1"`, ``},
		{"# HELP recon_a_seconds a\n", ""},
		{"} 2\n", "} 2\nrecon_a_seconds{x=\"1\"} 3\n"},
		{"} 2\n", "} 2\n# TYPE recon_a_seconds gauge\n"},
		{"} 2\n", "} 2\n\n"},
		{"recon_a_seconds{", "recon_b_seconds{"},
	} {
		if bad := strings.Replace(good, r[0], r[1], 1); bad != good {
			if _, err := parse(bad); err == nil {
				t.Errorf("accepted:\n%s", bad)
			}
		} else {
			t.Errorf("%q changes nothing", r[0])
		}
	}
}

func metrics(t *testing.T, r *status.Report) map[string]float64 {
	t.Helper()
	var b strings.Builder
	if err := r.Metrics(&b); err != nil {
		t.Fatal(err)
	}
	got, err := parse(b.String())
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	return got
}

func TestMetrics(t *testing.T) {
	s := probestest.Stack()
	s.Cluster.Name = "a \"b\"\nc\\d"
	got := metrics(t, status.New(probestest.StackInventory(), s, s.At, looked(t, s, 0), ""))
	const base = `cluster="a \"b\"\nc\\d"`
	for key, want := range map[string]float64{
		`recon_verdict{` + base + `}`:                                                                             0,
		`recon_look_timestamp_seconds{` + base + `}`:                                                              float64(s.At.UnixMilli()) / 1000,
		`recon_target_up{` + base + `,system="redis",node="netbox-node-2"}`:                                       1,
		`recon_findings{` + base + `,severity="1"}`:                                                               0,
		`recon_findings{` + base + `,severity="0"}`:                                                               1,
		`recon_finding{` + base + `,book="planned",severity="0",phase="pending"}`:                                 1,
		`recon_host_disk_used_ratio{` + base + `,node="netbox-node-1",mount="` + s.Nodes[0].Disks[0].Mount + `"}`: s.Nodes[0].Disks[0].Percent / 100,
		`recon_host_service_active{` + base + `,node="netbox-node-1",service="pgbouncer"}`:                        1,
		`recon_etcd_quorum{` + base + `}`:                                                                         1,
		`recon_patroni_has_leader{` + base + `}`:                                                                  1,
		`recon_patroni_member_lag_bytes{` + base + `,node="netbox-node-1"}`:                                       0,
		`recon_postgres_primaries{` + base + `}`:                                                                  1,
		`recon_redis_masters{` + base + `}`:                                                                       1,
		`recon_sentinel_quorum{` + base + `}`:                                                                     1,
		`recon_vip_holders{` + base + `,vip="db"}`:                                                                1,
		`recon_haproxy_backend_up{` + base + `,node="netbox-node-1",backend="pg_bkwrite"}`:                        1,
		`recon_service_works{` + base + `,path="reads"}`:                                                          1,
	} {
		if v, ok := got[key]; !ok || v != want {
			t.Errorf("%s is %v (%v), want %v", key, v, ok, want)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(slices.Sorted(keys(got)), "\n"))
	}
}

func keys(m map[string]float64) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// What is not seen is absent, and never 0.
func TestUnseenIsAbsent(t *testing.T) {
	w, err := probes.New(probestest.StackInventory(), nil, probes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := w.State()
	got := metrics(t, status.New(probestest.StackInventory(), s, s.At, findings.Set{}, "the runbooks cannot be read"))
	for key := range got {
		if name, _, _ := strings.Cut(key, "{"); !slices.Contains([]string{"recon_verdict", "recon_look_timestamp_seconds", "recon_findings_known"}, name) {
			t.Errorf("nothing was asked, and there is %s %v", key, got[key])
		}
	}

	dead := probestest.Stack()
	for i := range dead.Nodes {
		dead.Nodes[i].Seen.Reachable, dead.Nodes[i].Seen.Error = false, "no answer in time"
		dead.Redis.Members[i].Seen.Reachable = false
	}
	offset := math.NaN()
	dead.Nodes[0].Seen.Reachable, dead.Nodes[0].ClockOffset = true, &offset
	got = metrics(t, status.New(probestest.StackInventory(), dead, dead.At, findings.Set{}, ""))
	for key := range got {
		for _, never := range []string{`recon_host_uptime_seconds{cluster="netbox-test",node="netbox-node-2"`, "recon_redis_member_memory", "recon_host_clock_offset_seconds", `recon_target_latency_seconds{cluster="netbox-test",system="redis"`} {
			if strings.HasPrefix(key, never) {
				t.Errorf("%s %v is not seen", key, got[key])
			}
		}
	}
	if v, ok := got[`recon_target_up{cluster="netbox-test",system="redis",node="netbox-node-2"}`]; !ok || v != 0 {
		t.Errorf("a silent target is %v (%v)", v, ok)
	}
}

// The file is whole at every moment, and a failure leaves the old one and nothing else.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "recon.prom")
	r := report(t, probestest.Healthy(), 0)
	for range 2 {
		if err := r.WriteFile(path); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parse(string(b)); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v %v", info, err)
	}
	// A folder cannot be replaced by a file.
	if err := os.Mkdir(filepath.Join(dir, "folder.prom"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{filepath.Join(dir, "folder.prom"), filepath.Join(dir, "nowhere", "recon.prom")} {
		if err := r.WriteFile(bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "recon.prom" && e.Name() != "folder.prom" {
			t.Errorf("%s was left", e.Name())
		}
	}
}

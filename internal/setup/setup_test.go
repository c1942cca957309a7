package setup

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"recon/internal/inventory"
)

// three are complete answers, as few as there can be.
func three() Answers {
	return Answers{
		Nodes:  []Node{{"n1", "10.0.0.11"}, {"n2", "10.0.0.12"}, {"n3", "10.0.0.13"}},
		DBVIP:  "10.0.0.21",
		WebVIP: "10.0.0.22", ServerName: "netbox.example.com",
	}
}

func anna() Machine { return Machine{User: "anna"} }

func complete(t *testing.T, a Answers) Answers {
	t.Helper()
	done, _, err := a.Complete(anna())
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// made writes the files of the answers into a folder.
func made(t *testing.T, a Answers, s Secrets, v Vault) string {
	t.Helper()
	files, err := Make(complete(t, a), s, v)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := Write(dir, files); err != nil {
		t.Fatal(err)
	}
	return dir
}

func vars(t *testing.T, dir string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, name := range []string{VarsFile, SecretsFile} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		add(t, all, b)
	}
	return all
}

// add puts what a YAML file says to what others said.
func add(t *testing.T, all map[string]any, text []byte) {
	t.Helper()
	one := map[string]any{}
	if err := yaml.Unmarshal(text, &one); err != nil {
		t.Fatal(err)
	}
	maps.Copy(all, one)
}

// What was written is a cluster file whose secrets are found, each where the roles have it.
func TestMadeFilesAreRead(t *testing.T) {
	s := NewSecrets()
	dir := made(t, three(), s, Vault{})
	c, err := inventory.Load(filepath.Join(dir, ClusterFile))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Nodes) != 3 || c.Environment != inventory.Production || len(c.Roles()) != 10 || len(c.Warnings) > 0 || c.Nodes[0].SSH.User != "anna" {
		t.Errorf("the cluster is %+v", c)
	}
	for _, tc := range []struct {
		ref inventory.Secret
		key string
	}{
		{c.Patroni.Password, "patroni_rest_password"},
		{c.Postgres.Password, "recon_database_password"},
		{c.Entry.Password, "recon_database_password"},
		{c.Redis.Password, "redis_password"},
		{c.Sentinel.Password, "sentinel_password"},
		{c.HAProxy.Password, "haproxy_stats_password"},
		{c.PgBouncer.Password, "pgbouncer_admin_password"},
		{c.NetBox.Token, "netbox_admin_token"},
	} {
		if got, err := tc.ref.Resolve(t.Context(), nil); err != nil || got != s[tc.key] {
			t.Errorf("%s is not what the roles have as %s: %v", tc.ref, tc.key, err)
		}
	}
	if got := c.Deployment; got == nil || !slices.Equal(got.Vars, []string{filepath.Join(dir, VarsFile), filepath.Join(dir, SecretsFile)}) || !got.Vault.IsZero() {
		t.Errorf("the deployment is %+v", got)
	}
}

// What the roles' README calls required, and what their asserts ask for, is in the variables.
func TestRequiredVariablesAreThere(t *testing.T) {
	all := vars(t, made(t, three(), NewSecrets(), Vault{}))
	readme, err := os.ReadFile("../../runbooks/ansible/README.md")
	if err != nil {
		t.Fatal(err)
	}
	required := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\| (.*?) \| required \|`).FindAllStringSubmatch(string(readme), -1) {
		for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(m[1], -1) {
			required[name[1]] = true
		}
	}
	if len(required) < 20 {
		t.Fatalf("the README has %d required variables", len(required))
	}
	tasks, err := filepath.Glob("../../runbooks/ansible/roles/*/tasks/main.yml")
	if err != nil || len(tasks) < 9 {
		t.Fatalf("%d roles, %v", len(tasks), err)
	}
	asserted := 0
	for _, file := range tasks {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\b([a-z]+_[a-z_]+) is defined`).FindAllStringSubmatch(string(text), -1) {
			if _, inRow := all[m[1]]; inRow || required[m[1]] {
				required[m[1]] = true
				asserted++
			}
		}
	}
	if asserted < 15 {
		t.Errorf("the roles' asserts name %d variables of ours", asserted)
	}
	for name := range required {
		if v := all[name]; v == nil || v == "" {
			t.Errorf("%s is required and not there", name)
		}
	}
}

// What a template of vars.yml takes its value from is in secrets.yml.
func TestTemplatesLeadToSecrets(t *testing.T) {
	s := NewSecrets()
	b, err := varsFile(complete(t, three()))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`\{\{ (\w+) \}\}`).FindAllStringSubmatch(string(b), -1)
	if len(found) != 5 {
		t.Errorf("%d templates", len(found))
	}
	for _, m := range found {
		if s[m[1]] == "" {
			t.Errorf("there is no secret %s", m[1])
		}
	}
}

// The cluster file says what the roles' defaults say, where both have a say.
func TestServicesAreTheRolesDefaults(t *testing.T) {
	defaults := map[string]any{}
	files, err := filepath.Glob("../../runbooks/ansible/roles/*/defaults/main.yml")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		add(t, defaults, b)
	}
	compared := 0
	for _, s := range services(complete(t, three())) {
		for _, k := range s.keys {
			if k.variable == "" {
				continue
			}
			want, ok := defaults[k.variable].(string)
			if n, number := defaults[k.variable].(uint64); number {
				want, ok = yamlNumber(n), true
			}
			want = strings.ReplaceAll(want, "{{ patroni_postgresql_version }}", "17")
			if !ok || want != k.fallback {
				t.Errorf("%s.%s is %s, and the role's %s is %q", s.name, k.name, k.fallback, k.variable, want)
			}
			compared++
		}
	}
	if compared < 30 {
		t.Errorf("only %d keys were compared", compared)
	}
}

func yamlNumber(n uint64) string { b, _ := yaml.Marshal(n); return strings.TrimSpace(string(b)) }

// A variable of the answers decides in vars.yml and in the cluster file.
func TestVariablesOfTheAnswersWin(t *testing.T) {
	a := three()
	a.Vars = yaml.MapSlice{
		{Key: "patroni_scope", Value: "other"},
		{Key: "haproxy_maxconn", Value: uint64(5000)},
		{Key: "redis_port", Value: uint64(6380)},
		{Key: "web_unit", Value: "angie"},
		{Key: "patroni_postgresql_parameters", Value: yaml.MapSlice{{Key: "shared_buffers", Value: "1GB"}}},
	}
	dir := made(t, a, NewSecrets(), Vault{})
	c, err := inventory.Load(filepath.Join(dir, ClusterFile))
	if err != nil {
		t.Fatal(err)
	}
	if c.Patroni.Scope != "other" || c.Redis.Port != 6380 || c.Web.Config != "/etc/angie/angie.conf" {
		t.Errorf("the cluster file does not follow: %s %d %s", c.Patroni.Scope, c.Redis.Port, c.Web.Config)
	}
	all := vars(t, dir)
	parameters, _ := all["patroni_postgresql_parameters"].(map[string]any)
	if all["patroni_scope"] != "other" || all["haproxy_maxconn"] != uint64(5000) || all["redis_port"] != uint64(6380) || parameters["shared_buffers"] != "1GB" {
		t.Errorf("the variables are %v", all)
	}
	b, err := os.ReadFile(filepath.Join(dir, VarsFile))
	if err != nil || strings.Count(string(b), "\npatroni_scope:") != 1 {
		t.Errorf("a variable stands there twice, %v", err)
	}
}

func TestNoSecretOutsideOfItsFile(t *testing.T) {
	s := NewSecrets()
	dir := made(t, three(), s, Vault{})
	for name, mode := range map[string]fs.FileMode{ClusterFile: 0o644, VarsFile: 0o644, SecretsFile: 0o600} {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for key, value := range s {
			if strings.Contains(string(b), value) != (name == SecretsFile) {
				t.Errorf("%s of %s", name, key)
			}
		}
	}
}

// The lengths and letters are those that the roles' asserts and READMEs name.
func TestSecretsAreWhatTheRolesTake(t *testing.T) {
	seen := map[string]bool{}
	s := NewSecrets()
	plain := regexp.MustCompile(`\A[A-Za-z0-9]{32}\z`)
	want := map[string]*regexp.Regexp{
		"keepalived_auth":     regexp.MustCompile(`\A[A-Za-z0-9]{8}\z`),
		"netbox_admin_token":  regexp.MustCompile(`\A[0-9a-f]{40}\z`),
		"netbox_secret_key":   regexp.MustCompile(`\A[A-Za-z0-9]{50,}\z`),
		"netbox_token_pepper": regexp.MustCompile(`\A[A-Za-z0-9]{50,}\z`),
	}
	for name, value := range s {
		if p := want[name]; p == nil && !plain.MatchString(value) || p != nil && !p.MatchString(value) {
			t.Errorf("%s has %d characters, or others than the role takes", name, len(value))
		}
		if seen[value] {
			t.Errorf("%s has another's value", name)
		}
		seen[value] = true
	}
	for name, value := range NewSecrets() {
		if s[name] == value {
			t.Errorf("%s is the same twice", name)
		}
	}
	// Every letter comes up: 100 draws of 62 leave one out once in 10^40 times.
	letters := letters(6200)
	for _, c := range "ABCxyz0189" {
		if !strings.ContainsRune(letters, c) {
			t.Errorf("%c never comes up", c)
		}
	}
}

func TestVaultRoundTrip(t *testing.T) {
	s := NewSecrets()
	word := filepath.Join(t.TempDir(), "word")
	if err := os.WriteFile(word, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := made(t, three(), s, Vault{Password: "correct horse", Ref: "file:" + word})
	b, err := os.ReadFile(filepath.Join(dir, SecretsFile))
	if err != nil || !inventory.IsVault(b) || !strings.HasPrefix(string(b), "$ANSIBLE_VAULT;1.1;AES256\n") {
		t.Fatalf("secrets.yml is not a vault: %v", err)
	}
	plain, err := inventory.DecryptVault(b, "correct horse")
	if err != nil || string(plain) != string(s.YAML()) {
		t.Errorf("it holds something else, %v", err)
	}
	c, err := inventory.Load(filepath.Join(dir, ClusterFile))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Redis.Password.Resolve(t.Context(), nil); err != nil || got != s["redis_password"] {
		t.Errorf("the cluster file's secret is not found: %v", err)
	}
	if _, err := Make(complete(t, three()), s, Vault{Ref: "prompt"}); err == nil {
		t.Error("an empty password encrypts")
	}
}

func TestWriteIsAllOrNothing(t *testing.T) {
	files, err := Make(complete(t, three()), NewSecrets(), Vault{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Names() {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		var exists *ExistsError
		if err := Free(dir); !errors.As(err, &exists) || exists.Path != path {
			t.Errorf("free: %v", err)
		}
		if err := Write(dir, files); !errors.As(err, &exists) {
			t.Errorf("%s: %v", name, err)
		}
		alone(t, dir, name, "mine")
	}
	// A name that cannot be taken in the middle of it: what was published before goes again.
	dir := filepath.Join(t.TempDir(), "new", "er")
	broken := append(slices.Clone(files), File{"no/such/folder", 0o600, nil})
	if err := Write(dir, broken); err == nil {
		t.Error("it was written")
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
	twice := append(slices.Clone(files), files[0])
	dir = t.TempDir()
	var exists *ExistsError
	if err := Write(dir, twice); !errors.As(err, &exists) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := Write(filepath.Join(dir, "made"), files); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "made")); err != nil || len(left) != 3 {
		t.Errorf("there are %v, %v", left, err)
	}
	// A dangling link is somebody's too.
	dir = t.TempDir()
	if err := os.Symlink("nowhere", filepath.Join(dir, SecretsFile)); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, files); !errors.As(err, &exists) {
		t.Errorf("got %v", err)
	}
}

func alone(t *testing.T, dir, name, content string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != content {
		t.Errorf("%s holds something else, %v", name, err)
	}
}

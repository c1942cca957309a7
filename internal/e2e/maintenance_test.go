//go:build lab

package e2e

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"recon/probes"
)

// TestMaintenance walks the books of planned work on the lab's own cluster. It takes half an hour, and RECON_MAINTENANCE asks for
// it: with `all`, or with the name of one of them.
func TestMaintenance(t *testing.T) {
	which := os.Getenv("RECON_MAINTENANCE")
	if which == "" {
		t.Skip("RECON_MAINTENANCE is not set")
	}
	if out, code := recon(t, "lab", "--dir", labDir(), "status"); code != 0 || strings.Contains(out, "down") {
		labRun(t, "down")
		labRun(t, "up")
	}
	if os.Getenv("RECON_LAB_KEEP") == "" {
		defer labRun(t, "down") // passwords and databases are others than those of the lab's snapshot
	}
	for _, s := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"certificate-renewal", renewed},
		{"minor-upgrade", upgraded},
		{"rotate-passwords", rotated},
		{"backup", saved},
		{"restore-database-dump", reloaded},
		{"restore-database", restored},
		{"rolling-reboot", rebooted},
		{"become", becomes},
	} {
		if which != "all" && which != s.name {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			healthy(t)
			began := time.Now()
			s.run(t)
			t.Logf("%s: %s", s.name, time.Since(began).Round(time.Second))
			healthy(t)
		})
	}
}

// completes walks to the end.
func (w *walker) completes() {
	w.t.Helper()
	w.walk()
	if code := w.dead(10 * time.Second); code != "0" || !strings.Contains(w.history(), "The walk is completed") {
		w.t.Fatalf("the walk ended with %s:\n%s", code, w.history())
	}
}

// renewed makes a pair of its own and puts it beside the old one, as the operator does by hand.
func renewed(t *testing.T) {
	serial := func() (all []string) {
		for _, m := range state(t).Web.Members {
			all = append(all, m.CertificatePrint)
		}
		return all
	}
	before := serial()
	out, code := onConsole(t, "sh", "-ec", `umask 077
openssl req -x509 -newkey rsa:2048 -nodes -days 300 -subj /CN=netbox.lab.example -addext subjectAltName=DNS:netbox.lab.example \
  -keyout new.key -out new.pem 2>/dev/null
for host in netbox-node-1 netbox-node-2 netbox-node-3; do
  ssh -n $host 'sudo -n nginx -T 2>/dev/null' | sed -n 's/^ *ssl_certificate *//p' | tr -d '; ' | head -n 1 >certificate
  ssh -n $host 'sudo -n nginx -T 2>/dev/null' | sed -n 's/^ *ssl_certificate_key *//p' | tr -d '; ' | head -n 1 >key
  ssh $host "sudo -n sh -c 'umask 077; cat >$(cat certificate).new'" <new.pem
  ssh $host "sudo -n sh -c 'umask 077; cat >$(cat key).new'" <new.key
done`)
	if code != 0 {
		t.Fatalf("the new pair: exit code %d\n%s", code, out)
	}
	walkPlain(t, map[string]string{"trusted": "they do"}, "certificate-renewal").completes()
	after := serial()
	if len(after) != 3 || after[0] != after[1] || after[0] != after[2] || after[0] == before[0] {
		t.Errorf("served before: %v, now: %v", before, after)
	}
}

// upgraded gives a replica's programs new files, as packages do: what runs is the old ones until the book has restarted it.
func upgraded(t *testing.T) {
	node := healthy(t).Patroni.Replicas[0].Node
	onNode(t, node, "sh", "-ec", `for unit in etcd-patroni redis-server redis-sentinel haproxy pgbouncer nginx keepalived patroni; do
  file=$(readlink "/proc/$(systemctl show -p MainPID --value $unit)/exe")
  case $file in *deleted*) continue ;; esac
  cp -p "$file" "$file.new"
  mv "$file.new" "$file"
done`)
	units := strings.Fields("etcd-patroni redis-server redis-sentinel haproxy pgbouncer nginx keepalived patroni")
	began := func() []string {
		return strings.Fields(onNode(t, node, append([]string{"systemctl", "show", "-p", "ExecMainStartTimestampMonotonic", "--value"}, units...)...))
	}
	before := began()
	walkPlain(t, nil, "minor-upgrade", "--input", "node="+node).completes()
	for i, at := range began() {
		if at == before[i] {
			t.Errorf("%s still runs its old program", units[i])
		}
	}
}

// rotation is one kind of password: the variables that hold it, and what a host says when the password in $WORD is tried there.
type rotation struct {
	which, main string
	also        []string
	try         string
	right       string // what the host says to the right one
	word        string // the new one; empty for a default
}

var rotations = []rotation{
	{which: "Redis", main: "redis_password", also: []string{"redis_check_password"}, try: `REDISCLI_AUTH=$WORD redis-cli ping 2>&1`, right: "PONG"},
	{which: "Sentinel", main: "sentinel_password", try: `REDISCLI_AUTH=$WORD redis-cli -p 26379 ping 2>&1`, right: "PONG"},
	{
		which: "PostgreSQL and PgBouncer", main: "netbox_database_password", also: []string{
			"patroni_superuser_password", "patroni_replication_password", "patroni_rewind_password", "recon_database_password",
			"pgbouncer_admin_password",
		}, try: `for port in 5432 6432; do PGPASSWORD=$WORD psql -XAt -h "$(hostname)" -p $port -U netbox -d netbox -c "SELECT 'open'" 2>&1; done`, right: "open\nopen",
	},
	{which: "Patroni REST", main: "patroni_rest_password", try: `curl -s -o /dev/null -w '%{http_code}' -X DELETE -u "patroni:$WORD" "http://$(hostname):8008/switchover"`, right: "404"}, // none is scheduled
	{which: "HAProxy statistics", main: "haproxy_stats_password", try: `curl -s -o /dev/null -w '%{http_code}' -u "stats:$WORD" "http://$(hostname):7000/"`, right: "200"},
	{which: "Keepalived", main: "keepalived_auth", try: `grep -qE "auth_pass +\"?$WORD\"?$" /etc/keepalived/keepalived.conf && echo this`, right: "this"},
}

// rotated changes the passwords of every kind: in the variables, then by the book, and the console goes on with the new ones.
func rotated(t *testing.T) {
	for _, r := range rotations {
		t.Run(strings.ReplaceAll(r.which, " ", "-"), func(t *testing.T) {
			began := time.Now()
			r.walk(t)
			t.Logf("%s: %s", r.which, time.Since(began).Round(time.Second))
			healthy(t)
		})
	}
}

func (r rotation) walk(t *testing.T) {
	value := func() string {
		out, code := onConsole(t, "sh", "-c", `sed -n 's/^`+r.main+`: *"\([^"]*\)".*/\1/p' secrets.yml`)
		if code != 0 || strings.TrimSpace(out) == "" {
			t.Fatalf("%s has no value: %s", r.main, out)
		}
		return strings.TrimSpace(out)
	}
	says := func(node, word string) string {
		return strings.TrimSpace(onNode(t, node, "env", "WORD="+word, "sh", "-c", r.try+" || :"))
	}
	nodes := []string{"netbox-node-1", "netbox-node-2", "netbox-node-3"}
	before := value()
	for _, node := range nodes {
		if got := says(node, before); got != r.right {
			t.Fatalf("%s says %q to the password that holds", node, got)
		}
	}
	w := walkPlain(t, nil, "rotate-passwords", "--input", "which="+r.which)
	edited, left := false, false
	w.before = func(line string) bool {
		if !strings.HasPrefix(line, "done by hand") {
			return false
		}
		if left = edited; left {
			return true
		}
		for i, name := range append([]string{r.main}, r.also...) {
			word := fmt.Sprintf("%s%d", cmp.Or(r.word, "AnotherWordOf32LettersAndDigits"), i)
			if r.which == "Keepalived" {
				word = "8Letters"
			}
			if out, code := onConsole(t, "sed", "-i", "-E", `s/^(`+name+`): *"[^"]*"/\1: "`+word+`"/`, "secrets.yml"); code != 0 {
				t.Fatal(out)
			}
		}
		edited = true
		return false
	}
	w.walk()
	if !edited {
		t.Fatalf("the book never asked for the new password:\n%s", w.history())
	}
	if left { // this console uses it too, and reads it when it starts
		w.keys("C-c")
		w.dead(time.Minute)
		w = walkPlain(t, nil, "rotate-passwords", "--resume")
		w.walk()
	}
	if code := w.dead(10 * time.Second); code != "0" || !strings.Contains(w.history(), "The walk is completed") {
		t.Fatalf("the walk ended with %s:\n%s", code, w.history())
	}
	after := value()
	if after == before {
		t.Fatal("the password is still the old one")
	}
	for _, node := range nodes {
		if got := says(node, after); got != r.right {
			t.Errorf("%s says %q to the new password", node, got)
		}
		if got := says(node, before); strings.Contains(got, strings.Split(r.right, "\n")[0]) {
			t.Errorf("%s: the old password still opens: %q", node, got)
		}
	}
}

// saved takes a backup, and looks for what it promises on the hosts.
func saved(t *testing.T) {
	leader := healthy(t).Patroni.Leader.Node
	w := walkPlain(t, nil, "backup")
	w.defaults = true
	w.completes()
	for _, node := range []string{"netbox-node-1", "netbox-node-2", "netbox-node-3"} {
		onNode(t, node, "sh", "-ec", `tar -tzf /var/backups/netbox/*/files.tar.gz >/dev/null 2>&1; [ "$(stat -c %a /var/backups/netbox/*/files.tar.gz)" = 600 ]`)
	}
	onNode(t, leader, "sh", "-ec", `cd /var/backups/netbox/*/ && sha256sum -c SHA256SUMS`)
	if out := onNode(t, leader, "runuser", "-u", "postgres", "--", "psql", "-XAt", "-c", "SELECT datname FROM pg_database WHERE datname LIKE 'recon%'"); out != "" {
		t.Errorf("left behind: %s", out)
	}
}

// reloaded brings NetBox's database back from a dump: what was there at its moment, and nothing later.
func reloaded(t *testing.T) {
	s := healthy(t)
	leader := s.Patroni.Leader.Node
	sql := func(node, database, statement string) string {
		return strings.TrimSpace(onNode(t, node, "runuser", "-u", "postgres", "--", "psql", "-XAtq", "-d", database, "-c", statement))
	}
	sql(leader, "netbox", "CREATE TABLE before_the_dump AS SELECT 42 AS answer")
	onNode(t, leader, "runuser", "-u", "postgres", "--", "pg_dump", "-Fc", "--no-owner", "-d", "netbox", "-f", "/var/tmp/netbox.dump")
	sql(leader, "netbox", "CREATE TABLE after_the_dump AS SELECT 43 AS answer")
	w := walkPlain(t, map[string]string{"good": "it is"}, "restore-database", "--input", "way=logical dump", "--input", "source=/var/tmp/netbox.dump", "--input", "member="+s.Patroni.Leader.Name)
	w.completes()
	for _, node := range []string{"netbox-node-1", "netbox-node-2", "netbox-node-3"} {
		if got := sql(node, "netbox", "SELECT answer, to_regclass('after_the_dump') IS NULL, pg_get_userbyid(relowner) FROM before_the_dump, pg_class WHERE relname = 'before_the_dump'"); got != "42|t|netbox" {
			t.Errorf("%s holds %q", node, got)
		}
	}
	kept := sql(leader, "postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'netbox_before_%'")
	if got := sql(leader, kept, "SELECT answer FROM after_the_dump"); got != "43" {
		t.Errorf("%s was to hold what was there: %q", kept, got)
	}
}

// restored brings the cluster's databases as those of another server, stopped in order: a physical copy with a system identifier
// of its own.
func restored(t *testing.T) {
	s := healthy(t)
	leader, was := s.Patroni.Leader.Node, systemID(s)
	onNode(t, leader, "sh", "-ec", `cd /var/tmp
bin=$(dirname "$(readlink "/proc/$(head -n 1 /var/lib/postgresql/17/patroni/postmaster.pid)/exe")")
as() { runuser -u postgres -- "$@"; }
as "$bin/initdb" -D /var/tmp/old-netbox -E UTF8 --locale=C.UTF-8 -k >/dev/null
as "$bin/pg_ctl" -w -D /var/tmp/old-netbox -o "-p 5499 -k /var/tmp -c listen_addresses=''" -l /var/tmp/old.log start >/dev/null
as "$bin/pg_dumpall" -h /var/run/postgresql -p 5432 --no-role-passwords | as "$bin/psql" -q -h /var/tmp -p 5499 -d postgres >/var/tmp/old.out 2>&1
as "$bin/psql" -q -h /var/tmp -p 5499 -d netbox -c "CREATE TABLE from_the_old_server AS SELECT 42 AS answer"
as "$bin/pg_ctl" -w -D /var/tmp/old-netbox -m fast stop >/dev/null`)
	w := walkPlain(t, map[string]string{"good": "it is"}, "restore-database", "--input", "way=physical copy", "--input", "source=/var/tmp/old-netbox", "--input", "member="+s.Patroni.Leader.Name)
	w.before = func(line string) bool {
		if strings.HasPrefix(line, "done by hand") && strings.Contains(w.text(), "databases of the deployment") {
			databases(t, leader)
		}
		return false
	}
	w.completes()
	if now := systemID(healthy(t)); now == was || now == "" {
		t.Errorf("the system identifier was %q and is %q", was, now)
	}
	for _, node := range []string{"netbox-node-1", "netbox-node-2", "netbox-node-3"} {
		if out := onNode(t, node, "runuser", "-u", "postgres", "--", "psql", "-XAt", "-d", "netbox", "-c", "SELECT answer FROM from_the_old_server"); strings.TrimSpace(out) != "42" {
			t.Errorf("%s does not have what the old server had: %q", node, out)
		}
	}
}

func systemID(s *probes.State) string {
	if s.Patroni.SystemID == nil {
		return ""
	}
	return *s.Patroni.SystemID
}

// databases is what the book asks for by hand after a physical copy: what the deployment makes, and NetBox's password.
func databases(t *testing.T, leader string) {
	out, code := onConsole(t, "sh", "-ec", "cd ansible && ansible-playbook -i inventory/hosts.yml site.yml --tags databases")
	if code != 0 {
		t.Fatal(out)
	}
	word, _ := onConsole(t, "sh", "-c", `sed -n 's/^netbox_database_password: *"\([^"]*\)".*/\1/p' secrets.yml`)
	mine, _ := onConsole(t, "sh", "-c", `sed -n 's/^recon_database_password: *"\([^"]*\)".*/\1/p' secrets.yml`)
	onNode(t, leader, "runuser", "-u", "postgres", "--", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c",
		fmt.Sprintf("ALTER ROLE netbox PASSWORD '%s'; ALTER ROLE recon PASSWORD '%s'", strings.TrimSpace(word), strings.TrimSpace(mine)))
}

// rebooted reboots every host; each has another boot afterwards.
func rebooted(t *testing.T) {
	boots := func() map[string]string {
		all := map[string]string{}
		for _, n := range state(t).Nodes {
			all[n.Name] = onNode(t, n.Name, "systemctl", "show", "-p", "UserspaceTimestampMonotonic", "--value")
		}
		return all
	}
	before := boots()
	w := walkPlain(t, nil, "rolling-reboot")
	w.defaults = true
	w.completes()
	for name, at := range boots() {
		if at == before[name] {
			t.Errorf("%s was not rebooted", name)
		}
	}
}

// becomes walks a book with a playbook where the operator becomes root by su, and where the login is root's own.
func becomes(t *testing.T) {
	stats := rotations[slices.IndexFunc(rotations, func(r rotation) bool { return r.which == "HAProxy statistics" })]
	for _, node := range []string{"netbox-node-1", "netbox-node-2", "netbox-node-3"} {
		onNode(t, node, "sh", "-ec", "install -d -m 700 /root/.ssh; cp /home/anna/.ssh/authorized_keys /root/.ssh/authorized_keys; chown root: /root/.ssh/authorized_keys")
	}
	for _, s := range []struct{ name, edit string }{
		{"su", `s#become: {method: sudo}#become: {method: su, password: "file:~/.secrets/root"}#`},
		{"root", `s#become: {.*}#become: {method: none}#; s#user: anna#user: root#`},
	} {
		t.Run(s.name, func(t *testing.T) {
			if out, code := onConsole(t, "sh", "-ec", `cp inventory.yaml before.yaml; sed -i '`+s.edit+`' inventory.yaml; ! cmp -s inventory.yaml before.yaml`); code != 0 {
				t.Fatal(out)
			}
			defer onConsole(t, "mv", "before.yaml", "inventory.yaml")
			healthy(t) // the probes that need root as well
			stats.word = "WordChangedBy" + s.name
			stats.walk(t)
			healthy(t)
		})
	}
}

package doctor

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"

	"recon/internal/scrub"
)

var ansibleVersion = regexp.MustCompile(`\A[^\n]*?(\d+)\.(\d+)[.\w]*\]?`)

// ansible looks whether playbooks can be run on this machine, where anything runs them. What is wrong is a warning: everything
// else works without.
func (e *examination) ansible(ctx context.Context) []Check {
	d := e.cluster.Deployment
	if d == nil && !e.Playbooks {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, runFor)
	defer cancel()
	c := Check{System: "console", What: "ansible", Answer: OK, Tried: "ansible-playbook --version"}
	out, err := exec.CommandContext(ctx, "ansible-playbook", "--version").Output()
	m := ansibleVersion.FindSubmatch(out)
	switch {
	case err != nil:
		c.Answer, c.Why, c.Hint = Warn, scrub.Line(err.Error()), "install Ansible on this machine (on Debian the package ansible-core or ansible), or do without books that run playbooks"
	case m == nil:
		c.Answer, c.Why = Warn, "it does not say which version it is"
	default:
		c.Tried = scrub.Line(string(m[0]))
		major, _ := strconv.Atoi(string(m[1]))
		minor, _ := strconv.Atoi(string(m[2]))
		if major < 2 || major == 2 && minor < 14 {
			c.Answer, c.Why, c.Hint = Warn, "this version is older than 2.14", "install a newer ansible-core"
		}
	}
	checks := []Check{c}
	if d == nil {
		return checks
	}
	files := d.Vars
	if d.Playbooks != "" {
		files = append([]string{d.Playbooks}, files...)
	}
	for _, path := range files {
		c := Check{System: "console", What: "playbooks", Answer: OK, Tried: filepath.Base(path)}
		if _, err := os.Stat(path); err != nil {
			c.Answer, c.Why, c.Hint = Warn, scrub.Line(err.Error()), "mend `ansible` in the cluster file"
		}
		checks = append(checks, c)
	}
	return checks
}

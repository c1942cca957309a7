package setup

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
)

// Answers are what people must say about their cluster. The keys are those of an answers file.
type Answers struct {
	Cluster string `yaml:"cluster"`
	// Environment is production when nothing is said.
	Environment string   `yaml:"environment"`
	Nodes       []Node   `yaml:"nodes"`
	SSHUser     string   `yaml:"ssh_user"`
	SSHKeys     []string `yaml:"ssh_keys"`
	SSHJump     []string `yaml:"ssh_jump"`
	// Become is one of the words of becomeChoices.
	Become string `yaml:"become"`
	// Networks are those whose clients may connect to the database with a password; the nodes' own is among them.
	Networks  []string `yaml:"networks"`
	Interface string   `yaml:"interface"`
	DBVIP     string   `yaml:"db_vip"`
	WebVIP    string   `yaml:"web_vip"`
	// ServerName is the name of the web site.
	ServerName string `yaml:"server_name"`
	// NetBoxSource is release or standin; version and archive are the release's.
	NetBoxSource  string `yaml:"netbox_source"`
	NetBoxVersion string `yaml:"netbox_version"`
	NetBoxArchive string `yaml:"netbox_archive"`
	// Canary allows the console to write its row into the table recon_canary.
	Canary bool `yaml:"canary"`
	// Vars are more variables of the roles, or other values than those that vars.yml would have; the cluster file follows them.
	Vars yaml.MapSlice `yaml:"vars"`

	// complete is true when no other node follows.
	complete bool
}

// Node is one host.
type Node struct {
	Name    string `yaml:"name"`
	Address string `yaml:"address"`
}

// answersLimit is the size of the largest answers file, in bytes.
const answersLimit = 1 << 20

// ReadAnswers reads an answers file. A key that is not known is an error, with line and column.
func ReadAnswers(path string) (Answers, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Answers{}, fmt.Errorf("read the answers: %w", err)
	}
	return ParseAnswers(path, text)
}

// ParseAnswers reads the text of an answers file; path is for the error.
func ParseAnswers(path string, text []byte) (Answers, error) {
	var a Answers
	if len(text) > answersLimit {
		return a, fmt.Errorf("read the answers: %s has more than %d bytes", path, answersLimit)
	}
	if err := yaml.UnmarshalWithOptions(text, &a, yaml.Strict(), yaml.UseOrderedMap()); err != nil {
		var e yaml.Error
		if errors.As(err, &e) && e.GetToken() != nil && e.GetToken().Position != nil {
			p := e.GetToken().Position
			return a, fmt.Errorf("%s:%d:%d: %s; `recon inventory init --help` lists the keys", path, p.Line, p.Column, e.GetMessage())
		}
		return a, fmt.Errorf("read the answers in %s: %s", path, strings.SplitN(err.Error(), "\n", 2)[0])
	}
	return a, nil
}

// Machine is what this machine adds to the answers: defaults, and whether a file is there.
type Machine struct {
	// User is who runs recon, Key the private key that ssh takes by itself; both may be empty.
	User, Key string
	// Exists says whether a path, which may begin with ~/, leads to a file. Nil asks nobody.
	Exists func(path string) bool
}

// Wrong are the answers that are missing or cannot be.
type Wrong []string

// Error has a line for each.
func (w Wrong) Error() string { return strings.Join(w, "\n") }

// Complete fills in the defaults and checks everything. The error is a Wrong with everything that is missing or cannot be; the
// warnings are what may be meant so.
func (a Answers) Complete(m Machine) (complete Answers, warnings []string, err error) {
	a.complete = true
	var wrong Wrong
	var missing []string
	if len(a.Nodes) == 0 {
		missing = append(missing, "nodes")
	}
	for _, q := range a.questions(m) {
		text := q.given(a)
		if text == "" && q.Fallback != nil {
			text = q.Fallback(a)
		}
		if text == "" {
			// Without hosts no network follows, and that is no second thing to say.
			if !q.Optional && (q.Key != "networks" || len(a.Nodes) > 0) {
				missing = append(missing, q.Key)
			}
			continue
		}
		if err := q.take(&a, text); err != nil {
			wrong = append(wrong, q.Key+": "+err.Error())
		} else if w := q.warning(a); w != "" {
			warnings = append(warnings, w)
		}
	}
	wrong = append(wrong, a.otherMistakes()...)
	if len(missing) > 0 {
		wrong = append(Wrong{"these answers are missing: " + strings.Join(missing, ", ") + "; give them as flags or in the file of --answers, or run without --yes in a terminal"}, wrong...)
	}
	if len(wrong) > 0 {
		return a, nil, wrong
	}
	return a, warnings, nil
}

// otherMistakes are in what no question asks for.
func (a *Answers) otherMistakes() []string {
	var out []string
	for _, v := range a.Vars {
		name, ok := v.Key.(string)
		switch {
		case !ok || !variable.MatchString(name):
			out = append(out, fmt.Sprintf("vars: %v is not the name of a variable", v.Key))
		case isSecret(name):
			out = append(out, "vars: "+name+" is a secret, and secrets.yml gets a new one; take it out")
		}
	}
	return out
}

// Over are these answers, and those of others where these say nothing.
func (a Answers) Over(others Answers) Answers {
	text := func(a, b string) string {
		if a != "" {
			return a
		}
		return b
	}
	list := func(a, b []string) []string {
		if len(a) > 0 {
			return a
		}
		return b
	}
	out := Answers{
		Cluster: text(a.Cluster, others.Cluster), Environment: text(a.Environment, others.Environment), Nodes: a.Nodes,
		SSHUser: text(a.SSHUser, others.SSHUser), SSHKeys: list(a.SSHKeys, others.SSHKeys), SSHJump: list(a.SSHJump, others.SSHJump),
		Become: text(a.Become, others.Become), Networks: list(a.Networks, others.Networks), Interface: text(a.Interface, others.Interface),
		DBVIP: text(a.DBVIP, others.DBVIP), WebVIP: text(a.WebVIP, others.WebVIP), ServerName: text(a.ServerName, others.ServerName),
		NetBoxSource: text(a.NetBoxSource, others.NetBoxSource), NetBoxVersion: text(a.NetBoxVersion, others.NetBoxVersion),
		NetBoxArchive: text(a.NetBoxArchive, others.NetBoxArchive), Canary: a.Canary || others.Canary, Vars: append(others.Vars[:len(others.Vars):len(others.Vars)], a.Vars...),
	}
	if len(out.Nodes) == 0 {
		out.Nodes = others.Nodes
	}
	return out
}

package setup

import (
	"fmt"
	"slices"
	"strings"
)

// Question is one thing that has to be known.
type Question struct {
	// Key is its key in an answers file, nodes.2.address for what is in a list.
	Key string
	// Ask is the question in a few words, Why one line on what the answer is for.
	Ask, Why string
	// Choices are the words that it can be; nil for free text.
	Choices []Choice
	// Optional takes an empty answer.
	Optional bool
	// Fallback is the answer when none is given; nil or "" when there is none.
	Fallback func(Answers) string

	given func(Answers) string
	take  func(*Answers, string) error
	warn  func(Answers) string
}

// Choice is one of a few words, with what it means.
type Choice struct{ Word, Meaning string }

func (q Question) warning(a Answers) string {
	if q.warn == nil {
		return ""
	}
	return q.warn(a)
}

func always(text string) func(Answers) string { return func(Answers) string { return text } }

// becomeChoices are how root's rights are had on the hosts.
func becomeChoices() []Choice {
	return []Choice{
		{"sudo", "sudo that asks for no password"},
		{"sudo-password", "sudo that asks for the user's password, which recon asks you for"},
		{"su", "su with root's password, which recon asks you for"},
		{"none", "the ssh user is root"},
	}
}

// environmentChoices are how much care the cluster needs.
func environmentChoices() []Choice {
	return []Choice{
		{"production", "people depend on it; red"},
		{"staging", "what is tried before production; yellow"},
		{"training", "may be broken on purpose; green"},
	}
}

func sourceChoices() []Choice {
	return []Choice{
		{"release", "NetBox itself, from its archive"},
		{"standin", "a small program in its place, for a lab without a Python index"},
	}
}

// questions are all questions in their order, as far as the answers lead: each node that is given, and one more unless the list
// is complete.
func (a Answers) questions(m Machine) []Question {
	out := []Question{{
		Key: "cluster", Ask: "Name of the cluster", Why: "It stands on every screen and in every trail.", Fallback: always("netbox"),
		given: func(a Answers) string { return a.Cluster },
		take:  func(a *Answers, s string) error { return keep(&a.Cluster, s, value("cluster")) },
	}, {
		Key: "environment", Ask: "Environment", Why: "Its word and colour stand on every screen, and drills run on training only.",
		Choices: environmentChoices(), Fallback: always("production"),
		given: func(a Answers) string { return a.Environment },
		take:  func(a *Answers, s string) error { return keep(&a.Environment, s, oneOf(environmentChoices())) },
	}}
	for i := range a.Nodes {
		out = append(out, addressQuestion(i), nameQuestion(i))
	}
	if !a.complete {
		out = append(out, addressQuestion(len(a.Nodes)))
	}
	return append(append(out, sshQuestions(m)...), append(networkQuestions(), netboxQuestions(m)...)...)
}

func addressQuestion(i int) Question {
	q := Question{
		Key: fmt.Sprintf("nodes.%d.address", i+1), Ask: fmt.Sprintf("Address of host %d", i+1),
		Why:   "An IPv4 address that you and the other hosts reach; it stays with this host.",
		given: func(a Answers) string { return node(a, i).Address },
		take: func(a *Answers, s string) error {
			if s == "" {
				a.Nodes, a.complete = a.Nodes[:i:i], true
				return nil
			}
			return a.setAddress(i, s)
		},
	}
	if i > 0 {
		q.Optional = true
		q.Why += " Empty when there is no other."
		q.warn = func(a Answers) string {
			if n := len(a.Nodes); a.complete && n == i && (n < 3 || n%2 == 0) {
				return countWarning(n)
			}
			return ""
		}
	}
	return q
}

// countWarning is about the number of hosts: what votes needs three of five, two of three.
func countWarning(n int) string {
	hosts := fmt.Sprintf("%d hosts", n)
	if n == 1 {
		hosts = "1 host"
	}
	return hosts + ": etcd and Sentinel decide by majority: three hosts survive the loss of one, five that of two; take an odd number, three at least"
}

func nameQuestion(i int) Question {
	return Question{
		Key: fmt.Sprintf("nodes.%d.name", i+1), Ask: fmt.Sprintf("Name of host %d", i+1),
		Why:      "Its column on the screen, its name as a member, and its line in /etc/hosts.",
		Fallback: always(fmt.Sprintf("netbox-node-%d", i+1)),
		given:    func(a Answers) string { return node(a, i).Name },
		take:     func(a *Answers, s string) error { return a.setName(i, s) },
		warn: func(a Answers) string {
			// Once, with the last of a list that was given whole.
			if n := len(a.Nodes); a.complete && i == n-1 && (n < 3 || n%2 == 0) {
				return countWarning(n)
			}
			return ""
		},
	}
}

func node(a Answers, i int) Node {
	if i < len(a.Nodes) {
		return a.Nodes[i]
	}
	return Node{}
}

func sshQuestions(m Machine) []Question {
	return []Question{
		{
			Key: "ssh_user", Ask: "User for ssh", Why: "Who recon and Ansible log in as, on every host.", Fallback: always(m.User),
			given: func(a Answers) string { return a.SSHUser },
			take:  func(a *Answers, s string) error { return keep(&a.SSHUser, s, value("ssh.user")) },
		},
		{
			Key: "ssh_keys", Ask: "Private key for ssh", Why: "Files, with commas between; empty for those of ssh_config and the agent.",
			Optional: true, Fallback: always(m.Key),
			given: func(a Answers) string { return strings.Join(a.SSHKeys, ", ") },
			take: func(a *Answers, s string) error {
				return keepAll(&a.SSHKeys, s, value("ssh.keys[]"), m.isFile)
			},
		},
		{
			Key: "ssh_jump", Ask: "Jump hosts", Why: "Hosts to go through, first hop first: [user@]host[:port], with commas between; empty for none.",
			Optional: true,
			given:    func(a Answers) string { return strings.Join(a.SSHJump, ", ") },
			take:     func(a *Answers, s string) error { return keepAll(&a.SSHJump, s, value("ssh.jump[]")) },
		},
		{
			Key: "become", Ask: "Root's rights by", Why: "How a step and a role become root on the hosts.", Choices: becomeChoices(),
			Fallback: func(a Answers) string {
				if a.SSHUser == "root" {
					return "none"
				}
				return "sudo"
			},
			given: func(a Answers) string { return a.Become },
			take: func(a *Answers, s string) error {
				if s == "none" && a.SSHUser != "root" {
					return fmt.Errorf("%s is not root, take sudo or su", a.SSHUser)
				}
				return keep(&a.Become, s, oneOf(becomeChoices()))
			},
		},
	}
}

func networkQuestions() []Question {
	return []Question{
		{
			Key: "networks", Ask: "Networks of the clients", Why: "Whose clients may connect to the database, with a password; the hosts' own is among them. Commas between.",
			Fallback: nodesNetwork,
			given:    func(a Answers) string { return strings.Join(a.Networks, ", ") },
			take:     (*Answers).setNetworks,
			warn:     wideWarning,
		},
		{
			Key: "interface", Ask: "Network interface", Why: "The floating addresses are put on it, on every host; `ip -br link` shows its name.", Fallback: always("eth0"),
			given: func(a Answers) string { return a.Interface },
			take:  func(a *Answers, s string) error { return keep(&a.Interface, s, value("vips.interface")) },
		},
		{
			Key: "db_vip", Ask: "Floating address of the database", Why: "PostgreSQL, Redis and PgBouncer answer there, wherever the leader is; an unused address in the hosts' network.",
			given: func(a Answers) string { return a.DBVIP },
			take:  func(a *Answers, s string) error { return a.setVIP(&a.DBVIP, s, "") },
		},
		{
			Key: "web_vip", Ask: "Floating address of the web site", Why: "NetBox answers there; another unused address, with another last number.",
			given: func(a Answers) string { return a.WebVIP },
			take:  func(a *Answers, s string) error { return a.setVIP(&a.WebVIP, s, a.DBVIP) },
		},
	}
}

func netboxQuestions(m Machine) []Question {
	release := func(fallback string) func(Answers) string {
		return func(a Answers) string {
			if a.NetBoxSource != "release" {
				return ""
			}
			return fallback
		}
	}
	return []Question{
		{
			Key: "server_name", Ask: "Name of the web site", Why: "What the users type, such as netbox.example.com; it stands in the certificate.",
			given: func(a Answers) string { return a.ServerName },
			take:  func(a *Answers, s string) error { return keep(&a.ServerName, strings.ToLower(s), siteName) },
		},
		{
			Key: "netbox_source", Ask: "NetBox from", Why: "What is installed as NetBox.", Choices: sourceChoices(), Fallback: always("release"),
			given: func(a Answers) string { return a.NetBoxSource },
			take:  func(a *Answers, s string) error { return keep(&a.NetBoxSource, s, oneOf(sourceChoices())) },
		},
		{
			Key: "netbox_version", Ask: "Version of NetBox", Why: "A release of NetBox, 4.5 or later.", Optional: true, Fallback: release("4.5.1"),
			given: func(a Answers) string { return a.NetBoxVersion },
			take:  func(a *Answers, s string) error { return keep(&a.NetBoxVersion, s, orNothing(netboxVersion)) },
		},
		{
			Key: "netbox_archive", Ask: "Archive of NetBox", Why: "A URL, or a file on this machine; empty for the release at GitHub.", Optional: true,
			given: func(a Answers) string { return a.NetBoxArchive },
			take:  func(a *Answers, s string) error { return keep(&a.NetBoxArchive, s, orNothing(m.isArchive)) },
		},
	}
}

// asked reports that a question has a sense after the answers so far.
func (q Question) asked(a Answers) bool {
	return a.NetBoxSource != "standin" || !slices.Contains([]string{"netbox_version", "netbox_archive"}, q.Key)
}

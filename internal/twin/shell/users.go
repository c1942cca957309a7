package shell

import (
	"slices"
	"strconv"
	"strings"
)

// account is a user as /etc/passwd would say it.
type account struct {
	User
	gecos string
}

// account finds a user in Users and then in the host's /etc/passwd.
func (h *Host) account(name string) (account, bool) {
	for _, u := range h.Users {
		if u.Name == name {
			return complete(u), true
		}
	}
	for _, a := range h.passwd() {
		if a.Name == name {
			return a, true
		}
	}
	if name == "root" {
		return complete(User{Name: "root", Home: "/root"}), true
	}
	return account{}, false
}

func complete(u User) account {
	if len(u.Groups) == 0 {
		u.Groups = []string{u.Name}
	}
	if u.Home == "" {
		u.Home = "/home/" + u.Name
	}
	if u.Shell == "" {
		u.Shell = "/bin/bash"
	}
	return account{User: u}
}

// passwd are the accounts of /etc/passwd with the groups of /etc/group.
func (h *Host) passwd() []account {
	b, err := h.FS.ReadFile("/etc/passwd")
	if err != nil {
		return nil
	}
	groups := h.groups()
	var list []account
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimRight(line, "\n"), ":")
		if len(f) < 7 {
			continue
		}
		a := account{User: User{Name: f[0], Home: f[5], Shell: f[6]}, gecos: f[4]}
		a.UID, _ = strconv.Atoi(f[2])
		a.GID, _ = strconv.Atoi(f[3])
		for _, g := range groups {
			if g.id == a.GID {
				a.Groups = slices.Insert(a.Groups, 0, g.name)
			} else if slices.Contains(g.members, a.Name) {
				a.Groups = append(a.Groups, g.name)
			}
		}
		if len(a.Groups) == 0 {
			a.Groups = []string{a.Name}
		}
		list = append(list, a)
	}
	return list
}

type group struct {
	name    string
	id      int
	members []string
}

// groups are those of /etc/group.
func (h *Host) groups() []group {
	b, err := h.FS.ReadFile("/etc/group")
	if err != nil {
		return nil
	}
	var list []group
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimRight(line, "\n"), ":")
		if len(f) < 4 {
			continue
		}
		g := group{name: f[0]}
		g.id, _ = strconv.Atoi(f[2])
		if f[3] != "" {
			g.members = strings.Split(f[3], ",")
		}
		list = append(list, g)
	}
	return list
}

// identity is what the file system asks of a user. A name that nobody has gets no rights but others'.
func (h *Host) identity(name string) identity {
	a, ok := h.account(name)
	if !ok {
		return identity{user: name, groups: []string{name}}
	}
	return identity{user: name, groups: a.Groups, super: a.UID == 0 && a.Name == "root"}
}

// uid and gid are the numbers of names; a name that nobody has is 65534 as nobody's.
func (h *Host) uid(name string) int {
	if a, ok := h.account(name); ok {
		return a.UID
	}
	if n, err := strconv.Atoi(name); err == nil {
		return n
	}
	return 65534
}

func (h *Host) gid(name string) int {
	for _, g := range h.groups() {
		if g.name == name {
			return g.id
		}
	}
	for _, u := range h.Users {
		if len(u.Groups) > 0 && u.Groups[0] == name || len(u.Groups) == 0 && u.Name == name {
			return u.GID
		}
	}
	if name == "root" {
		return 0
	}
	if n, err := strconv.Atoi(name); err == nil {
		return n
	}
	return 65534
}

// userExists and groupExists tell names that chown may set.
func (h *Host) userExists(name string) bool {
	_, ok := h.account(name)
	return ok
}

func (h *Host) groupExists(name string) bool {
	if name == "root" || slices.ContainsFunc(h.groups(), func(g group) bool { return g.name == name }) {
		return true
	}
	return slices.ContainsFunc(h.Users, func(u User) bool { return slices.Contains(complete(u).Groups, name) })
}

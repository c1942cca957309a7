package resp

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	wrongPass = "WRONGPASS invalid username-password pair or user is disabled."
	noHello   = "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> " +
		"option can be used to authenticate the client and select the RESP protocol version at the same time"
	noPass = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
)

// auth is AUTH [user] password; acl.c, authCommand.
func (c *Conn) auth(args [][]byte) {
	switch {
	case len(args) < 2:
		c.Arity("auth")
	case len(args) > 3:
		c.Error("ERR syntax error")
	case len(args) == 2 && c.server.Login == nil:
		c.Error(noPass)
	case len(args) == 2 && c.login("default", string(args[1])), len(args) == 3 && c.login(string(args[1]), string(args[2])):
		c.Status("OK")
	default:
		c.Error(wrongPass)
	}
}

// login says whether a user came in. Whoever fails stays who he was.
func (c *Conn) login(user, password string) bool {
	ok := user == "default"
	if c.server.Login != nil {
		ok = c.server.Login(user, password)
	}
	if ok {
		c.enterAs(user)
	}
	return ok
}

// hello is HELLO [protocol [AUTH user password] [SETNAME name]]; networking.c, helloCommand.
func (c *Conn) hello(args [][]byte) {
	proto := 0
	if len(args) > 1 {
		var err error
		if proto, err = strconv.Atoi(string(args[1])); err != nil {
			c.Error("ERR Protocol version is not an integer or out of range")
			return
		}
		if proto < 2 || proto > 3 {
			c.Error("NOPROTO unsupported protocol version")
			return
		}
	}
	var user, password, name *string
	for i := 2; i < len(args); i++ {
		word, left := string(args[i]), len(args)-1-i
		at := func(n int) *string { s := string(args[i+n]); return &s }
		switch {
		case strings.EqualFold(word, "AUTH") && left >= 2:
			user, password = at(1), at(2)
			i += 2
		case strings.EqualFold(word, "SETNAME") && left >= 1:
			if name = at(1); !clean(*name) {
				c.Error(badName)
				return
			}
			i++
		default:
			c.Error(fmt.Sprintf("ERR Syntax error in HELLO option '%s'", word))
			return
		}
	}
	if user != nil && !c.login(*user, *password) {
		c.Error(wrongPass)
		return
	}
	if c.User() == "" {
		c.Error(noHello)
		return
	}
	c.mu.Lock()
	if name != nil {
		c.name = *name
	}
	if proto != 0 {
		c.proto = proto
	}
	proto = c.proto
	c.mu.Unlock()
	c.tell(proto)
}

// tell is HELLO's answer.
func (c *Conn) tell(proto int) {
	a := c.server.about()
	sentinel := a.Mode == "sentinel"
	c.Map(map[bool]int{true: 6, false: 7}[sentinel])
	c.Bulk("server")
	c.Bulk("redis")
	c.Bulk("version")
	c.Bulk(a.Version)
	c.Bulk("proto")
	c.Int(int64(proto))
	c.Bulk("id")
	c.Int(c.ID)
	c.Bulk("mode")
	c.Bulk(a.Mode)
	if !sentinel {
		c.Bulk("role")
		c.Bulk(a.Role)
	}
	c.Bulk("modules")
	c.Array(0)
}

const badName = "ERR Client names cannot contain spaces, newlines or special characters."

// clean says whether a client may have a name.
func clean(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r < '!' || r > '~' })
}

// client answers what clients say of themselves, and says whether it did.
func (c *Conn) client(args [][]byte) bool {
	if len(args) < 2 {
		c.Arity("client")
		return true
	}
	switch verb := strings.ToLower(string(args[1])); {
	case verb == "id" && len(args) == 2:
		c.Int(c.ID)
	case verb == "getname" && len(args) == 2:
		if name := c.Name(); name != "" {
			c.Bulk(name)
		} else {
			c.Null()
		}
	case verb == "setname" && len(args) == 3:
		if !clean(string(args[2])) {
			c.Error(badName)
			return true
		}
		c.mu.Lock()
		c.name = string(args[2])
		c.mu.Unlock()
		c.Status("OK")
	case verb == "setinfo" && len(args) == 4:
		if what := strings.ToLower(string(args[2])); what != "lib-name" && what != "lib-ver" {
			c.Error(fmt.Sprintf("ERR Unrecognized option '%s'", args[2]))
			return true
		}
		c.Status("OK")
	case verb == "id" || verb == "getname" || verb == "setname" || verb == "setinfo":
		c.Arity("client|" + verb)
	default:
		return false
	}
	return true
}

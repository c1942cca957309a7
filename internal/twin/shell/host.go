package shell

import (
	"context"
	"io"
	"syscall"
	"time"
)

// User is an account of a host. A user in the group "sudo" may use sudo.
type User struct {
	Name     string
	UID, GID int
	// Groups are the names of all groups, the primary one first; empty means one group with the user's name.
	Groups []string
	// Home is the home directory, Shell the login shell; empty is /bin/bash.
	Home, Shell string
}

// Host is one simulated machine. Fill the fields before the first Run and leave them alone afterwards, but for Env; FS and
// everything behind the functions may change at any time.
type Host struct {
	Name  string
	FS    *FS
	Users []User
	// Now is the host's clock; nil is time.Now.
	Now func() time.Time
	// Sleep waits on the host's clock, which may jump; it returns the context's error when that ends first. nil waits in
	// real time.
	Sleep func(ctx context.Context, d time.Duration) error
	// Timer waits for the limits of timeout(1), which must not move a clock that jumps; nil is Sleep.
	Timer func(ctx context.Context, d time.Duration) error
	// Commands are the commands that are not general ones, by name (psql) or by absolute path (/opt/netbox/venv/bin/python3).
	// A name wins over a general command of that name.
	Commands map[string]Command
	// SudoPassword is what sudo asks for; empty is NOPASSWD. RootPassword is what su asks for; empty is an account that
	// cannot be entered with a password.
	SudoPassword, RootPassword string
	// Env is added to the environment of every login.
	Env map[string]string
	// Kill is asked to signal a process that this package did not start, as the host's daemons; nil means there is none.
	// Errors are syscall.ESRCH and syscall.EPERM.
	Kill func(pid int, sig syscall.Signal, user string) error
	// Daemons are the processes that this package did not start, for /proc and kill; nil is none.
	Daemons func() []Process
	// Sessions are the lines of who(1); nil is none.
	Sessions func() []Session

	procs   processes
	scripts scripts
}

// Session is a login that who(1) shows.
type Session struct {
	User, TTY string
	Since     time.Time
	From      string
}

// Spec is one line for Run.
type Spec struct {
	// Line is given to the login shell with -c; empty starts the login shell on Stdin.
	Line string
	// User is who logs in; empty is root.
	User           string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Env are further NAME=value pairs; Dir is the working directory, the home when empty.
	Env []string
	Dir string
	// Login makes the shell a login shell, which reads /etc/profile.
	Login bool
}

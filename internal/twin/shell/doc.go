// Package shell is the shell of a simulated Debian host: it runs the lines that a console sends over ssh against a file
// tree in memory, with a fixed list of commands (COMMANDS.md), and touches nothing of the machine it runs on.
//
// A Host has an FS, users, a clock and the Commands that others give it (systemctl, psql and the like). Host.Run does what
// sshd does for "ssh host LINE", Host.Interactive what it does for "ssh host". The language is POSIX's as dash speaks it,
// parsed by mvdan.cc/sh/v3/syntax and run by this package's own executor, because processes, jobs, signals and messages have
// to look like a Debian host's: every command is a goroutine with a process id, a pipe is a buffer in memory, and kill(1)
// ends the goroutine's context.
//
// Guarantees: no file, no process, no user of the real machine is read or written; an option that a command does not know
// is refused with status 2 and never ignored; a command that is not there ends with 127 and dash's words.
package shell

// Package tools are the programs of the stack on the simulated hosts: systemctl and journalctl, ip and ss, curl and
// openssl, psql, patronictl, etcdctl, redis-cli and the others that runbooks, probes and operators run there.
//
// Commands gives them to a shell.Host. A tool that is a client (curl, psql, etcdctl, redis-cli, patronictl, socat) talks
// its real protocol through the cluster's Network, so that it prints what the simulated server answers; a tool that asks
// the kernel or systemd reads the World. Output, exit statuses and messages are those of Debian 13's versions.
//
// An option or a subcommand that is not simulated is refused in the tool's own words with a status that is not 0; nothing
// is ignored in silence. Rights are those of the call's user: what only root may do fails for others with the words of the
// real program. COMMANDS.md lists what is supported.
package tools

package shell

import "context"

// names are the general commands, sorted.
var names = []string{
	"[", "awk", "base64", "basename", "bash", "cat", "chgrp", "chmod", "chown", "cmp", "comm", "command", "cp", "cut", "dash",
	"date", "dd", "df", "diff", "dirname", "du", "echo", "egrep", "env", "expr", "fallocate", "false", "fgrep", "find",
	"findmnt", "free", "getent", "grep", "groups", "head", "hostname", "id", "ionice", "jq", "kill", "ln", "ls", "lsmod",
	"mawk", "md5sum", "mkdir", "mktemp", "mount", "mv", "nice", "nl", "nohup", "nologin", "nproc", "paste", "printenv", "printf", "pwd",
	"readlink", "realpath", "rev", "rm", "rmdir", "runuser", "sed", "seq", "sh", "sha1sum", "sha256sum", "sleep", "sort",
	"stat", "su", "sudo", "sync", "sysctl", "tac", "tail", "tee", "test", "timeout", "touch", "tr", "true", "truncate", "tty",
	"uname", "uniq", "uptime", "wc", "who", "whoami", "xargs", "yes",
}

// Commands are the names of the general commands, sorted.
func Commands() []string { return append([]string(nil), names...) }

// general is the code of a general command, nil for another name. It is no table because a command runs others.
func general(name string) Command {
	if c := textCommand(name); c != nil {
		return c
	}
	if c := fileCommand(name); c != nil {
		return c
	}
	return hostCommand(name)
}

func textCommand(name string) Command {
	switch name {
	case "awk", "mawk":
		return awkCommand
	case "base64":
		return base64Command
	case "cat":
		return catCommand
	case "cmp":
		return cmpCommand
	case "comm":
		return commCommand
	case "cut":
		return cutCommand
	case "diff":
		return diffCommand
	case "grep", "egrep", "fgrep":
		return grepCommand
	case "head":
		return headCommand
	case "jq":
		return jqCommand
	case "md5sum", "sha1sum", "sha256sum":
		return sumCommand
	case "nl":
		return nlCommand
	case "paste":
		return pasteCommand
	case "rev":
		return revCommand
	case "sed":
		return sedCommand
	case "seq":
		return seqCommand
	case "sort":
		return sortCommand
	case "tac":
		return tacCommand
	case "tail":
		return tailCommand
	case "tee":
		return teeCommand
	case "tr":
		return trCommand
	case "uniq":
		return uniqCommand
	case "wc":
		return wcCommand
	case "yes":
		return yesCommand
	}
	return nil
}

func fileCommand(name string) Command {
	switch name {
	case "basename":
		return basenameCommand
	case "chmod":
		return chmodCommand
	case "chown", "chgrp":
		return chownCommand
	case "cp":
		return cpCommand
	case "dd":
		return ddCommand
	case "df":
		return dfCommand
	case "dirname":
		return dirnameCommand
	case "du":
		return duCommand
	case "fallocate":
		return fallocateCommand
	case "find":
		return findCommand
	case "findmnt":
		return findmntCommand
	case "ln":
		return lnCommand
	case "ls":
		return lsCommand
	case "mkdir":
		return mkdirCommand
	case "mktemp":
		return mktempCommand
	case "mount":
		return mountCommand
	case "mv":
		return mvCommand
	case "readlink":
		return readlinkCommand
	case "realpath":
		return realpathCommand
	case "rm":
		return rmCommand
	case "rmdir":
		return rmdirCommand
	case "stat":
		return statCommand
	case "sync":
		return syncCommand
	case "touch":
		return touchCommand
	case "truncate":
		return truncateCommand
	}
	return nil
}

func hostCommand(name string) Command {
	switch name {
	case "bash", "dash", "sh":
		return shCommand
	case "[", "test":
		return testCommand
	case "command":
		return commandCommand
	case "date":
		return dateCommand
	case "echo":
		return echoCommand
	case "env":
		return envCommand
	case "expr":
		return exprCommand
	case "false":
		return func(context.Context, *Call) int { return 1 }
	case "free":
		return freeCommand
	case "getent":
		return getentCommand
	case "groups":
		return groupsCommand
	case "hostname":
		return hostnameCommand
	case "id":
		return idCommand
	case "kill":
		return killCommand
	case "lsmod":
		return lsmodCommand
	case "nice", "ionice":
		return niceCommand
	case "nohup":
		return nohupCommand
	case "nologin":
		return nologinCommand
	case "nproc":
		return nprocCommand
	case "printenv":
		return printenvCommand
	case "printf":
		return printfCommand
	case "pwd":
		return pwdCommand
	case "runuser":
		return runuserCommand
	case "sleep":
		return sleepCommand
	case "su":
		return suCommand
	case "sudo":
		return sudoCommand
	case "sysctl":
		return sysctlCommand
	case "timeout":
		return timeoutCommand
	case "true":
		return func(context.Context, *Call) int { return 0 }
	case "tty":
		return ttyCommand
	case "uname":
		return unameCommand
	case "uptime":
		return uptimeCommand
	case "who":
		return whoCommand
	case "whoami":
		return whoamiCommand
	case "xargs":
		return xargsCommand
	}
	return nil
}

package shell

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// signals are the names that kill and trap know, with Linux's numbers.
var signals = []struct {
	number syscall.Signal
	name   string
}{
	{1, "HUP"},
	{2, "INT"},
	{3, "QUIT"},
	{4, "ILL"},
	{5, "TRAP"},
	{6, "ABRT"},
	{7, "BUS"},
	{8, "FPE"},
	{9, "KILL"},
	{10, "USR1"},
	{11, "SEGV"},
	{12, "USR2"},
	{13, "PIPE"},
	{14, "ALRM"},
	{15, "TERM"},
	{17, "CHLD"},
	{18, "CONT"},
	{19, "STOP"},
	{20, "TSTP"},
	{21, "TTIN"},
	{22, "TTOU"},
	{23, "URG"},
	{28, "WINCH"},
	{31, "SYS"},
}

func signalNamed(word string) (syscall.Signal, bool) {
	if n, err := strconv.Atoi(word); err == nil {
		return syscall.Signal(n), n >= 0 && n < 65
	}
	name := strings.TrimPrefix(strings.ToUpper(word), "SIG")
	for _, s := range signals {
		if s.name == name {
			return s.number, true
		}
	}
	return 0, false
}

func biTrap(s *interpreter, args []string) flow {
	s.status = 0
	rest := args[1:]
	if len(rest) > 0 && rest[0] == "--" {
		rest = rest[1:]
	}
	if len(rest) == 0 {
		for sig, action := range s.traps {
			name := "EXIT"
			for _, k := range signals {
				if k.number == sig {
					name = k.name
				}
			}
			s.printf("trap -- %s %s\n", quote(action), name)
		}
		return run
	}
	action, names := rest[0], rest[1:]
	if len(names) == 0 {
		action, names = "-", rest
	}
	for _, n := range names {
		sig, ok := signalNamed(n)
		if n == "EXIT" {
			sig, ok = 0, true
		}
		if !ok {
			return s.refuse(args, 1, "%s: bad trap", n)
		}
		if action == "-" {
			delete(s.traps, sig)
		} else {
			s.traps[sig] = action
		}
		s.proc.mu.Lock()
		if action == "" {
			s.proc.ignore(sig)
		} else {
			delete(s.proc.ignores, sig)
		}
		s.proc.mu.Unlock()
	}
	s.catch()
	return run
}

// biWait waits for jobs; a signal that is trapped ends the wait.
func biWait(s *interpreter, args []string) flow {
	wait := func(j *job) (int, bool) {
		select {
		case <-j.proc.done:
			if j.proc.fatality != 0 && !j.told && len(args) > 1 {
				j.told = true
				s.tellSignal(j.proc.fatality)
			}
			return j.proc.status, true
		case <-s.ctx().Done():
			return 0, false
		case sig := <-s.pending:
			s.pending <- sig
			return 128 + int(sig), false
		}
	}
	s.status = 0
	if len(args) == 1 {
		for _, j := range s.jobs {
			if status, ok := wait(j); !ok {
				s.status = status
				return s.trapped()
			}
		}
		s.jobs = nil
		return run
	}
	for _, a := range args[1:] {
		j := s.jobNamed(a)
		if j == nil {
			if _, err := strconv.Atoi(a); err != nil && !strings.HasPrefix(a, "%") {
				return s.refuse(args, 2, "Illegal number: %s", a)
			}
			s.status = 127
			continue
		}
		status, ok := wait(j)
		s.status = status
		if !ok {
			return s.trapped()
		}
		s.jobs = slices.DeleteFunc(s.jobs, func(k *job) bool { return k == j })
	}
	return run
}

func (s *interpreter) jobNamed(word string) *job {
	if rest, ok := strings.CutPrefix(word, "%"); ok {
		n, err := strconv.Atoi(rest)
		switch {
		case (rest == "" || rest == "%" || rest == "+") && len(s.jobs) > 0:
			return s.jobs[len(s.jobs)-1]
		case err == nil && n > 0 && n <= len(s.jobs):
			return s.jobs[n-1]
		}
		return nil
	}
	for _, j := range s.jobs {
		if strconv.Itoa(j.proc.pid) == word {
			return j
		}
	}
	return nil
}

func biKill(s *interpreter, args []string) flow {
	words := slices.Clone(args)
	for i, a := range words[1:] {
		if j := s.jobNamed(a); j != nil && strings.HasPrefix(a, "%") {
			words[i+1] = strconv.Itoa(j.proc.pid)
		}
	}
	s.status = killWords(s.host, s.proc.who, words, func(format string, a ...any) { s.complain("kill: %s", fmt.Sprintf(format, a...)) },
		func(line string) { s.printf("%s\n", line) })
	return run
}

// killWords is kill(1): -SIG, -s SIG, -l, and the processes.
func killWords(h *Host, who identity, args []string, complain func(string, ...any), print func(string)) int {
	sig := syscall.SIGTERM
	rest := args[1:]
	if len(rest) > 0 && (rest[0] == "-l" || rest[0] == "-L") {
		for _, a := range rest[1:] {
			n, _ := strconv.Atoi(a) // what is no number is no signal's
			for _, k := range signals {
				if int(k.number) == n&127 {
					print(k.name)
				}
			}
		}
		if len(rest) == 1 {
			for _, k := range signals {
				print(k.name)
			}
		}
		return 0
	}
	if len(rest) > 1 && (rest[0] == "-s" || rest[0] == "-n") {
		rest = append([]string{"-" + rest[1]}, rest[2:]...)
	}
	if len(rest) > 0 && strings.HasPrefix(rest[0], "-") && rest[0] != "--" && len(rest[0]) > 1 {
		var ok bool
		if sig, ok = signalNamed(rest[0][1:]); !ok {
			complain("invalid signal number or name: %s", rest[0][1:])
			return 2
		}
		rest = rest[1:]
	}
	if len(rest) > 0 && rest[0] == "--" {
		rest = rest[1:]
	}
	if len(rest) == 0 {
		complain("Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\nkill -l [exitstatus]")
		return 2
	}
	status := 0
	for _, a := range rest {
		pid, err := strconv.Atoi(a)
		if err != nil {
			complain("Illegal number: %s", a)
			status = 2
			continue
		}
		if err := h.kill(pid, sig, who); err != nil {
			complain("%s\n", Reason(err))
			status = 1
		}
	}
	return status
}

func biJobs(s *interpreter, _ []string) flow {
	s.status = 0
	for i, j := range s.jobs {
		state := "Running"
		select {
		case <-j.proc.done:
			state = "Done"
			if j.proc.status != 0 {
				state = fmt.Sprintf("Done(%d)", j.proc.status)
			}
		default:
		}
		s.printf("[%d] %-8s %s\n", i+1, state, j.text)
	}
	s.jobs = slices.DeleteFunc(s.jobs, func(j *job) bool {
		select {
		case <-j.proc.done:
			return true
		default:
			return false
		}
	})
	return run
}

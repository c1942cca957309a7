package shell

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// standardKernel makes the files of /proc and /sys.
func standardKernel(h *Host, facts Facts) {
	f := h.FS
	show := func(name string, text func() string) {
		if !f.Exists(name) {
			f.Dynamic(name, func() []byte { return []byte(text()) }, nil)
		}
	}
	up := func() time.Duration { return max(h.now().Sub(facts.Boot()), 0) }
	show("/proc/loadavg", func() string {
		l := facts.Load()
		return fmt.Sprintf("%.2f %.2f %.2f 1/%d %d\n", l[0], l[1], l[2], 180+len(h.Processes()), firstPID)
	})
	show("/proc/uptime", func() string {
		s := up().Seconds()
		return fmt.Sprintf("%.2f %.2f\n", s, s*float64(facts.CPUs)*0.95)
	})
	show("/proc/meminfo", func() string { return facts.Memory().text() })
	show("/proc/cpuinfo", func() string {
		var b strings.Builder
		for n := range facts.CPUs {
			fmt.Fprintf(&b, "processor\t: %d\nvendor_id\t: GenuineIntel\nmodel name\t: Virtual CPU\ncpu MHz\t\t: 2600.000\ncpu cores\t: %d\n\n", n, facts.CPUs)
		}
		return b.String()
	})
	show("/proc/stat", func() string {
		ticks := int64(up().Seconds() * 100)
		line := func(name string, n int64) string {
			return fmt.Sprintf("%s %d 0 %d %d %d 0 %d 0 0 0\n", name, n*3/100, n/100, n*95/100, n/1000, n/2000)
		}
		var b strings.Builder
		b.WriteString(line("cpu ", ticks*int64(facts.CPUs)))
		for n := range facts.CPUs {
			b.WriteString(line("cpu"+strconv.Itoa(n), ticks))
		}
		fmt.Fprintf(&b, "ctxt 0\nbtime %d\nprocesses %d\nprocs_running 1\nprocs_blocked 0\n", facts.Boot().Unix(), firstPID)
		return b.String()
	})
	for _, what := range []string{"cpu", "io", "memory"} {
		show("/proc/pressure/"+what, func() string {
			text := "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
			if what != "cpu" {
				text += "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
			}
			return text
		})
	}
	show("/proc/mounts", func() string {
		var b strings.Builder
		blanks := strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`)
		for _, m := range f.Mounts() {
			fmt.Fprintf(&b, "%s %s %s %s 0 0\n", blanks.Replace(m.Source), blanks.Replace(m.Point), m.Type, m.Options)
		}
		return b.String()
	})
	show("/proc/version", func() string { return "Linux version " + facts.Kernel + " (debian-kernel@lists.debian.org)\n" })
	show("/proc/modules", func() string {
		return "overlay 217088 0 - Live 0x0000000000000000\nsoftdog 16384 0 - Live 0x0000000000000000\n"
	})
	show("/proc/filesystems", func() string { return "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\n\text4\n" })
	show("/proc/sys/kernel/random/boot_id", func() string {
		n := fmt.Sprintf("%016x%016x", fnv(h.Name), fnv(facts.Boot().String()))
		return n[:8] + "-" + n[8:12] + "-" + n[12:16] + "-" + n[16:20] + "-" + n[20:] + "\n"
	})
	for name, value := range map[string]string{
		"kernel/hostname":                h.Name,
		"kernel/ostype":                  "Linux",
		"kernel/osrelease":               facts.Kernel,
		"kernel/version":                 "#1 SMP PREEMPT_DYNAMIC Debian",
		"net/ipv4/ip_nonlocal_bind":      "0",
		"net/ipv4/ip_forward":            "0",
		"net/ipv4/conf/all/arp_ignore":   "0",
		"net/ipv4/conf/all/arp_announce": "0",
		"net/ipv4/tcp_keepalive_time":    "7200",
		"net/ipv4/tcp_retries2":          "15",
		"net/core/somaxconn":             "4096",
		"vm/swappiness":                  "60",
		"vm/overcommit_memory":           "0",
		"vm/overcommit_ratio":            "50",
		"vm/dirty_ratio":                 "20",
		"vm/dirty_background_ratio":      "10",
		"vm/nr_hugepages":                "0",
		"fs/file-max":                    "9223372036854775807",
	} {
		setting(f, "/proc/sys/"+name, value)
	}
	f.try("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n", 0o644, "root:root")
	f.try("/sys/class/net/eth0/operstate", "up\n", 0o444, "root:root")
}

// setting is a file of /proc/sys: what is written is what is read, until the host boots.
func setting(f *FS, name, value string) {
	if f.Exists(name) {
		return
	}
	f.try(name, value+"\n", 0o644, "root:root")
}

func (m Memory) text() string {
	var b strings.Builder
	for _, l := range []struct {
		name string
		kb   int64
	}{
		{"MemTotal", m.Total},
		{"MemFree", m.Free},
		{"MemAvailable", m.Available},
		{"Buffers", m.Buffers},
		{"Cached", m.Cached},
		{"SwapCached", 0},
		{"Active", m.Cached / 2},
		{"Inactive", m.Cached / 3},
		{"SwapTotal", m.SwapTotal},
		{"SwapFree", m.SwapFree},
		{"Dirty", 128},
		{"Shmem", 1200},
		{"SReclaimable", m.Buffers},
	} {
		fmt.Fprintf(&b, "%-16s%8d kB\n", l.name+":", l.kb)
	}
	return b.String()
}

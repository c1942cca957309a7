package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"
)

// resize makes a file of the call's user larger or smaller, which costs no memory; past the end of the disk is ENOSPC.
func (c *Call) resize(name string, size int64, create bool) error {
	flag := syscall.O_WRONLY
	if create {
		flag |= syscall.O_CREAT
	}
	f := c.Host.FS
	h, err := f.open(c.Path(name), flag, 0o666&^c.umask, c.proc.who)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n := h.node
	if !n.mode.IsRegular() || n.read != nil {
		return syscall.EINVAL
	}
	before := n.blocks()
	if grow := (size+blockSize-1)/blockSize*blockSize - before; grow > n.mount.room() {
		return syscall.ENOSPC
	}
	n.cut(size)
	n.mtime = f.now()
	n.mount.used += n.blocks() - before
	f.touched()
	return nil
}

func truncateCommand(_ context.Context, c *Call) int {
	a, ok := c.options("cs:", "no-create=c", "size:=s")
	if !ok {
		return 2
	}
	v, ok := a.get('s')
	if !ok || len(a.rest) == 0 {
		return c.usage("you must specify '--size' and a file")
	}
	sign := byte(0)
	if v != "" && (v[0] == '+' || v[0] == '-') {
		sign, v = v[0], v[1:]
	}
	size, ok := bytesOf(v)
	if !ok {
		return c.unsupported("Invalid number: '%s'", v)
	}
	status := 0
	for _, name := range a.rest {
		to := size
		i, err := c.Stat(name)
		if err != nil && a.has('c') {
			continue
		}
		switch sign {
		case '+':
			to = i.Size + size
		case '-':
			to = max(i.Size-size, 0)
		}
		if err := c.resize(name, to, true); err != nil {
			status = c.Fail(1, "cannot open '%s' for writing: %s", name, Reason(err))
		}
	}
	return status
}

func fallocateCommand(_ context.Context, c *Call) int {
	a, ok := c.options("l:", "length:=l")
	if !ok {
		return 2
	}
	v, _ := a.get('l')
	size, ok := bytesOf(v)
	if !ok || len(a.rest) != 1 {
		return c.usage("no length argument specified")
	}
	name := a.rest[0]
	if i, err := c.Stat(name); err == nil && i.Size >= size {
		return 0
	}
	err := c.resize(name, size, true)
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return c.Fail(1, "fallocate failed: %s", Reason(err))
	case err != nil:
		return c.Fail(1, "cannot open %s: %s", name, Reason(err))
	}
	return 0
}

// ddCommand is dd with if, of, bs, count, status and conv=fsync, notrunc.
func ddCommand(ctx context.Context, c *Call) int {
	var in io.Reader = c.Stdin
	var out io.Writer = c.Stdout
	block, count := int64(512), int64(-1)
	quiet, notrunc := "", false
	var from, to string
	for _, w := range c.Args[1:] {
		name, value, ok := strings.Cut(w, "=")
		good := ok
		switch name {
		case "if":
			from = value
		case "of":
			to = value
		case "bs":
			block, good = bytesOf(value)
		case "count":
			count, good = bytesOf(value)
		case "status":
			quiet = value
		case "conv", "oflag", "iflag":
			for _, f := range strings.Split(value, ",") {
				good = good && (f == "fsync" || f == "fdatasync" || f == "notrunc" || f == "direct" || f == "sync" && name != "conv" || f == "dsync")
				notrunc = notrunc || f == "notrunc"
			}
		default:
			good = false
		}
		if !good {
			return c.unsupported("'%s' is not known to a training host", w)
		}
	}
	if block < 1 || block > 1<<30 {
		return c.usage("invalid number: '%d'", block)
	}
	if from != "" {
		r, err := c.open(from)
		if err != nil {
			return c.Fail(1, "failed to open '%s': %s", from, Reason(err))
		}
		in = r
	}
	if to != "" {
		h, err := c.create(to, notrunc)
		if err != nil {
			return c.Fail(1, "failed to open '%s': %s", to, Reason(err))
		}
		h.flag &^= syscall.O_APPEND
		out = h
	}
	start := c.Host.now()
	buf := make([]byte, block)
	var whole, part, wrote, total int64
	status := 0
	for n := int64(0); (count < 0 || n < count) && ctx.Err() == nil; n++ {
		k, err := io.ReadFull(in, buf)
		switch {
		case int64(k) == block:
			whole++
		case k > 0:
			part++
		}
		if k > 0 {
			m, werr := out.Write(buf[:k])
			total += int64(m)
			if werr != nil {
				status = c.Fail(1, "error writing '%s': %s", map[bool]string{true: "standard output", false: to}[to == ""], Reason(werr))
				break
			}
			if int64(m) == block {
				wrote++
			}
		}
		if err != nil {
			break
		}
	}
	if quiet == "none" {
		return status
	}
	fmt.Fprintf(c.Stderr, "%d+%d records in\n%d+%d records out\n", whole, part, wrote, part)
	if quiet != "noxfer" {
		took := max(c.Host.now().Sub(start), time.Millisecond).Seconds()
		fmt.Fprintf(c.Stderr, "%d bytes (%s) copied, %g s, %s/s\n", total, human(total), took, human(int64(float64(total)/took)))
	}
	return status
}

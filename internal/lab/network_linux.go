package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// bridgeNet is the namespace that holds the bridge, and nothing that leads out.
const bridgeNet = "bridge"

func (l *Lab) netFile(name string) string { return l.path("run", "net", name) }

// buildNetwork makes a namespace for the bridge and one for each guest, with a veth whose inner end is called eth0
// (keepalived wants the name). The namespaces are files below the state folder: they outlive us and `ip netns` does not
// list them, so nobody else's cleaning meets them.
func (l *Lab) buildNetwork(ctx context.Context) error {
	if err := os.MkdirAll(l.path("run", "net"), 0o755); err != nil {
		return err
	}
	if err := l.newNet(ctx, bridgeNet); err != nil {
		return err
	}
	lines := []string{"link add br0 type bridge forward_delay 0", "link set br0 up"}
	for i, h := range plan() {
		if err := l.newNet(ctx, h.name); err != nil {
			return err
		}
		port := portName(i)
		lines = append(lines,
			"link add "+port+" type veth peer name eth0 netns "+l.netFile(h.name),
			"link set "+port+" master br0 up",
		)
	}
	if err := l.ip(ctx, bridgeNet, lines...); err != nil {
		return err
	}
	for _, h := range plan() {
		if err := l.ip(ctx, h.name, "addr add "+h.address+"/"+prefixBits+" dev eth0", "link set eth0 up"); err != nil {
			return err
		}
	}
	return nil
}

func portName(i int) string { return fmt.Sprintf("port%d", i+1) }

// newNet makes one namespace and keeps it by a bind mount.
func (l *Lab) newNet(ctx context.Context, name string) error {
	path := l.netFile(name)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "unshare", "--net="+path, "ip", "link", "set", "lo", "up").CombinedOutput()
	if err != nil {
		return &Error{What: "network namespace " + name, Err: fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))}
	}
	return nil
}

// ip runs lines of `ip -batch` in a namespace.
func (l *Lab) ip(ctx context.Context, name string, lines ...string) error {
	cmd := exec.CommandContext(ctx, "nsenter", "--net="+l.netFile(name), "ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return &Error{What: "network of " + name, Err: fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))}
	}
	return nil
}

// plug connects or disconnects a guest's cable. A host without power must not go on answering with the kernel's
// resets, which its namespace would do.
func (l *Lab) plug(ctx context.Context, name string, connected bool) error {
	for i, h := range plan() {
		if h.name != name {
			continue
		}
		word := "down"
		if connected {
			word = "up"
		}
		return l.ip(ctx, bridgeNet, "link set "+portName(i)+" "+word)
	}
	return nil
}

// dropNetwork ends every namespace of the lab. The kernel takes the links and the bridge with them.
func (l *Lab) dropNetwork() error {
	entries, err := os.ReadDir(l.path("run", "net"))
	if err != nil {
		return nil // there is none
	}
	for _, e := range entries {
		path := filepath.Join(l.path("run", "net"), e.Name())
		for unix.Unmount(path, unix.MNT_DETACH) == nil {
			continue // an interrupted Up may have stacked two
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

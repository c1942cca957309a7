package probes

import (
	"maps"

	"recon/internal/inventory"
)

func assembleNetBox(c *inventory.Cluster, r raw, m moment) NetBox {
	if c.NetBox == nil {
		return NetBox{Members: []NetBoxMember{}, Unseen: "the cluster file names no NetBox"}
	}
	out := NetBox{Members: []NetBoxMember{}, Unclear: map[string]string{}}
	nodes := running(c, c.NetBox.On)
	out.Answered, out.Unseen = census("NetBox", names(nodes), r.netbox, m)
	for _, n := range nodes {
		a := r.netbox[n.Name]
		out.Members = append(out.Members, netboxMember(n.Name, a.seen(m), a.fact))
	}
	out.Entry = assembleEntry(c, r, m)
	if out.Version = sameVersion(out.Members); out.Version == nil {
		out.Unclear["version"] = "the answering nodes do not tell one and the same version"
	}
	var why string
	if out.Queues, out.Workers, why = assembleQueues(c, r, m); why != "" {
		out.Unclear["queues"], out.Unclear["workers"] = why, why
	}
	return out
}

// netboxMember is one NetBox as it answered; node is who answered, where that is known.
func netboxMember(node string, seen Seen, f netboxFacts) NetBoxMember {
	out := NetBoxMember{
		Node: node, Seen: seen, Code: f.code, StatusCode: f.statusCode, Version: f.status.Version, Hostname: f.status.Hostname,
		Plugins: f.status.Plugins, Unread: map[string]string{},
	}
	maps.Copy(out.Unread, f.unread)
	if f.status.Workers != nil {
		out.Workers = *f.status.Workers
	}
	return out
}

// sameVersion is the version that all tell whose version is seen; nil when nobody does or they differ.
func sameVersion(members []NetBoxMember) *string {
	var out *string
	for _, m := range members {
		switch {
		case m.Blind("version") != "":
		case out == nil:
			v := m.Version
			out = &v
		case *out != m.Version:
			return nil
		}
	}
	return out
}

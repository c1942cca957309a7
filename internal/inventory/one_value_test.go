package inventory

import (
	"strings"
	"testing"
)

func TestCheckValue(t *testing.T) {
	for _, tc := range []struct{ key, text, fault string }{
		{"cluster", "netbox-prod", ""},
		{"cluster", "net box", `"net box" is not a name, use letters`},
		{"cluster", "", "cluster is empty"},
		{"nodes.name", "n1", ""},
		{"nodes.name", "-n", "is not a name"},
		{"nodes.address", "10.0.0.1", ""},
		{"nodes.address", "10.0.0.256", "is not an address"},
		{"ssh.user", "anna", ""},
		{"ssh.user", "anna:hunter2", "user is not a user name"},
		{"ssh.jump[]", "anna@bastion:22", ""},
		{"ssh.jump[]", "anna@bastion:99999", "not a host to jump through"},
		{"ssh.keys[]", "~/.ssh/id", ""},
		{"ssh.keys[]", "~bob/id", "home folder of somebody else"},
		{"vips.address", "db.example.com", "is not an address"},
		{"vips.interface", "eth 0", "is not the name of an interface"},
		{"services.netbox.url", "https://netbox.example.com", ""},
		{"services.netbox.nothing", "x", "has no key services.netbox.nothing"},
	} {
		err := CheckValue(tc.key, tc.text)
		if (err == nil) != (tc.fault == "") || err != nil && (!strings.Contains(err.Error(), tc.fault) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s %q: %v, want %q", tc.key, tc.text, err, tc.fault)
		}
	}
}

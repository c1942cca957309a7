package inventory

import "testing"

// TestDeployment: paths are taken from the file's folder, and the vault's password is one of the cluster's secrets.
func TestDeployment(t *testing.T) {
	t.Setenv("HOME", "/home/anna")
	const head = "format: 1\ncluster: c\nnodes: [{name: n1, address: 10.0.0.1}]\n"
	c := parseAs(t, "/srv/c.yaml", head+"ansible:\n  playbooks: plays\n  vars: [vars/all.yml, ~/vault.yml]\n  vault: prompt\n")
	vault := Secret{ref: "prompt", what: "ansible.vault"}
	equal(t, "deployment", c.Deployment, &Deployment{
		Playbooks: "/srv/plays", Vars: []string{"/srv/vars/all.yml", "/home/anna/vault.yml"}, Vault: vault,
	})
	equal(t, "secrets", c.Secrets(), []Secret{vault})
	if c = parseAs(t, "/srv/c.yaml", head); c.Deployment != nil {
		t.Errorf("a file that does not speak of Ansible has the deployment %+v", c.Deployment)
	}
}

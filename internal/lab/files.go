package lab

import (
	"embed"
	"io/fs"

	"recon/internal/setup"
)

// guestVersion is raised when what is written into the guests changes other than by the files folder.
const guestVersion = 1

//go:embed all:files
var embedded embed.FS

// files is what the console gets as it stands: Ansible's inventory of the lab, and the answers that its cluster is made of.
func files() fs.FS {
	sub, err := fs.Sub(embedded, "files")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

// text is one of those files.
func text(path string) string {
	data, err := fs.ReadFile(files(), path)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// clusterFiles are the cluster file, the roles' variables and the secrets of the lab, made as `recon inventory init` makes them.
func clusterFiles(s setup.Secrets) ([]setup.File, error) {
	a, err := setup.ParseAnswers("answers.yml", []byte(text("answers.yml")))
	if err != nil {
		return nil, err
	}
	if a, _, err = a.Complete(setup.Machine{}); err != nil {
		return nil, err
	}
	return setup.Make(a, s, setup.Vault{})
}

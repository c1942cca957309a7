package lab

import (
	"embed"
	"io/fs"
)

// guestVersion is raised when what is written into the guests changes other than by the files folder.
const guestVersion = 1

//go:embed all:files
var embedded embed.FS

// files is what the console gets as it stands: the cluster file and Ansible's inventory of the lab.
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

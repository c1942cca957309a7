package rehearsal

import (
	"fmt"

	"recon/internal/twin"
	"recon/probes"
	"recon/runbooks"
)

// Library loads the books as they are on a training cluster: its names and roles are known to their expressions. dir is a
// folder for that cluster, which is not kept; folders are those of the user's own books.
func Library(dir string, folders ...string) (*runbooks.Library, error) {
	t, err := twin.Start(twin.Options{Dir: dir, Driven: true})
	if err != nil {
		return nil, err
	}
	c := t.Cluster
	if err := t.Close(); err != nil {
		return nil, fmt.Errorf("end the training cluster: %w", err)
	}
	return runbooks.Load(probes.Scope(c), folders...)
}

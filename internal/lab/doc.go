// Package lab runs the training cluster on real hosts: three Debian hosts and a console, each a systemd-nspawn guest in
// a network namespace of its own, on a bridge that sits in a namespace of the lab's own. No packet can leave it.
//
// The hosts are deployed with the Ansible roles of the library, from the console, the way a real cluster is. The result is
// kept as a snapshot, so that only the first Up takes minutes. Everything that runs is in cgroups of the lab's own and
// everything that is mounted lies below its state folder: Down finds all of it again, also after a crash.
//
// It needs Linux and root. Open is the place to start; on other systems it answers ErrUnsupported.
package lab

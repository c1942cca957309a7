// Package foreign holds no code, only tests: recon's eyes on clusters that this project did not deploy.
//
// Each test starts a cluster as its own maintainers would have written it down, with other names, ports, paths, users and
// versions than the roles of the library use, and reads it through nothing but a cluster file. The tests need root and
// the packages that .ci/run installs, and stand behind the build tag lab.
package foreign

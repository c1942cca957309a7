// Package servers lets the parts of a world answer on the wire as the real programs do: Patroni's REST API, etcd's gRPC,
// PostgreSQL and PgBouncer, Redis and Sentinel, HAProxy's statistics, the web proxy and NetBox.
//
// A server reads the world at every request, so that connections that were made before a change feel it. It decides
// nothing: what a request changes, it asks of the world. Answers have the fields, the status codes and the words of the
// versions that Debian 13 ships.
package servers

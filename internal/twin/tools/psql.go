package tools

import (
	"context"
	"net"

	"recon/internal/twin/psql"
	"recon/internal/twin/shell"
)

// psql is package psql over the cluster's network, as the call's user.
func (k *kit) psql(ctx context.Context, c *shell.Call) int {
	home := ""
	for _, u := range c.Host.Users {
		if u.Name == c.User {
			home = u.Home
		}
	}
	p := psql.Command{
		Getenv: c.Env, User: c.User, Home: home, ReadFile: c.ReadFile, Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr, Version: "17.6",
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if network == "unix" {
				return k.dial(ctx, c, address)
			}
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			ip := k.resolve(c, host)
			if ip == "" {
				return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
			}
			return k.net.Dial(ctx, c.Host.Name, net.JoinHostPort(ip, port))
		},
	}
	return p.Run(ctx, c.Args[1:])
}

package pgwire_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"recon/internal/twin/pgwire"
)

func TestLogin(t *testing.T) {
	for _, tc := range []struct {
		name     string
		auth     pgwire.Auth
		settings string
		code     string
	}{
		{"trust", pgwire.Auth{}, "", ""},
		{"cleartext", pgwire.Auth{Method: pgwire.Cleartext, Password: "secret"}, "password=secret", ""},
		{"cleartext, wrong", pgwire.Auth{Method: pgwire.Cleartext, Password: "secret"}, "password=secrets", "28P01"},
		{"md5", pgwire.Auth{Method: pgwire.MD5, Password: "secret"}, "password=secret", ""},
		{"md5, wrong", pgwire.Auth{Method: pgwire.MD5, Password: "secret"}, "password=secrets", "28P01"},
		{"scram", pgwire.Auth{Method: pgwire.SCRAM, Password: "sécret"}, "password=sécret", ""},
		{"scram, wrong", pgwire.Auth{Method: pgwire.SCRAM, Password: "secret"}, "password=secrets", "28P01"},
		{"no such user", pgwire.Auth{}, "user=stranger", "28000"},
		{"pgbouncer", pgwire.Auth{Method: pgwire.SCRAM, Password: "x", Refusal: &pgwire.Error{Code: "08P01", Message: "SASL authentication failed"}}, "password=y", "08P01"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := &bench{auth: tc.auth}
			_, settings := serve(t, b)
			conn, err := pgx.Connect(t.Context(), settings+tc.settings)
			e := as[*pgconn.PgError](err)
			switch {
			case tc.code == "" && err != nil, tc.code != "" && (e == nil || e.Code != tc.code || e.Severity != "FATAL"):
				t.Errorf("%+v", err)
			case err == nil:
				if err := conn.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if tc.name != "no such user" {
				eventually(t, "the end", func() bool { return b.ends() == 1 })
			}
		})
	}
	t.Run("no such database", func(t *testing.T) {
		_, settings := serve(t, &bench{started: &pgwire.Error{Code: "3D000", Message: `database "netbox" does not exist`}})
		if _, err := pgx.Connect(t.Context(), settings); as[*pgconn.PgError](err) == nil {
			t.Errorf("%v", err)
		}
	})
}

func TestTLS(t *testing.T) {
	server, settings := serve(t, &bench{auth: pgwire.Auth{Method: pgwire.SCRAM, Password: "secret"}}, func(s *pgwire.Server) { s.TLS = certificate(t) })
	conn := connect(t, settings+"sslmode=require password=secret")
	if err := conn.Ping(t.Context()); err != nil || !server.Sessions()[0].TLS {
		t.Errorf("%v", err)
	}
	plain := connect(t, settings+"password=secret")
	if err := plain.Ping(t.Context()); err != nil || server.Sessions()[1].TLS {
		t.Errorf("%v", err)
	}
	_, without := serve(t, &bench{})
	if _, err := pgx.Connect(t.Context(), without+"sslmode=require"); err == nil || !strings.Contains(err.Error(), "refused TLS") {
		t.Errorf("%v", err)
	}
	connect(t, without+"sslmode=prefer")
}

func TestCancel(t *testing.T) {
	server, settings := serve(t, &bench{})
	conn := connect(t, settings).PgConn()
	for _, by := range []string{"client", "administrator"} {
		result := make(chan error, 1)
		go func() {
			_, err := conn.Exec(context.Background(), "SELECT sleep").ReadAll()
			result <- err
		}()
		eventually(t, "a running statement", func() bool { return server.Sessions()[0].Activity().State == "active" })
		if by == "client" {
			if err := conn.CancelRequest(t.Context()); err != nil {
				t.Error(err)
			}
		} else if !server.Cancel(server.Sessions()[0].ID) || server.Cancel(1) {
			t.Error("not canceled, or somebody else")
		}
		if e := as[*pgconn.PgError](<-result); e == nil || e.Code != "57014" || e.Message != "canceling statement due to user request" {
			t.Errorf("%v", e)
		}
		if _, err := conn.Exec(t.Context(), "SELECT 1").ReadAll(); err != nil {
			t.Errorf("after it: %v", err)
		}
	}
}

// A commit without standbys waits. Cancelling it commits with a warning; its client's end changes nothing.
func TestCommitWaits(t *testing.T) {
	standby := make(chan struct{})
	b := &bench{standby: standby}
	server, settings := serve(t, b)
	conf, err := pgconn.ParseConfig(settings)
	if err != nil {
		t.Fatal(err)
	}
	notices := make(chan string, 8)
	conf.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { notices <- n.Severity + " " + n.Code + " " + n.Message }
	var away atomic.Bool
	conf.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if away.Load() {
			return nil, errors.New("pgconn would cancel the statement of a lost connection")
		}
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
	commit := func() (*pgconn.PgConn, chan error) {
		conn, err := pgconn.ConnectConfig(t.Context(), conf)
		if err != nil {
			t.Fatal(err)
		}
		result := make(chan error, 1)
		go func() {
			results, err := conn.Exec(context.Background(), "BEGIN; INSERT 1; COMMIT").ReadAll()
			if err == nil && results[2].CommandTag.String() != "COMMIT" {
				err = errors.New(results[2].CommandTag.String())
			}
			result <- err
		}()
		eventually(t, "the wait", func() bool {
			s := server.Sessions()
			return len(s) == 1 && s[0].Activity().WaitEvent == "SyncRep" && s[0].Activity().Query == "COMMIT"
		})
		return conn, result
	}

	conn, result := commit()
	if err := conn.CancelRequest(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-result; err != nil {
		t.Error(err)
	}
	if got := <-notices; got != "WARNING 57014 canceling wait for synchronous replication due to user request" {
		t.Error(got)
	}
	_ = conn.Close(t.Context())
	eventually(t, "its end", func() bool { return b.ends() == 1 && len(server.Sessions()) == 0 })

	conn, result = commit()
	server.CloseConns(nil, "57P01", "terminating connection due to administrator command")
	if err := <-result; err == nil || as[*pgconn.PgError](err) != nil {
		t.Errorf("a shutdown: %v, want the end of the connection alone", err)
	}
	if got := <-notices; got != "WARNING 57P01 canceling the wait for synchronous replication and terminating connection due to administrator command" {
		t.Error(got)
	}
	_ = conn.Close(t.Context())
	eventually(t, "its end", func() bool { return b.ends() == 2 && len(server.Sessions()) == 0 })

	conn, result = commit()
	away.Store(true)
	_ = conn.Conn().Close()
	<-result
	eventually(t, "the client's end", func() bool { return server.Sessions()[0].Activity().Gone })
	if a := server.Sessions()[0].Activity(); a.WaitEvent != "SyncRep" || b.ends() != 2 {
		t.Errorf("the commit does not wait any more: %+v", a)
	}
	close(standby)
	eventually(t, "the end of the wait", func() bool { return b.ends() == 3 })
}

func TestPgBouncerNoticesHangup(t *testing.T) {
	b := &bench{}
	server, settings := serve(t, b, func(s *pgwire.Server) { s.NoticesHangup = true })
	conn := connect(t, settings).PgConn()
	result := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.Background(), "SELECT sleep").ReadAll()
		result <- err
	}()
	eventually(t, "a running statement", func() bool { return server.Sessions()[0].Activity().State == "active" })
	_ = conn.Conn().Close()
	<-result
	eventually(t, "its end", func() bool { return b.ends() == 1 })
}

func TestShutdown(t *testing.T) {
	server, settings := serve(t, &bench{})
	idle, busy, spared := connect(t, settings), connect(t, settings), connect(t, settings+"user=spared")
	result := make(chan error, 1)
	go func() {
		_, err := busy.Exec(context.Background(), "SELECT sleep")
		result <- err
	}()
	eventually(t, "a running statement", func() bool {
		for _, s := range server.Sessions() {
			if s.Activity().State == "active" {
				return true
			}
		}
		return false
	})
	server.CloseConns(func(s *pgwire.Session) bool { return s.User != "spared" }, "57P01", "terminating connection due to administrator command")
	for _, err := range []error{<-result, idle.Ping(t.Context())} {
		if e := as[*pgconn.PgError](err); e == nil || e.Code != "57P01" || e.Severity != "FATAL" {
			t.Errorf("%v", err)
		}
	}
	if err := spared.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := spared.Exec(t.Context(), "DIE"); as[*pgconn.PgError](err) == nil {
		t.Errorf("%v", err)
	}
	eventually(t, "the end of all sessions", func() bool { return len(server.Sessions()) == 0 })

	dropped := connect(t, settings)
	server.Reset()
	if err := dropped.Ping(t.Context()); err == nil || as[*pgconn.PgError](err) != nil {
		t.Errorf("a crash: %v", err)
	}
	connect(t, settings) // the listener stays
}

package pgwire_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"go.uber.org/goleak"

	"recon/internal/twin/pgwire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a backend that knows a few statements.
type bench struct {
	auth    pgwire.Auth
	refuse  error
	started error

	mu      sync.Mutex
	asked   []string
	ended   int
	standby chan struct{} // a commit waits until it is closed; nil is no wait
}

func (b *bench) Login(_ context.Context, _ *pgwire.Session, startup map[string]string) (pgwire.Auth, error) {
	if startup["user"] == "stranger" {
		return pgwire.Auth{}, &pgwire.Error{Code: "28000", Message: `no pg_hba.conf entry for host "127.0.0.1", user "stranger", database "d", no encryption`}
	}
	return b.auth, b.refuse
}

func (b *bench) Started(s *pgwire.Session) (map[string]string, error) {
	return map[string]string{
		"server_version": "17.2", "server_encoding": "UTF8", "client_encoding": "UTF8", "standard_conforming_strings": "on",
		"DateStyle": "ISO, MDY", "integer_datetimes": "on", "TimeZone": "Etc/UTC", "session_authorization": s.User,
	}, b.started
}

func (b *bench) Ended(*pgwire.Session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended++
}

func (b *bench) ends() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ended
}

func (b *bench) log() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.asked...)
}

var (
	noon     = time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)
	allTypes = []pgwire.Column{
		{Name: "b", OID: pgtype.BoolOID},
		{Name: "i2", OID: pgtype.Int2OID},
		{Name: "i4", OID: pgtype.Int4OID},
		{Name: "i8", OID: pgtype.Int8OID},
		{Name: "oid", OID: pgtype.OIDOID},
		{Name: "f8", OID: pgtype.Float8OID},
		{Name: "num", OID: pgtype.NumericOID},
		{Name: "t", OID: pgtype.TextOID},
		{Name: "name", OID: pgtype.NameOID},
		{Name: "at", OID: pgtype.TimestamptzOID},
		{Name: "age", OID: pgtype.IntervalOID},
		{Name: "addr", OID: pgtype.InetOID},
		{Name: "lsn", OID: pgwire.LSNOID},
		{Name: "list", OID: pgtype.TextArrayOID},
		{Name: "nothing", OID: pgtype.TextOID},
		{Name: "js", OID: pgtype.JSONOID},
		{Name: "xid", OID: pgtype.XIDOID},
		{Name: "written", OID: pgtype.Int8OID},
	}
	allValues = []any{
		true, 2, 4, int64(1) << 40, uint32(16384), 2.5, 12.75, "text", "postgres", noon, 26*time.Hour + 1500*time.Millisecond,
		netip.MustParseAddr("172.16.113.201"), pgwire.LSN(0x6024030),
		[]string{"a b", "c"},
		nil, `{"a": 1}`, uint32(742), "77",
	}
)

func (b *bench) Describe(_ context.Context, _ *pgwire.Session, sql string) ([]uint32, []pgwire.Column, error) {
	switch {
	case strings.HasPrefix(sql, "SELECT $1"):
		return []uint32{pgtype.Int8OID, pgtype.TextOID}, []pgwire.Column{{Name: "n", OID: pgtype.Int8OID}, {Name: "t", OID: pgtype.TextOID}}, nil
	case sql == "SELECT all":
		return nil, allTypes, nil
	case strings.HasPrefix(sql, "SELECT rows"):
		return nil, []pgwire.Column{{Name: "n", OID: pgtype.Int4OID}}, nil
	case strings.HasPrefix(sql, "SELECT"):
		return nil, []pgwire.Column{{Name: "one", OID: pgtype.Int4OID}}, nil
	case strings.HasPrefix(sql, "BROKEN"):
		return nil, nil, &pgwire.Error{Code: "42601", Message: "no such words", Hint: "look at the list", Detail: "in detail"}
	}
	return nil, nil, nil
}

func (b *bench) Query(ctx context.Context, s *pgwire.Session, sql string, params []pgwire.Param) (pgwire.Result, error) {
	b.mu.Lock()
	b.asked = append(b.asked, sql)
	standby := b.standby
	b.mu.Unlock()
	_, columns, err := b.Describe(ctx, s, sql)
	if err != nil {
		return pgwire.Result{}, err
	}
	r := pgwire.Result{Columns: columns}
	verb, rest, _ := strings.Cut(sql, " ")
	switch {
	case strings.HasPrefix(sql, "SELECT $1"):
		var values []any
		for _, p := range params {
			text, ok, err := p.Text()
			if err != nil {
				return r, err
			}
			if values = append(values, text); !ok {
				values[len(values)-1] = nil
			}
		}
		r.Rows = [][]any{values}
	case sql == "SELECT all":
		r.Rows = [][]any{allValues}
	case strings.HasPrefix(rest, "rows "):
		n, _ := strconv.Atoi(strings.TrimPrefix(rest, "rows "))
		for i := range n {
			r.Rows = append(r.Rows, []any{i})
		}
	case rest == "sleep":
		<-ctx.Done()
		return r, ctx.Err()
	case verb == "SELECT":
		r.Rows = [][]any{{1}}
	case verb == "SET":
		r.Set = map[string]string{"application_name": rest}
	case verb == "FAIL":
		return r, &pgwire.Error{Code: "22012", Message: "division by zero"}
	case verb == "DIE":
		return r, &pgwire.Error{Severity: "FATAL", Code: "57P02", Message: "terminating connection because of crash of another server process"}
	case verb == "NOTE":
		r.Notices = []pgwire.Error{{Severity: "NOTICE", Code: "00000", Message: "by the way"}}
	case verb == "INSERT":
		r.Tag = "INSERT 0 1"
	case verb == "COMMIT" && standby != nil:
		s.Waits("IPC", "SyncRep")
		r.Wait = func(ctx context.Context) error {
			select {
			case <-standby:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return r, nil
}

// serve starts a server of the backend and gives a connection string without user and database.
func serve(t *testing.T, b *bench, change ...func(*pgwire.Server)) (*pgwire.Server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &pgwire.Server{Backend: b}
	for _, c := range change {
		c(s)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return s, fmt.Sprintf("host=127.0.0.1 port=%s user=watcher dbname=netbox sslmode=disable application_name=test ", port)
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(10 * time.Second); !holds(); {
		if time.Now().After(limit) {
			t.Fatalf("never seen: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// certificate is a server's TLS that nobody trusts.
func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// as is an error of a server, or nil.
func as[E error](err error) (e E) {
	errors.As(err, &e)
	return e
}

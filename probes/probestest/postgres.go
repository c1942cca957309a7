package probestest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"

	"recon/internal/inventory"
	"recon/probes"
)

// startPostgres speaks the server's side of PostgreSQL's protocol for the questions of the probes.
func (c *Cluster) startPostgres(tb testing.TB, n inventory.Node) {
	tb.Helper()
	l := c.listen(tb, n.Name, PostgresPort)
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
				defer stop()
				defer conn.Close()
				(&postgres{cluster: c, node: n.Name, conn: conn}).serve()
			})
		}
	})
	tb.Cleanup(func() {
		cancel()
		_ = l.Close()
		all.Wait()
	})
}

// postgres is one session.
type postgres struct {
	cluster *Cluster
	node    string
	conn    net.Conn
	back    *pgproto3.Backend
	parsed  map[string]string // statement name to SQL
	portal  string            // SQL of the bound statement
	formats []int16
}

func (p *postgres) serve() {
	p.back, p.parsed = pgproto3.NewBackend(p.conn, p.conn), map[string]string{}
	for {
		start, err := p.back.ReceiveStartupMessage()
		if err != nil {
			return
		}
		if _, ok := start.(*pgproto3.StartupMessage); ok {
			break
		}
		if _, err := p.conn.Write([]byte("N")); err != nil { // no TLS here
			return
		}
	}
	p.back.Send(&pgproto3.AuthenticationOk{})
	p.back.Send(&pgproto3.ParameterStatus{Name: "server_version", Value: "17.12"})
	p.back.Send(&pgproto3.ParameterStatus{Name: "client_encoding", Value: "UTF8"})
	p.back.Send(&pgproto3.ParameterStatus{Name: "standard_conforming_strings", Value: "on"})
	p.back.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 1}})
	p.ready()
	for p.back.Flush() == nil {
		msg, err := p.back.Receive()
		if err != nil {
			return
		}
		if p.cluster.mode(func(m *Machine) Mode { return m.Postgres }, p.node) != Up {
			_, _ = io.Copy(io.Discard, p.conn) // silent until the caller gives up
			return
		}
		if err := p.handle(msg); err != nil {
			return
		}
	}
}

func (p *postgres) ready() { p.back.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'}) }

func (p *postgres) handle(msg pgproto3.FrontendMessage) error {
	switch m := msg.(type) {
	case *pgproto3.Query:
		p.back.Send(&pgproto3.CommandComplete{CommandTag: []byte("SET")})
		p.ready()
	case *pgproto3.Parse:
		p.parsed[m.Name] = m.Query
		p.back.Send(&pgproto3.ParseComplete{})
	case *pgproto3.Describe:
		sql := p.portal
		if m.ObjectType == 'S' {
			p.back.Send(&pgproto3.ParameterDescription{})
			sql = p.parsed[m.Name]
		}
		p.back.Send(p.describe(sql))
	case *pgproto3.Bind:
		p.portal, p.formats = p.parsed[m.PreparedStatement], m.ResultFormatCodes
		p.back.Send(&pgproto3.BindComplete{})
	case *pgproto3.Execute:
		row, err := p.row(p.portal)
		if err != nil {
			return err
		}
		p.back.Send(row)
		p.back.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")})
	case *pgproto3.Sync:
		p.ready()
	case *pgproto3.Close:
		p.back.Send(&pgproto3.CloseComplete{})
	case *pgproto3.Terminate:
		return io.EOF
	default:
		return errors.New("unexpected message")
	}
	return nil
}

func scalars(sql string) bool { return strings.Contains(sql, "server_version_num") }

func oids(sql string) []uint32 {
	if scalars(sql) {
		return []uint32{
			pgtype.Int4OID, pgtype.BoolOID, pgtype.BoolOID, pgtype.Int4OID, pgtype.BoolOID, pgtype.Int4OID, pgtype.Float8OID, pgtype.TextOID,
			pgtype.BoolOID, pgtype.Int4OID, pgtype.Int4OID,
		}
	}
	switch {
	case strings.Contains(sql, "pg_database_size"):
		return []uint32{pgtype.Int8OID, pgtype.Int8OID, pgtype.Int4OID}
	case strings.Contains(sql, "has_table_privilege"):
		return []uint32{pgtype.BoolOID, pgtype.BoolOID}
	case strings.Contains(sql, "error IS NOT NULL"):
		return []uint32{pgtype.Int4OID}
	}
	return []uint32{pgtype.TextOID}
}

func (p *postgres) describe(sql string) *pgproto3.RowDescription {
	d := &pgproto3.RowDescription{}
	for _, oid := range oids(sql) {
		d.Fields = append(d.Fields, pgproto3.FieldDescription{Name: []byte("column"), DataTypeOID: oid, DataTypeSize: -1, TypeModifier: -1})
	}
	return d
}

func (p *postgres) row(sql string) (*pgproto3.DataRow, error) {
	var values []any
	p.cluster.look(func(w *World) {
		m := w.Machines[p.node]
		switch {
		case strings.Contains(sql, "pg_database_size"):
			values = []any{int64(412 << 20), int64(160 << 20), int32(0)}
			return
		case strings.Contains(sql, "has_table_privilege"):
			values = []any{!m.Unprivileged, !m.Unprivileged}
			return
		case strings.Contains(sql, "error IS NOT NULL"):
			values = []any{int32(0)}
			return
		case !scalars(sql):
			values = []any{lists(w, m, p.node, p.cluster.Inventory)}
			return
		}
		receiver := ""
		if m.Replication == "streaming" {
			receiver = "streaming"
		}
		var oldest any
		if m.Waiting > 0 {
			oldest = 9.5
		}
		values = []any{int32(170012), m.Role != "primary", false, int32(m.Timeline), !m.Unprivileged, int32(m.Waiting), oldest, receiver, m.ReplayPaused, int32(12), int32(200)}
	})
	types := pgtype.NewMap()
	row := &pgproto3.DataRow{}
	for i, oid := range oids(sql) {
		if values[i] == nil {
			row.Values = append(row.Values, nil)
			continue
		}
		format := int16(0)
		switch {
		case len(p.formats) == 1:
			format = p.formats[0]
		case i < len(p.formats):
			format = p.formats[i]
		}
		b, err := types.Encode(oid, format, values[i], []byte{})
		if err != nil {
			return nil, err
		}
		row.Values = append(row.Values, b)
	}
	return row, nil
}

// lists is the answer to the question for the statistics views.
func lists(w *World, m *Machine, node string, inv *inventory.Cluster) string {
	if m.Lists != "" {
		return m.Lists
	}
	followers, slots := []probes.Standby{}, []probes.Slot{}
	for _, n := range inv.Nodes {
		other := w.Machines[n.Name]
		if n.Name == node || !followed(w, node) {
			continue
		}
		zero := int64(0)
		slots = append(slots, probes.Slot{Name: strings.ReplaceAll(n.Name, "-", "_"), Kind: "physical", Active: other.Replication == "streaming", Retained: &zero, Status: "reserved"})
		if other.Replication == "streaming" {
			followers = append(followers, probes.Standby{Name: n.Name, Address: n.Address, State: "streaming", SyncState: follows(w, m, n.Name), Lag: &zero})
		}
	}
	copies := m.Copies
	if copies == nil {
		copies = []probes.CopyStream{}
	}
	b, err := json.Marshal(map[string]any{
		"followers": followers, "slots": slots, "copies": copies, "archiver": m.Archiver, "subscriptions": []probes.Subscription{},
	})
	if err != nil {
		panic(err) // plain structs
	}
	return string(b)
}

package pgwire

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgproto3"
)

// statement is one that Parse made.
type statement struct {
	sql     string // "" is the empty statement
	params  []uint32
	columns []Column
}

// portal is a statement with its parameters. result is nil until it runs; sent are rows that the client has.
type portal struct {
	*statement
	values  []Param
	formats []int16
	result  *Result
	sent    int
}

// extended answers a message of the extended protocol. After an error everything up to the next Sync is skipped.
func (c *conn) extended(m pgproto3.FrontendMessage) error {
	var err error
	switch m := m.(type) {
	case *pgproto3.Parse:
		err = c.parse(m)
	case *pgproto3.Bind:
		err = c.bind(m)
	case *pgproto3.Describe:
		err = c.describe(m)
	case *pgproto3.Execute:
		err = c.execute(m)
	case *pgproto3.Close:
		if m.ObjectType == 'S' {
			delete(c.statements, m.Name)
		} else {
			delete(c.portals, m.Name)
		}
		err = c.send(&pgproto3.CloseComplete{})
	default:
		return fmt.Errorf("%w: a %T", errProtocol, m)
	}
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	c.skipping = true
	c.session.setTransaction(after(c.session.Transaction(), other, false))
	if err := c.fail(e); err != nil {
		return err
	}
	return c.flush()
}

func (c *conn) parse(m *pgproto3.Parse) error {
	ctx, done := c.statementContext()
	defer done()
	parts, err := Split(m.Query)
	if err != nil {
		return err
	}
	st := &statement{}
	switch len(parts) {
	case 0:
	case 1:
		st.sql = parts[0]
	default:
		return &Error{Code: "42601", Message: "cannot insert multiple commands into a prepared statement"}
	}
	if m.Name != "" && c.statements[m.Name] != nil {
		return &Error{Code: "42P05", Message: fmt.Sprintf("prepared statement %q already exists", m.Name)}
	}
	switch w := transactionWord(st.sql); {
	case st.sql == "":
	case w != other:
		// The backend is not asked: it answers them without parameters and rows.
	case c.session.Transaction() == Failed:
		return errAborted
	default:
		c.session.begin(st.sql, true)
		params, columns, err := c.server.Backend.Describe(ctx, c.session, st.sql)
		if err != nil {
			return failed(ctx, err)
		}
		st.params, st.columns = params, columns
	}
	for i, oid := range m.ParameterOIDs {
		if oid == 0 {
			continue
		}
		for len(st.params) <= i {
			st.params = append(st.params, 0)
		}
		st.params[i] = oid
	}
	c.statements[m.Name] = st
	return c.send(&pgproto3.ParseComplete{})
}

func (c *conn) bind(m *pgproto3.Bind) error {
	st, err := c.statementOf(m.PreparedStatement)
	switch {
	case err != nil:
		return err
	case c.session.Transaction() == Failed && transactionWord(st.sql) == other && st.sql != "":
		return errAborted
	case m.DestinationPortal != "" && c.portals[m.DestinationPortal] != nil:
		return &Error{Code: "42P03", Message: fmt.Sprintf("cursor %q already exists", m.DestinationPortal)}
	case len(m.Parameters) != len(st.params):
		return protocolViolation("bind message supplies %d parameters, but prepared statement %q requires %d", len(m.Parameters), m.PreparedStatement, len(st.params))
	case len(m.ParameterFormatCodes) > 1 && len(m.ParameterFormatCodes) != len(m.Parameters):
		return protocolViolation("bind message has %d parameter formats but %d parameters", len(m.ParameterFormatCodes), len(m.Parameters))
	case len(m.ResultFormatCodes) > 1 && len(m.ResultFormatCodes) != len(st.columns):
		return protocolViolation("bind message has %d result formats but query has %d columns", len(m.ResultFormatCodes), len(st.columns))
	}
	p := &portal{statement: st, formats: m.ResultFormatCodes}
	for i, v := range m.Parameters {
		p.values = append(p.values, Param{OID: st.params[i], Value: v, Binary: formatOf(m.ParameterFormatCodes, i) == binaryFormat})
	}
	c.portals[m.DestinationPortal] = p
	return c.send(&pgproto3.BindComplete{})
}

func protocolViolation(format string, args ...any) error {
	return &Error{Code: "08P01", Message: fmt.Sprintf(format, args...)}
}

func (c *conn) statementOf(name string) (*statement, error) {
	switch st := c.statements[name]; {
	case st != nil:
		return st, nil
	case name == "":
		return nil, &Error{Code: "26000", Message: "unnamed prepared statement does not exist"}
	}
	return nil, &Error{Code: "26000", Message: fmt.Sprintf("prepared statement %q does not exist", name)}
}

func (c *conn) portalOf(name string) (*portal, error) {
	if p := c.portals[name]; p != nil {
		return p, nil
	}
	return nil, &Error{Code: "34000", Message: fmt.Sprintf("portal %q does not exist", name)}
}

func (c *conn) describe(m *pgproto3.Describe) error {
	var columns []Column
	var formats []int16
	if m.ObjectType == 'S' {
		st, err := c.statementOf(m.Name)
		if err != nil {
			return err
		}
		if err := c.send(&pgproto3.ParameterDescription{ParameterOIDs: st.params}); err != nil {
			return err
		}
		columns = st.columns
	} else {
		p, err := c.portalOf(m.Name)
		if err != nil {
			return err
		}
		columns, formats = p.columns, p.formats
	}
	if columns == nil {
		return c.send(&pgproto3.NoData{})
	}
	return c.send(rowDescription(columns, formats))
}

// execute runs a portal, or sends more of its rows.
func (c *conn) execute(m *pgproto3.Execute) error {
	p, err := c.portalOf(m.Portal)
	if err != nil {
		return err
	}
	if p.sql == "" {
		return c.send(&pgproto3.EmptyQueryResponse{})
	}
	ctx, done := c.statementContext()
	defer done()
	if p.result == nil {
		r, failure := c.run(ctx, p.sql, p.values, true)
		if failure != nil {
			return failure
		}
		if len(r.Columns) != len(p.columns) {
			return &Error{Code: "XX000", Message: fmt.Sprintf("the result has %d columns where %d were described", len(r.Columns), len(p.columns))}
		}
		p.result = &r
	}
	rows := p.result.Rows[p.sent:]
	more := m.MaxRows > 0 && len(rows) > int(m.MaxRows)
	if more {
		rows = rows[:m.MaxRows]
	}
	if err := c.rows(p.result.Columns, p.formats, rows); err != nil {
		return err
	}
	if p.sent += len(rows); more {
		return c.send(&pgproto3.PortalSuspended{})
	}
	r := *p.result
	r.Rows = rows
	p.result.Wait = nil
	return c.complete(ctx, p.sql, r)
}

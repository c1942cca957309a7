package pgwire

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// run runs one statement, and keeps the state of the transaction. The state after a commit that waits is set by wait.
func (c *conn) run(ctx context.Context, sql string, params []Param, extended bool) (Result, *Error) {
	state, word := c.session.Transaction(), transactionWord(sql)
	c.session.begin(sql, extended)
	allowed, known, err := admitted(state, word, sql)
	var result Result
	switch {
	case err != nil:
		return Result{}, asError(err)
	case known != nil:
		result = *known
	default:
		if result, err = c.server.Backend.Query(ctx, c.session, allowed, params); err != nil {
			c.session.setTransaction(after(state, word, false))
			return Result{}, failed(ctx, err)
		}
		if result.Tag == "" && result.Columns == nil {
			result.Tag = doneTag(allowed)
		}
	}
	for i := range result.Notices {
		if err := c.send(result.Notices[i].notice()); err != nil {
			return Result{}, asFatal(err)
		}
	}
	return result, nil
}

// complete waits as long as the result wants to, and ends its statement.
func (c *conn) complete(ctx context.Context, sql string, r Result) error {
	state, word := c.session.Transaction(), transactionWord(sql)
	if r.Wait != nil {
		if err := c.wait(ctx, r.Wait); err != nil {
			var e *Error
			if !errors.As(err, &e) {
				return err
			}
			c.session.setTransaction(after(state, word, false))
			return e
		}
	}
	c.session.setTransaction(after(state, word, true))
	for _, name := range sorted(r.Set) {
		if name == "application_name" {
			c.session.setApplication(r.Set[name])
		}
		if err := c.send(&pgproto3.ParameterStatus{Name: name, Value: r.Set[name]}); err != nil {
			return err
		}
	}
	tag := r.Tag
	if tag == "" {
		tag = fmt.Sprintf("SELECT %d", len(r.Rows))
		if firstWord(sql) == "show" {
			tag = "SHOW"
		}
	}
	return c.send(&pgproto3.CommandComplete{CommandTag: []byte(tag)})
}

// wait is a commit's wait for its standbys. Whatever ends it, the commit is done: an error would be a lie, and PostgreSQL
// says so in a warning.
func (c *conn) wait(ctx context.Context, until func(context.Context) error) error {
	err := until(ctx)
	var said, cause *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &said) && said.isNotice():
		return c.send(said.notice())
	case said != nil:
		return said
	case ctx.Err() == nil:
		return asError(err)
	}
	warning := &Error{
		Severity: "WARNING", Code: ErrCanceled.Code, Message: "canceling wait for synchronous replication due to user request",
		Detail: "The transaction has already committed locally, but might not have been replicated to the standby.",
	}
	switch {
	case errors.As(context.Cause(ctx), &cause):
		warning.Code = cause.Code
		warning.Message = "canceling the wait for synchronous replication and terminating connection due to administrator command"
	case !errors.Is(context.Cause(ctx), errCanceled):
		return context.Cause(ctx)
	}
	if err := c.send(warning.notice()); err != nil {
		return err
	}
	if cause != nil {
		// After this warning PostgreSQL says nothing more, not even that the statement is complete.
		_ = c.flush()
		return errFatal
	}
	return nil
}

// rows sends rows of a result in the formats that were asked for.
func (c *conn) rows(columns []Column, formats []int16, rows [][]any) error {
	for _, row := range rows {
		if len(row) != len(columns) {
			return &Error{Code: "XX000", Message: fmt.Sprintf("a row has %d values for %d columns", len(row), len(columns))}
		}
		m := &pgproto3.DataRow{Values: make([][]byte, len(row))}
		for i, v := range row {
			var err error
			if m.Values[i], err = c.encode(columns[i].OID, formatOf(formats, i), v); err != nil {
				return &Error{Code: "XX000", Message: fmt.Sprintf("column %s: %v", columns[i].Name, err)}
			}
		}
		if err := c.send(m); err != nil {
			return err
		}
	}
	return nil
}

func formatOf(formats []int16, i int) int16 {
	switch {
	case len(formats) == 1:
		return formats[0]
	case i < len(formats):
		return formats[i]
	}
	return textFormat
}

func rowDescription(columns []Column, formats []int16) *pgproto3.RowDescription {
	m := &pgproto3.RowDescription{Fields: make([]pgproto3.FieldDescription, len(columns))}
	for i, col := range columns {
		m.Fields[i] = pgproto3.FieldDescription{
			Name: []byte(col.Name), DataTypeOID: col.OID, DataTypeSize: sizeOf(col.OID), TypeModifier: -1, Format: formatOf(formats, i),
		}
	}
	return m
}

// simple answers a text with any number of statements. The first error ends it.
func (c *conn) simple(text string) error {
	statements, err := Split(text)
	switch {
	case err != nil:
		c.session.begin(text, false)
		c.session.setTransaction(after(c.session.Transaction(), other, false))
		if err := c.fail(asError(err)); err != nil {
			return err
		}
	case len(statements) == 0:
		if err := c.send(&pgproto3.EmptyQueryResponse{}); err != nil {
			return err
		}
	}
	for _, sql := range statements {
		err := c.one(sql)
		var e *Error
		if errors.As(err, &e) {
			if err := c.fail(e); err != nil {
				return err
			}
			break
		}
		if err != nil {
			return err
		}
	}
	return c.ready()
}

// one runs one statement of the simple protocol. An *Error is still to be told.
func (c *conn) one(sql string) error {
	ctx, done := c.statementContext()
	defer done()
	r, failure := c.run(ctx, sql, nil, false)
	if failure != nil {
		return failure
	}
	if r.Columns != nil {
		if err := c.send(rowDescription(r.Columns, nil)); err != nil {
			return err
		}
		if err := c.rows(r.Columns, nil, r.Rows); err != nil {
			return err
		}
	}
	return c.complete(ctx, strings.TrimSpace(sql), r)
}

package pgwire

// The words of a transaction, as far as they change its state.
type word int

const (
	other word = iota
	begins
	commits
	rollsBack
	rollsBackTo
)

// transactionWord tells what a statement does to the transaction.
func transactionWord(sql string) word {
	switch firstWord(sql) {
	case "begin", "start", "commit", "end", "abort", "rollback":
	default:
		return other
	}
	tokens, err := Tokens(sql)
	if err != nil {
		return other
	}
	second := func(text string) bool { return len(tokens) > 1 && tokens[1].Is(text) }
	switch tokens[0].Text {
	case "begin":
		return begins
	case "start":
		if second("transaction") {
			return begins
		}
	case "commit", "end":
		if !second("prepared") {
			return commits
		}
	case "abort":
		return rollsBack
	case "rollback":
		switch {
		case second("prepared"):
			return other
		case second("to"), len(tokens) > 2 && tokens[2].Is("to"):
			return rollsBackTo
		}
		return rollsBack
	}
	return other
}

// The states of a transaction, as ReadyForQuery tells them.
const (
	Idle          byte = 'I'
	InTransaction byte = 'T'
	Failed        byte = 'E'
)

var errAborted = &Error{Code: "25P02", Message: "current transaction is aborted, commands ignored until end of transaction block"}

// admitted says what of a statement runs in the present state: itself, another one in its place, or nothing because the
// answer is known.
func admitted(state byte, w word, sql string) (run string, known *Result, err error) {
	warning := func(tag, code, message string) *Result {
		return &Result{Tag: tag, Notices: []Error{{Severity: "WARNING", Code: code, Message: message}}}
	}
	switch state {
	case Failed:
		switch w {
		case commits:
			return "ROLLBACK", nil, nil
		case rollsBack, rollsBackTo:
			return sql, nil, nil
		}
		return "", nil, errAborted
	case InTransaction:
		if w == begins {
			return "", warning("BEGIN", "25001", "there is already a transaction in progress"), nil
		}
	default:
		switch w {
		case commits:
			return "", warning("COMMIT", "25P01", "there is no transaction in progress"), nil
		case rollsBack:
			return "", warning("ROLLBACK", "25P01", "there is no transaction in progress"), nil
		case rollsBackTo:
			return "", nil, &Error{Code: "25P01", Message: "ROLLBACK TO SAVEPOINT can only be used in transaction blocks"}
		}
	}
	return sql, nil, nil
}

// after is the state that a statement leaves.
func after(state byte, w word, ok bool) byte {
	switch {
	case w == commits, w == rollsBack && ok:
		return Idle // a COMMIT that fails has rolled back
	case !ok && state != Idle:
		return Failed
	case ok && w == begins, ok && w == rollsBackTo:
		return InTransaction
	}
	return state
}

// doneTag is the tag of a statement whose backend gave none.
func doneTag(sql string) string {
	switch transactionWord(sql) {
	case begins:
		return "BEGIN"
	case commits:
		return "COMMIT"
	case rollsBack, rollsBackTo:
		return "ROLLBACK"
	}
	return upper(firstWord(sql))
}

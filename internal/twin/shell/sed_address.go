package shell

// selected says whether a step's addresses match the current line.
func (s *sed) selected(st *sedStep) bool {
	if st.from == nil {
		return true
	}
	if st.to == nil {
		return s.matches(st.from)
	}
	if st.active {
		switch st.to.kind {
		case 'n':
			// A range whose end is behind is one line long.
			if s.n >= st.to.line {
				st.active = false
			}
			return s.n <= st.to.line
		case '+', 'm':
			if s.n >= st.until {
				st.active = false
			}
			return true
		}
		if s.matches(st.to) {
			st.active = false
		}
		return true
	}
	if !s.matches(st.from) {
		return false
	}
	st.active = true
	switch st.to.kind {
	case 'n':
		st.active = st.to.line > s.n
	case '+':
		st.until = s.n + st.to.plus
		st.active = st.to.plus > 0
	case 'm':
		st.until = s.n
		if m := st.to.mult; m > 0 && s.n%m != 0 {
			st.until = s.n + m - s.n%m
		}
		st.active = st.until > s.n
	case '$':
		st.active = !s.input.atEnd()
	}
	return true
}

func (s *sed) matches(a *sedAddress) bool {
	switch a.kind {
	case 'n':
		return s.n == a.line
	case '$':
		return s.input.atEnd()
	case '~':
		if a.step <= 0 {
			return s.n == a.line
		}
		return s.n >= a.line && (s.n-a.line)%a.step == 0
	case 'r':
		re := a.re
		if a.last {
			re = s.last
		}
		if re == nil {
			return false
		}
		s.last = re
		return re.MatchString(s.pattern)
	}
	return false
}

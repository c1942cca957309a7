package scrub

import "slices"

// masker replaces secrets in a stream. It holds back what may be the beginning of a form, and nothing more.
type masker struct {
	set  *Secrets
	auto *automaton
	at   int32
	// held are the bytes at the end of the stream that may still become part of a secret.
	held []byte
	// spans are the finds that reach into held, in order, apart from each other.
	spans []span
}

// span is a part of the stream that is one form, or several that overlap. Offsets are into held: from is negative when
// its beginning was dropped already.
type span struct {
	from, to int
	finds    []find
}

// find is a secret with the offset where its form begins. In a span they stand in the order of these offsets, each
// secret once, and none inside of another.
type find struct {
	from   int
	secret int32
}

// load takes over secrets that were added since, and reads again what is held back.
func (m *masker) load() *automaton {
	if m.set == nil {
		return nil
	}
	if a := m.set.found.Load(); a != m.auto {
		m.auto, m.at = a, 0
		m.spans = slices.DeleteFunc(m.spans, func(s span) bool { return s.from >= 0 })
		m.read(0)
	}
	return m.auto
}

// feed appends to dst what of the stream is certain now, after p.
func (m *masker) feed(dst, p []byte) []byte {
	a := m.load()
	if a == nil {
		return append(dst, p...)
	}
	from := len(m.held)
	m.held = append(m.held, p...)
	m.read(from)
	return m.release(dst, len(m.held)-int(a.nodes[m.at].hold))
}

// finish appends everything that is held back.
func (m *masker) finish(dst []byte) []byte {
	if m.load() == nil {
		return dst
	}
	m.at = 0
	return m.release(dst, len(m.held))
}

// read looks for forms in held from an offset on.
func (m *masker) read(from int) {
	a, at, held := m.auto, m.at, m.held
	for i := from; i < len(held); i++ {
		if at == 0 {
			// Most of the text cannot begin a form.
			for i < len(held) && a.root[held[i]] == 0 {
				i++
			}
			if i == len(held) {
				break
			}
			at = a.root[held[i]]
		} else {
			at = a.step(at, held[i])
		}
		if n := &a.nodes[at]; n.match > 0 {
			m.found(i+1-int(n.match), i+1, n.secret)
		}
	}
	m.at = at
}

// found adds a find and joins it with those that it overlaps. Finds come in the order of their ends.
func (m *masker) found(from, to int, secret int32) {
	s := span{from: from, to: to}
	for len(m.spans) > 0 {
		last := m.spans[len(m.spans)-1]
		if last.to <= s.from {
			break
		}
		if last.from <= from && to <= last.to {
			return // read again, inside of one whose beginning is gone
		}
		m.spans = m.spans[:len(m.spans)-1]
		s.from = min(s.from, last.from)
		// What lies inside of the new find does not show.
		inside := func(f find) bool { return f.from >= from }
		s.finds = append(slices.DeleteFunc(last.finds, inside), s.finds...)
	}
	if !slices.ContainsFunc(s.finds, func(f find) bool { return f.secret == secret }) {
		s.finds = append(s.finds, find{from, secret})
	}
	m.spans = append(m.spans, s)
}

// release appends what stands before the offset end of held, and forgets it.
func (m *masker) release(dst []byte, end int) []byte {
	at, done := 0, 0
	for _, s := range m.spans {
		dst = append(dst, m.held[at:min(max(at, s.from), end)]...)
		if at = min(s.to, end); s.to > end {
			at = end
			break
		}
		for _, f := range s.finds {
			dst = append(dst, m.auto.labels[f.secret]...)
		}
		done++
	}
	dst = append(dst, m.held[at:end]...)
	m.spans = slices.Delete(m.spans, 0, done)
	for i := range m.spans {
		s := &m.spans[i]
		s.from, s.to = s.from-end, s.to-end
		for j := range s.finds {
			s.finds[j].from -= end
		}
	}
	m.held = append(m.held[:0], m.held[end:]...)
	return dst
}

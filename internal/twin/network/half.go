package network

// window is how many bytes a direction takes while its reader does not read.
const window = 64 << 10

// half is one direction of a connection: what one end wrote and the other has not read. It grows with use and keeps no
// memory when it is empty for long writes.
type half struct {
	buf []byte
	// read is how much of buf was read, came how much of it has arrived: the rest is on its way, behind a cut.
	read, came int
	// fin is set when the writer wrote its last, over when that has arrived.
	fin, over bool
}

// room is how many bytes can be written.
func (h *half) room() int { return window - (len(h.buf) - h.read) }

// write takes what there is room for.
func (h *half) write(p []byte) int {
	n := min(len(p), h.room())
	if h.read >= window {
		// Moving what is left costs less than what was read meanwhile.
		left := copy(h.buf, h.buf[h.read:])
		h.buf, h.came, h.read = h.buf[:left], h.came-h.read, 0
	}
	h.buf = append(h.buf, p[:n]...)
	return n
}

// arrive lets everything that is on its way arrive.
func (h *half) arrive() { h.came, h.over = len(h.buf), h.fin }

// travels says whether something is on its way.
func (h *half) travels() bool { return len(h.buf) > h.came || h.fin && !h.over }

// lose drops what is on its way.
func (h *half) lose() { h.buf, h.fin = h.buf[:h.came], h.over }

// waiting is how many bytes can be read.
func (h *half) waiting() int { return h.came - h.read }

// take reads.
func (h *half) take(p []byte) int {
	n := copy(p, h.buf[h.read:h.came])
	h.read += n
	if h.read == len(h.buf) {
		h.read, h.came = 0, 0
		if cap(h.buf) > 16<<10 {
			h.buf = nil
		}
		h.buf = h.buf[:0]
	}
	return n
}

package audit

// excerpt is how many bytes of an output the report quotes.
const excerpt = 4 << 10

// Markdown is the report of one walk for people: who, where and when, the steps with their outcomes, every intent with
// the exact bytes, the gates and what came back, and overrides marked so that nobody misses them. Nothing that a trail or
// an output holds can break out of its quotation.
func Markdown(records []Record, rep Report) string {
	return ""
}

package runbooks

// Guard is a condition that stands before every command of certain risks in the books of certain systems, unless the book
// waives it by name with a reason.
type Guard struct {
	ID, Title string
	// Systems and Risks say to which commands it applies: a risk among Risks, in a book that names one of Systems.
	Systems, Risks []string
	// Words narrow it, when there are any, to commands whose script holds one of these words.
	Words []string
	Check Condition
	// Text says why, in markdown.
	Text string
}

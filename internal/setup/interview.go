package setup

import (
	"errors"
	"strings"
)

// Interview asks one question after the other, checks each answer at once, and can go back. It knows no screen.
type Interview struct {
	machine Machine
	// first are the answers that were given before; they are not asked for.
	first Answers
	now   Answers
	turns []turn
	// refused is why an answer that was given before could not be taken, by its key.
	refused map[string]string
}

// turn is one question that was answered.
type turn struct {
	question Question
	text     string
	warning  string
	before   Answers
}

// Answered is one line of what was said so far.
type Answered struct {
	Question Question
	Text     string
	// Warning is what may be meant so; empty mostly.
	Warning string
}

// NewInterview begins an interview. What is given already is not asked for, unless it cannot be.
func NewInterview(given Answers, m Machine) *Interview {
	given.complete = len(given.Nodes) > 0
	return &Interview{machine: m, first: given, now: given, refused: map[string]string{}}
}

// Question is the next question; false when everything is answered.
func (i *Interview) Question() (Question, bool) {
	for {
		q, ok := i.next()
		if !ok {
			return q, false
		}
		text := q.given(i.first)
		if _, refused := i.refused[q.Key]; text == "" || refused {
			return q, true
		}
		if err := i.Answer(text); err != nil {
			i.refused[q.Key] = err.Error()
			return q, true
		}
	}
}

// Refused is why a text that was given before for this question could not be taken, and the text.
func (i *Interview) Refused(q Question) (why, text string) {
	if why = i.refused[q.Key]; why != "" {
		text = q.given(i.first)
	}
	return why, text
}

func (i *Interview) next() (Question, bool) {
	done := map[string]bool{}
	for _, t := range i.turns {
		done[t.question.Key] = true
	}
	for _, q := range i.now.questions(i.machine) {
		if !done[q.Key] && q.asked(i.now) {
			return q, true
		}
	}
	return Question{}, false
}

// Default is the answer that an empty one stands for.
func (i *Interview) Default(q Question) string {
	if q.Fallback == nil {
		return ""
	}
	return q.Fallback(i.now)
}

// Answer takes the answer to the next question. An empty one is the default. The error says what is wrong and what to write,
// and then nothing has changed.
func (i *Interview) Answer(text string) error {
	q, ok := i.next()
	if !ok {
		return errors.New("everything is answered")
	}
	text = strings.TrimSpace(text)
	if text == "" {
		text = i.Default(q)
	}
	if text == "" && !q.Optional {
		return errors.New("an answer is needed here")
	}
	before := i.now
	if err := q.take(&i.now, text); err != nil {
		i.now = before
		return err
	}
	i.turns = append(i.turns, turn{question: q, text: text, warning: q.warning(i.now), before: before})
	return nil
}

// Back goes to the question before, and gives what was answered to it; false at the first.
func (i *Interview) Back() (text string, ok bool) {
	if len(i.turns) == 0 {
		return "", false
	}
	t := i.turns[len(i.turns)-1]
	i.turns, i.now = i.turns[:len(i.turns)-1], t.before
	// What was given before is open to change once it is gone back to.
	if _, known := i.refused[t.question.Key]; !known {
		i.refused[t.question.Key] = ""
	}
	return t.text, true
}

// Answered lists what was answered, in order.
func (i *Interview) Answered() []Answered {
	out := make([]Answered, len(i.turns))
	for j, t := range i.turns {
		out[j] = Answered{t.question, t.text, t.warning}
	}
	return out
}

// Answers are the answers, complete when Question says that nothing is left to ask.
func (i *Interview) Answers() (Answers, []string, error) { return i.now.Complete(i.machine) }

package walk

import (
	"errors"
	"fmt"
	"io/fs"

	"recon/actions"
	"recon/internal/audit"
	"recon/runbooks"
)

// play is what an ansible block runs.
func play(p *runbooks.Play) (*actions.Play, error) {
	brought, err := fs.Sub(runbooks.Roles, "ansible")
	if err != nil {
		return nil, fmt.Errorf("find the playbooks that recon brings: %w", err)
	}
	return &actions.Play{Brought: brought, Playbook: p.Playbook, Tags: p.Tags, Limited: p.Limited, Vars: p.Vars, DryRun: p.DryRun}, nil
}

// playValues are the book's inputs and answers as variables of a playbook: inputs.node is recon_node.
func (w *Walk) playValues() []actions.Value {
	var out []actions.Value
	for _, in := range w.book.Inputs {
		out = append(out, actions.Value{Name: "recon_" + in.Name, Value: w.fold.inputs[in.Name]})
	}
	for _, step := range w.book.Steps {
		for _, q := range step.Asks {
			if v, ok := w.fold.answers[q.Name]; ok {
				out = append(out, actions.Value{Name: "recon_" + q.Name, Value: v})
			}
		}
	}
	return out
}

// dryRunFailed is the block of a dry run that failed and that nobody passed over, or -1.
func (w *Walk) dryRunFailed(index int) int {
	for b := range w.book.Steps[index].Commands {
		if p := w.book.Steps[index].Commands[b].Play; p == nil || !p.DryRun {
			continue
		}
		bf := &w.fold.steps[index].blocks[b]
		if bf.passed == "" && len(bf.targets) > 0 && !bf.clean() {
			return b
		}
	}
	return -1
}

// passOver lets the step go on although its dry run failed: on a bare host it often does, because what an earlier task would
// have made is not there. What failed stands in the trail beside the reason.
func (w *Walk) passOver(index, block int, text string) error {
	var evidence []audit.Line
	for _, n := range w.names(w.fold.steps[index].blocks[block].targets) {
		if t := w.fold.steps[index].blocks[block].targets[n]; t.outcome != audit.OK {
			evidence = append(evidence, audit.Line{Text: "dry run on " + n, About: t.reason, Answer: audit.Fail})
		}
	}
	if len(evidence) == 0 {
		return errors.New("the dry run did not fail, so there is nothing to pass over")
	}
	return w.append(audit.KindOverride, audit.Override{Step: index + 1, Block: block + 1, Reason: text, By: w.cfg.Operator, Lines: evidence})
}

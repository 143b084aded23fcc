package plan

// Add takes what a later look at the same resources found into the plan: both
// are shown as one. The other plan is used up.
func (p *Plan) Add(q *Plan) {
	for t, n := range q.Examined {
		p.Examined[t] += n
	}
	s, t := &p.Summary, q.Summary
	s.Examined += t.Examined
	s.OutOfScope += t.OutOfScope
	s.Compliant += t.Compliant
	s.Exempt += t.Exempt
	s.Fixable += t.Fixable
	s.Fixed += t.Fixed
	s.Violating += t.Violating
	s.Unknown += t.Unknown
	p.Findings = append(p.Findings, q.Findings...)
	p.Unread = append(p.Unread, q.Unread...)
	p.Closing = append(p.Closing, q.Closing...)
	p.Complete, s.Unread = len(p.Unread) == 0, len(p.Unread)
	p.sort()
}

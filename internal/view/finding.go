package view

import "gdump/internal/diagnose"

// Weight is how much a finding of a kind asks for a look.
func Weight(k diagnose.Kind) Style {
	switch k {
	case diagnose.Crash, diagnose.Deadlock, diagnose.Leaked, diagnose.Blocked, diagnose.Exhausted, diagnose.Accumulating, diagnose.Outliers:
		return Bad
	case diagnose.Fixed:
		return Good
	default:
		return Plain
	}
}

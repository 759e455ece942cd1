package diagnose

import "gdump/internal/blocked"

// Resource names what is waited for: "shop.Cart.mu", "the mutex of a shop.Cart", "a
// mutex at cart.go:80".
func Resource(r *blocked.Resource) string { return named(r) }

// Because says in a few words why a goroutine is a suspect.
func Because(s *blocked.Suspect) string { return because(s) }

// Who names a suspect of the newest dump: "goroutine 7", "one in main.refill".
func (d *Diagnosis) Who(s *blocked.Suspect) string { return d.knots().who(s) }

// Does says what a suspect is doing, as a sentence goes on after its name.
func (d *Diagnosis) Does(s *blocked.Suspect) string { return d.knots().does(s) }

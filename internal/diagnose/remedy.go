package diagnose

import "gdump/internal/blocked"

// advise adds what to do about a pattern.
func (f *Finding) advise(pattern string) {
	p := blocked.Pattern(pattern)
	f.Remedy, f.Link = p.Remedy(), p.Link()
}

package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"gdump/internal/goroutine"
	"gdump/internal/source"
	"gdump/internal/view/number"
)

// findPrometheus asks a Prometheus server for the targets that it scrapes.
func findPrometheus(ctx context.Context, s *Selector, f *Fleet) error {
	server, err := source.NewServer(s.where, f.o.Source)
	if err != nil {
		return err
	}
	defer server.Close()
	b, err := server.Ask(ctx, source.Request{Path: "/api/v1/targets", Query: url.Values{"state": {"active"}}})
	if err != nil {
		return err
	}
	var answer struct {
		Status string
		Error  string
		Data   *struct {
			ActiveTargets []struct {
				DiscoveredLabels map[string]string
				Labels           map[string]string
				ScrapeURL        string
			}
		}
	}
	if err := json.Unmarshal(b, &answer); err != nil || answer.Data == nil {
		what := "the answer is no list of targets"
		if answer.Error != "" {
			what += ": " + server.Hide(answer.Error)
		}
		return &source.Error{Kind: source.Target, Name: server.Name(), What: what, Hint: "is it the URL of a Prometheus server?"}
	}
	add := f.adder(f.o.forListed())
	for _, t := range answer.Data.ActiveTargets {
		if !fits(s.matchers, func(name string) string { return t.Labels[name] }) {
			continue
		}
		u, err := url.Parse(t.ScrapeURL)
		if err != nil || u.Host == "" {
			f.Notes = append(f.Notes, fmt.Sprintf("%s has no address", goroutine.Clean(t.Labels["instance"])))
			continue
		}
		if err := add(targetURL(u.Scheme+"://"+u.Host, t.DiscoveredLabels), t.Labels); err != nil {
			return err
		}
	}
	f.looked = fmt.Sprintf("the server scrapes %s", number.Plural(len(answer.Data.ActiveTargets), "target", "targets"))
	if len(s.matchers) > 0 {
		f.looked += ", of which none has " + goroutine.Clean(s.text)
	}
	return nil
}

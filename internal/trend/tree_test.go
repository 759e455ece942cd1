package trend

import (
	"strings"
	"testing"

	"gdump/internal/goroutine"
)

// stackOf makes a bucket of a stack in words: "leaf middle entry < creator".
func stackOf(words string, count int) goroutine.Bucket {
	frames, creator, _ := strings.Cut(words, " < ")
	p := goroutine.Parts{CreatedBy: goroutine.Frame{Function: creator}}
	for f := range strings.FieldsSeq(frames) {
		p.Frames = append(p.Frames, goroutine.Frame{Function: f})
	}
	s := goroutine.NewStack(p)
	return goroutine.Bucket{ID: s.ID(), Stack: s, Count: count}
}

func TestTree(t *testing.T) {
	d := goroutine.Dump{Buckets: []goroutine.Bucket{
		stackOf("lib.park lib.read lib.serve < main.start", 5),
		stackOf("lib.park lib.write lib.serve < main.start", 7),
		stackOf("lib.idle lib.pool < main.start", 2),
		stackOf("main.main", 1),
		stackOf("", 1),
	}}
	tr := One(d)
	rows := make([]int, len(tr.Series))
	for i := range rows {
		rows[i] = i
	}
	var got strings.Builder
	var draw func(nodes []*Node, indent string)
	draw = func(nodes []*Node, indent string) {
		for _, n := range nodes {
			got.WriteString(indent + n.Name() + " " + strings.Repeat("*", n.Now()) + "\n")
			draw(n.Children, indent+"  ")
		}
	}
	draw(Tree(tr.Series, rows), "")
	const want = `main.start **************
  lib.serve ************
    lib.write → lib.park *******
    lib.read → lib.park *****
  lib.pool → lib.idle **
(no frames) *
main.main *
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

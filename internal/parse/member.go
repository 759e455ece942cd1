package parse

import (
	"bytes"
	"strconv"

	"gdump/internal/goroutine"
)

func (b *builder) member(e *entry, r *record, text []byte) {
	if len(e.members) >= 64 {
		return
	}
	m := goroutine.Member{ID: r.id, State: string(r.state.of(text)), Wait: int(r.minutes)}
	_, rest, _ := bytes.Cut(text[:r.size], []byte{'\n'})
	for line := range bytes.Lines(rest) {
		line = bytes.TrimRight(line, "\n")
		if len(line) == 0 || line[0] == '\t' || line[0] == '.' {
			continue
		}
		if line[0] == '[' {
			break
		}
		if bytes.HasPrefix(line, createdBy) {
			if i := bytes.LastIndex(line, inGoroutine); i >= 0 {
				m.Creator, _ = strconv.ParseUint(string(line[i+len(inGoroutine):]), 10, 64)
			}
			break
		}
		m.Args = append(m.Args, arguments(line))
	}
	e.members = append(e.members, m)
}

func arguments(line []byte) []uint64 {
	i := bytes.LastIndexByte(line, '(')
	if i <= 0 || line[0] == cMark || string(line[i:]) == "(...)" {
		return nil
	}
	out := []uint64{}
	for _, a := range bytes.FieldsFunc(line[i+1:len(line)-1], func(r rune) bool { return r == ',' || r == ' ' || r == '{' || r == '}' }) {
		v, err := strconv.ParseUint(string(a), 0, 64)
		if err != nil {
			v = 0
		}
		out = append(out, v)
	}
	return out
}

package trend

import "fmt"

func why(v Verdict, reasons []Reason) string {
	out := ""
	for i, r := range reasons {
		if i > 0 {
			out += "; "
		}
		out += fmt.Sprintf("%+v", r)
	}
	return out
}

// plural writes a number of things: "1 dump", "5 dumps".
func plural(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

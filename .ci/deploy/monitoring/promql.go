package monitoring

import (
	"regexp"
	"slices"
	"strings"
)

// A Selector is a metric with the labels that an expression asks of it.
type Selector struct {
	Metric   string
	Matchers []Matcher
}

// A Matcher is a condition on a label.
type Matcher struct{ Label, Operator, Value string }

// A Mention is what an expression names: metrics, and the labels that it groups or joins by.
type Mention struct {
	Selectors []Selector
	Grouping  []string
}

var (
	tokenPattern = regexp.MustCompile(`^(?:#[^\n]*|\[[^\]]*\]|\s+|[a-zA-Z_:][a-zA-Z0-9_:]*|[0-9][0-9a-zA-Z.]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|=~|!~|!=|==|>=|<=|.)`)
	namePattern  = regexp.MustCompile(`^[a-zA-Z_:]`)
)

// tokens splits an expression, without white space, comments and ranges. That it is valid promtool says.
func tokens(expr string) []string {
	var all []string
	for expr != "" {
		token := tokenPattern.FindString(expr)
		expr = expr[len(token):]
		if strings.TrimSpace(token) != "" && token[0] != '#' && token[0] != '[' {
			all = append(all, token)
		}
	}
	return all
}

// Mentions returns what a valid expression names.
func Mentions(expr string) Mention {
	var m Mention
	list := tokens(expr)
	next := func(i int) string {
		if i < len(list) {
			return list[i]
		}
		return ""
	}
	for i := 0; i < len(list); i++ {
		token := list[i]
		switch {
		case !namePattern.MatchString(token):
		case slices.Contains([]string{"and", "or", "unless", "offset", "bool"}, token):
		case slices.Contains([]string{"by", "without", "on", "ignoring", "group_left", "group_right"}, token):
			end := i + slices.Index(list[i:], ")")
			for _, label := range list[i+1 : end] {
				if namePattern.MatchString(label) {
					m.Grouping = append(m.Grouping, label)
				}
			}
			i = end
		case next(i+1) == "(", next(i+1) == "by", next(i+1) == "without": // A function or an aggregation.
		default:
			s := Selector{Metric: token}
			if next(i+1) == "{" {
				end := i + slices.Index(list[i:], "}")
				s.Matchers = matchers(list[i+2 : end])
				i = end
			}
			m.Selectors = append(m.Selectors, s)
		}
	}
	return m
}

// matchers reads label, operator and value, and a comma behind.
func matchers(list []string) []Matcher {
	var all []Matcher
	for ; len(list) >= 3; list = list[min(4, len(list)):] {
		all = append(all, Matcher{Label: list[0], Operator: list[1], Value: strings.Trim(list[2], `"'`)})
	}
	return all
}

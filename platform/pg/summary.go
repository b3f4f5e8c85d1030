package pg

import (
	"slices"
	"strings"
)

// maxTargets is how many tables a summary names, and how many statements that of a batch.
const maxTargets = 5

// summarize tells in a few words what SQL does, such as "SELECT rooms", or for one that writes all tables that it
// does: "INSERT bookings, UPDATE rooms". There are as many summaries as there are statements.
func summarize(sql string) string {
	var writes []string
	var operation, source, before, last string
	for word := range strings.FieldsSeq(sql) {
		upper := strings.ToUpper(strings.Trim(word, "(),;"))
		if operation == "" {
			operation = upper
		}
		switch table := tableOf(word); {
		case table == "":
		case last == "INTO":
			writes = append(writes, "INSERT "+table)
		case last == "FROM" && before == "DELETE":
			writes = append(writes, "DELETE "+table)
		case last == "UPDATE" && !slices.Contains([]string{"FOR", "DO", "KEY", "ON"}, before):
			writes = append(writes, "UPDATE "+table)
		case last == "FROM" && source == "":
			source = table
		}
		before, last = last, upper
	}
	switch {
	case writes != nil:
		return strings.Join(writes[:min(len(writes), maxTargets)], ", ")
	case operation == "WITH":
		operation = "SELECT"
	}
	return strings.TrimSpace(operation + " " + source)
}

// tableOf returns the name that a word of SQL begins with, without quotes, or "".
func tableOf(word string) string {
	word = strings.ReplaceAll(word, `"`, "")
	end := strings.IndexFunc(word, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '.'
	})
	if end >= 0 {
		word = word[:end]
	}
	return word
}

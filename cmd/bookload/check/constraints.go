package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A constraint is one that the schema must have.
type constraint struct {
	table, name, definition string
}

// coveredChecks are those whose violations other rules find: what breaks them is more than a value out of range.
func coveredChecks() []string {
	return []string{"room_nights_booked_check", "bookings_nights_check"}
}

// checkConstraints looks for rows that the schema would not take, whether the database has its constraints or not.
func (d *database) checkConstraints(ctx context.Context) error {
	lines := schemaLines()
	for _, table := range tablesOf(lines) {
		if err := d.checkRows(ctx, lines, table); err != nil {
			return err
		}
	}
	for _, c := range constraintsOf(lines) {
		if rule, sql := c.violations(); sql != "" {
			if err := d.ask(ctx, rule+" of "+c.name, sql); err != nil {
				return err
			}
		}
	}
	return d.ask(ctx, ruleKeyTwice, selectEmailsTwice)
}

// selectEmailsTwice looks for what an index forbids that is no constraint: two accounts to sign in to by one e-mail.
const selectEmailsTwice = `
SELECT '` + ruleKeyTwice + `' AS rule, format('users %s: %s', string_agg(id::text, ', ' ORDER BY id), lower(email)) AS text
FROM users WHERE email IS NOT NULL GROUP BY lower(email) HAVING count(*) > 1`

// checkRows looks at what can be judged of one row of a table by itself.
func (d *database) checkRows(ctx context.Context, lines []string, table string) error {
	row := rowText(lines, table)
	var musts []must
	for _, line := range lines {
		if column, ok := requiredColumn(line, table); ok {
			musts = append(musts, must{ruleValueMissing, column + " IS NOT NULL", row + " || ': " + column + "'"})
		}
	}
	for _, c := range constraintsOf(lines) {
		expression, ok := strings.CutPrefix(c.definition, "CHECK ")
		if ok && c.table == table && !slices.Contains(coveredChecks(), c.name) {
			// Like the CHECK, it lets pass what is NULL.
			musts = append(musts, must{ruleCheckBroken, expression + " IS NOT FALSE", row + " || ': " + c.name + "'"})
		}
	}
	return d.survey(ctx, table+" AS s", musts...)
}

// constraintsOf returns the constraints among the lines of a schema.
func constraintsOf(lines []string) []constraint {
	var found []constraint
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, "constraint "); ok {
			name, definition, _ := strings.Cut(rest, " ")
			table, name, _ := strings.Cut(name, ".")
			found = append(found, constraint{table, name, definition})
		}
	}
	return found
}

// requiredColumn returns the column of the table that line describes, if it must have a value.
func requiredColumn(line, table string) (string, bool) {
	rest, ok := strings.CutPrefix(line, "column "+table+".")
	if !ok || !strings.Contains(rest, " not null") {
		return "", false
	}
	column, _, _ := strings.Cut(rest, " ")
	return `s."` + column + `"`, true
}

// rowText is an expression that names a row of the table, which is s.
func rowText(lines []string, table string) string {
	parts := []string{"'" + table + "'"}
	for _, c := range constraintsOf(lines) {
		if key, ok := strings.CutPrefix(c.definition, "PRIMARY KEY "); ok && c.table == table {
			for _, column := range columns(key) {
				parts = append(parts, fmt.Sprintf("' %s ' || coalesce(s.%[1]s::text, '(none)')", column))
			}
		}
	}
	return strings.Join(parts, " || ")
}

// columns reads a list in parentheses.
func columns(list string) []string { return strings.Split(strings.Trim(list, "()"), ", ") }

// violations returns a query for rows that break c together with others, and the rule that finds them; none for constraints
// that a row breaks alone.
func (c constraint) violations() (rule, sql string) {
	kind, rest, _ := strings.Cut(c.definition, " KEY ")
	switch kind {
	case "PRIMARY":
		key := columns(rest)
		return ruleKeyTwice, fmt.Sprintf(`
SELECT '%s' AS rule, concat_ws(' ', '%s', %s, '(' || count(*) || ' times)') AS text FROM %[2]s s GROUP BY %[4]s HAVING count(*) > 1`,
			ruleKeyTwice, c.table, named(key), strings.Join(key, ", "))
	case "FOREIGN":
		from, rest, _ := strings.Cut(rest, " REFERENCES ")
		to, rest, _ := strings.Cut(rest, "(")
		target, _, _ := strings.Cut(rest, ")")
		return ruleReferenceBroken, c.dangling(columns(from), to, columns(target))
	}
	return "", ""
}

// dangling returns a query for rows whose columns from have the values of no row of table to.
func (c constraint) dangling(from []string, to string, target []string) string {
	var set, same []string
	for i := range from {
		set = append(set, "s."+from[i]+" IS NOT NULL")
		same = append(same, "o."+target[i]+" = s."+from[i])
	}
	named := rowText(schemaLines(), c.table) + " || ': ' || concat_ws(' ', " + named(from) + ")"
	return fmt.Sprintf("SELECT '%s' AS rule, %s AS text FROM %s s WHERE %s AND NOT EXISTS (SELECT FROM %s o WHERE %s)",
		ruleReferenceBroken, named, c.table, strings.Join(set, " AND "), to, strings.Join(same, " AND "))
}

// named is a list of expressions: each column's name and value.
func named(columns []string) string {
	parts := make([]string, len(columns))
	for i, column := range columns {
		parts[i] = fmt.Sprintf("'%s', s.%[1]s", column)
	}
	return strings.Join(parts, ", ")
}

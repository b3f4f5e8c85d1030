package pg

import (
	"strconv"
	"strings"
)

// A Statement is SQL composed of constant fragments and the arguments they
// refer to. Only the fragments of filters that are present go into it, so that
// each combination is a prepared statement with a plan of its own: a condition
// such as ($1 IS NULL OR ...) would keep the planner from the index.
type Statement struct {
	sql  strings.Builder
	args []any
}

// NewStatement returns a statement without SQL whose first arguments are args,
// for fragments that refer to them as $1 and so on.
func NewStatement(args ...any) *Statement {
	s := &Statement{args: args}
	s.sql.Grow(roomForSQL)
	return s
}

// roomForSQL is as much as the longest statements have, so that they are not copied while they grow.
const roomForSQL = 4 << 10

// Add appends a fragment on a line of its own, in which each ? stands for the
// next of args. Values never become part of the SQL.
func (s *Statement) Add(fragment string, args ...any) {
	if s.sql.Len() > 0 {
		s.sql.WriteByte('\n')
	}
	for _, arg := range args {
		before, after, _ := strings.Cut(fragment, "?")
		s.args = append(s.args, arg)
		s.sql.WriteString(before)
		s.sql.WriteByte('$')
		s.sql.WriteString(strconv.Itoa(len(s.args)))
		fragment = after
	}
	s.sql.WriteString(fragment)
}

// String returns the SQL.
func (s *Statement) String() string { return s.sql.String() }

// Args returns the arguments that the SQL refers to.
func (s *Statement) Args() []any { return s.args }

package performance_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// A statement is one that the service sent, as the log of the database has it.
type statement struct {
	sql string
	// args are the parameters as text, nil for NULL.
	args []*string
}

// entryMark begins each entry of the log of the database.
const entryMark = "<entry>"

// witness returns the statements that the service sends while fn runs. Asking the database for them makes both sides
// of a comparison the same, whatever the service is changed to.
func witness(tb testing.TB, db *pgxpool.Pool, logFile string, fn func()) []statement {
	tb.Helper()
	logStatements(tb, db, "all")
	before, err := os.Stat(logFile)
	if err != nil {
		tb.Fatal(err)
	}
	fn()
	logStatements(tb, db, "none")
	text, err := os.ReadFile(logFile)
	if err != nil {
		tb.Fatal(err)
	}
	return parseLog(tb, string(text[before.Size():]))
}

// settled is how long the sessions of a busy server may take to hear of a setting.
const settled = 200 * time.Millisecond

func logStatements(tb testing.TB, db *pgxpool.Pool, which string) {
	tb.Helper()
	for _, sql := range []string{"ALTER SYSTEM SET log_statement = '" + which + "'", "SELECT pg_reload_conf()"} {
		if _, err := db.Exec(context.WithoutCancel(tb.Context()), sql); err != nil {
			tb.Fatal(err)
		}
	}
	time.Sleep(settled) //nolint:forbidigo // nothing tells that all sessions have heard of it
}

var (
	executed  = regexp.MustCompile(`(?s)^LOG:  execute stmtcache_\w+: (.*)$`)
	simple    = regexp.MustCompile(`(?s)^LOG:  (?:statement|execute <unnamed>): ((?:BEGIN|begin|COMMIT|commit).*)$`)
	parameter = regexp.MustCompile(`(?s)\$\d+ = (?:NULL|'((?:[^']|'')*)')`)
)

// parseLog reads the statements of an extract of the log, without those of the bookkeeping of the service.
func parseLog(tb testing.TB, text string) []statement {
	tb.Helper()
	var found []statement
	for entry := range strings.SplitSeq(text, entryMark) {
		entry = strings.TrimRight(strings.ReplaceAll(entry, "\n\t", "\n"), "\n")
		if detail, isDetail := strings.CutPrefix(entry, "DETAIL:  parameters: "); isDetail && len(found) > 0 {
			found[len(found)-1].args = parseArgs(detail)
			continue
		}
		match := executed.FindStringSubmatch(entry)
		if match == nil {
			match = simple.FindStringSubmatch(entry)
		}
		if match != nil {
			found = append(found, statement{sql: match[1]})
		}
	}
	return found
}

func parseArgs(detail string) []*string {
	var args []*string
	for _, match := range parameter.FindAllStringSubmatch(detail, -1) {
		if strings.HasSuffix(match[0], "= NULL") {
			args = append(args, nil)
			continue
		}
		args = append(args, new(strings.ReplaceAll(match[1], "''", "'")))
	}
	return args
}

// A script is one for pgbench.
type script struct {
	text strings.Builder
	// constants are variables that pgbench is started with.
	constants []string
	// variables have the names of what differs from call to call, by the value that it had in the statements.
	variables map[string]string
}

var placeholder = regexp.MustCompile(`\$(\d+)`)

// add appends the statement. What follows its end, such as \gset, is suffix.
func (s *script) add(st statement, suffix string) {
	sql := placeholder.ReplaceAllStringFunc(st.sql, func(ref string) string {
		n, _ := strconv.Atoi(ref[1:])
		return s.argument(st.args[n-1])
	})
	s.text.WriteString(strings.TrimSpace(sql) + suffix + "\n")
}

// pipeline appends statements that are sent together.
func (s *script) pipeline(statements []statement) {
	s.text.WriteString("\\startpipeline\n")
	for _, st := range statements {
		s.add(st, ";")
	}
	s.text.WriteString("\\endpipeline\n")
}

// argument returns what stands for a parameter in the script.
func (s *script) argument(value *string) string {
	if value == nil {
		return "NULL"
	}
	if name, ok := s.variables[*value]; ok {
		return ":" + name
	}
	name := fmt.Sprintf("constant%d", len(s.constants))
	s.constants = append(s.constants, name+"="+*value)
	s.variables[*value] = name
	return ":" + name
}

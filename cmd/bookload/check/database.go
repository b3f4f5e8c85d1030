package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/shumbooking/shumbooking/platform/pg"
)

// A database is one that is read as it was at one instant.
type database struct {
	tx     pgx.Tx
	report *report
}

// settings let a question take its time, and keep its sorts in memory.
const settings = `
SET LOCAL statement_timeout = '1h'; SET LOCAL lock_timeout = '1min'; SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL work_mem = '128MB'; SET LOCAL jit = off`

// checkDatabase applies all rules to the database in one snapshot.
func checkDatabase(ctx context.Context, c Config, p *promises, r *report) error {
	config, err := pg.ParseURL(c.DatabaseURL)
	if err != nil {
		return err
	}
	cc, err := config.ConnConfig()
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, cc)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, conn, snapshot, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, settings); err != nil {
			return err
		}
		return (&database{tx, r}).check(ctx, p)
	})
}

func (d *database) check(ctx context.Context, p *promises) error {
	steps := []func(context.Context) error{
		d.checkSchema, d.checkSettings, d.checkSequences, d.checkConstraints, d.checkStays, d.checkNights, d.checkImages,
		func(ctx context.Context) error { return d.checkReplies(ctx, p) },
		func(ctx context.Context) error { return d.checkPromises(ctx, p) },
		d.countRows,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// A must is what has to be so for each row of some relation, as an expression in SQL: if it is not true, also if it is
// NULL, the rule is broken.
type must struct {
	rule string
	hold string // an expression
	text string // an expression for what is wrong
}

// survey applies rules to each row of a relation, which is what follows FROM.
func (d *database) survey(ctx context.Context, from string, musts ...must) error {
	var rules, holds, judged []string
	for _, m := range musts {
		if !slices.Contains(rules, m.rule) {
			rules = append(rules, m.rule)
		}
		holds = append(holds, "("+m.hold+")")
		judged = append(judged, fmt.Sprintf("('%s', CASE WHEN (%s) IS NOT TRUE THEN %s END)", m.rule, m.hold, m.text))
	}
	// The first condition is for the millions of rows with which all is well: they are judged once, and not rule by rule.
	return d.ask(ctx, strings.Join(rules, ", "), "SELECT v.rule, v.text FROM "+from+" CROSS JOIN LATERAL (VALUES\n"+
		strings.Join(judged, ",\n")+"\n) AS v (rule, text) WHERE ("+strings.Join(holds, " AND ")+") IS NOT TRUE AND v.text IS NOT NULL")
}

// ask runs a query for findings of some rules, which returns their rules and texts.
func (d *database) ask(ctx context.Context, rules, sql string, args ...any) error {
	type found struct {
		Rule  string
		Texts []string
		Total int64
	}
	return d.try(ctx, rules, func(tx pgx.Tx) error {
		rows, err := pg.Collect[found](ctx, tx, fmt.Sprintf(bounded, sql, shownOfRule), args...)
		for _, f := range rows {
			d.report.findMany(f.Rule, f.Texts, f.Total)
		}
		return err
	})
}

// bounded leaves of each rule the first findings, and how many there are.
const bounded = `
SELECT rule, array_agg(text ORDER BY text) AS texts, max(total) AS total FROM (
	SELECT rule, text, count(*) OVER (PARTITION BY rule) AS total, row_number() OVER (PARTITION BY rule ORDER BY text) AS place
	FROM (%s) AS found
) AS ranked WHERE place <= %d GROUP BY rule`

// try runs fn so that the snapshot outlives its failure. That the database cannot answer is a finding: a table or a
// column is not there, or has what no such column can have.
func (d *database) try(ctx context.Context, rules string, fn func(tx pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, d.tx, fn)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && isAboutData(refused.Code) {
		d.report.find(ruleUnreadable, "%s: %s (%s)", rules, refused.Message, refused.Code)
		return nil
	}
	return err
}

// isAboutData reports whether an error is of the classes 22 (data), 42 (names and types) or XX (corrupted files).
// A right that the role lacks is not about data.
func isAboutData(code string) bool {
	const insufficientPrivilege = "42501"
	class := code[:min(len(code), 2)]
	return code != insufficientPrivilege && slices.Contains([]string{"22", "42", "XX"}, class)
}

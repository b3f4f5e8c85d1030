package check

import (
	"context"
	_ "embed" // of schema.txt
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// schema is what the promises about bookings rest on, as selectSchema describes it: a line for each table, column, sequence,
// constraint, index and function.
//
//go:embed schema.txt
var schema string

// checkSchema compares the tables that bookings rest on with what they must be.
func (d *database) checkSchema(ctx context.Context) error {
	var found []string
	err := d.try(ctx, ruleSchemaDiffers, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectSchema, tablesOf(schemaLines()))
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return err
	}
	wanted := schemaLines()
	for _, line := range wanted {
		if !slices.Contains(found, line) {
			d.report.find(ruleSchemaDiffers, "missing, off or altered: %s", line)
		}
	}
	for _, line := range found {
		if !slices.Contains(wanted, line) && !isHarmless(line) {
			d.report.find(ruleSchemaDiffers, "unknown: %s", line)
		}
	}
	d.report.count(int64(len(wanted)), "parts of the schema")
	return nil
}

func schemaLines() []string { return strings.Split(strings.TrimSpace(schema), "\n") }

// tablesOf returns the tables that the lines of a schema describe.
func tablesOf(lines []string) []string {
	var tables []string
	for _, line := range lines {
		if rest, found := strings.CutPrefix(line, "table "); found {
			name, _, _ := strings.Cut(rest, " ")
			tables = append(tables, name)
		}
	}
	return tables
}

// isHarmless reports whether a part of the schema that is unknown can do no harm: a column that may be left out, as a newer
// version may have one, and an index that forbids nothing.
func isHarmless(line string) bool {
	switch kind, rest, _ := strings.Cut(line, " "); kind {
	case "column":
		return !strings.Contains(rest, " not null") || strings.Contains(rest, " default ")
	case "index":
		return strings.HasPrefix(rest, "CREATE INDEX ")
	}
	return false
}

// selectSchema describes the tables $1. Whether a constraint holds for the rows that are there, and whether the triggers
// behind a foreign key fire, is part of it.
const selectSchema = `
SELECT regexp_replace(line, '\s+', ' ', 'g') AS line FROM (
WITH t AS (
	SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relrowsecurity, n.nspname
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relname = ANY ($1::text[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_table_is_visible(c.oid)
)
SELECT format('table %s', relname) || CASE WHEN relkind = 'r' THEN '' ELSE ' of kind ' || relkind::text END
	|| CASE relpersistence WHEN 'p' THEN '' ELSE ' that a crash empties' END
	|| CASE WHEN relrowsecurity THEN ' with hidden rows' ELSE '' END
	|| CASE WHEN EXISTS (SELECT FROM pg_inherits i WHERE t.oid IN (i.inhparent, i.inhrelid)) THEN ' with rows of other tables' ELSE '' END AS line FROM t
UNION ALL
SELECT format('column %s.%s %s', t.relname, a.attname, format_type(a.atttypid, a.atttypmod))
	|| CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
	|| CASE WHEN a.attcollation IN (0, y.typcollation) THEN '' ELSE ' collate ' || a.attcollation::regcollation END
	|| CASE WHEN a.attidentity = 'a' THEN ' identity' WHEN a.attidentity <> '' THEN ' identity unless given' WHEN d.adbin IS NULL THEN '' ELSE ' default ' || pg_get_expr(d.adbin, d.adrelid) END
FROM t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_type y ON y.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
UNION ALL
SELECT format('sequence %s.%s from %s to %s by %s', t.relname, a.attname, q.seqmin, q.seqmax, q.seqincrement) || CASE WHEN q.seqcycle THEN ' in cycles' ELSE '' END
FROM t JOIN pg_depend e ON e.refobjid = t.oid AND e.refclassid = 'pg_class'::regclass AND e.classid = 'pg_class'::regclass AND e.deptype IN ('a', 'i')
JOIN pg_sequence q ON q.seqrelid = e.objid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = e.refobjsubid
UNION ALL
SELECT format('constraint %s.%s %s', t.relname, k.conname, replace(pg_get_constraintdef(k.oid), t.nspname || '.', ''))
	|| CASE WHEN EXISTS (SELECT FROM pg_trigger g WHERE g.tgconstraint = k.oid AND g.tgenabled <> 'O') THEN ', off' ELSE '' END
FROM t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype IN ('c', 'f', 'p', 'u', 'x')
UNION ALL
SELECT 'index ' || replace(pg_get_indexdef(i.indexrelid), t.nspname || '.', '')
	|| CASE WHEN i.indisvalid AND i.indisready AND i.indislive
		AND (i.indimmediate OR EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.condeferrable)) THEN '' ELSE ', off' END
FROM t JOIN pg_index i ON i.indrelid = t.oid
UNION ALL
SELECT 'trigger ' || replace(pg_get_triggerdef(g.oid), t.nspname || '.', '') FROM t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
UNION ALL
SELECT 'rewriting ' || replace(pg_get_ruledef(w.oid), t.nspname || '.', '') FROM t JOIN pg_rewrite w ON w.ev_class = t.oid AND t.relkind = 'r'
UNION ALL
SELECT format('function %s(%s) returns %s, %s%s: ', p.proname, pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid), l.lanname,
		CASE p.provolatile WHEN 'v' THEN '' ELSE ', ' || p.provolatile::text END || coalesce(', set ' || array_to_string(p.proconfig, ', '), '')
			|| CASE WHEN p.prosecdef THEN ', as its owner' ELSE '' END)
	|| btrim(regexp_replace(p.prosrc, '--[^\n]*', '', 'g'), E' \n')
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.proname = 'claim_idempotency_key'
) AS part ORDER BY line COLLATE "C"`

// checkSettings looks for durability that is switched off where only some sessions see it.
func (d *database) checkSettings(ctx context.Context) error {
	if err := d.ask(ctx, ruleUnsafeSetting, selectUnsafeSettings); err != nil {
		return err
	}
	rows, err := d.tx.Query(ctx, `
SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name`)
	if err != nil {
		return err
	}
	off, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if len(off) > 0 {
		d.report.leave("whether bookings outlive a crash of the machine: the server runs with %s off", strings.Join(off, ", "))
	}
	return err
}

const selectUnsafeSettings = `
SELECT '` + ruleUnsafeSetting + `' AS rule, format('%s for %s in %s', c.setting,
	coalesce('role ' || r.rolname, 'every role'), coalesce('database ' || b.datname, 'every database')) AS text
FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)
LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database b ON b.oid = s.setdatabase
WHERE (c.setting ~* '^(fsync|full_page_writes|synchronous_commit|session_replication_role)=(off|local|false|no|0|replica)$'
		OR c.setting ~* '^(zero_damaged_pages|ignore_checksum_failure|ignore_system_indexes)=(on|true|yes|1)$')
	AND (s.setdatabase = 0 OR b.datname = current_database())`

// checkSequences compares the next ids with those that are in use.
func (d *database) checkSequences(ctx context.Context) error {
	for _, table := range []string{"bookings", "images", "rooms", "hotels", "users", "river_job", "sessions", "audit_log"} {
		err := d.survey(ctx, `(
SELECT max(id) AS last, coalesce(pg_sequence_last_value(pg_get_serial_sequence('`+table+`', 'id')::regclass), 0) AS given
FROM `+table+`) AS s`,
			must{
				ruleSequenceBehind, "last <= given OR last IS NULL",
				"format('" + table + ": the last id is %s, and the last that was given out %s', last, given)",
			})
		if err != nil {
			return err
		}
	}
	return nil
}

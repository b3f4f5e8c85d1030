package pg

import "testing"

func TestSummarize(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"":                                     "",
		"begin isolation level read committed": "BEGIN",
		"SELECT pg_advisory_xact_lock($1)":     "SELECT",
		"\n\tselect r.id FROM rooms r JOIN hotels h ON true":                                     "SELECT rooms",
		"SELECT 1 FROM (SELECT 2 FROM cities) c":                                                 "SELECT cities",
		"WITH a AS (SELECT 1 FROM cities) SELECT a.id FROM a":                                    "SELECT cities",
		"SELECT id FROM rooms WHERE id = $1 FOR UPDATE OF rooms":                                 "SELECT rooms",
		"INSERT INTO river_job(args) VALUES ($1)":                                                "INSERT river_job",
		"INSERT INTO n AS x (a) SELECT b FROM c ON CONFLICT (a) DO UPDATE SET a = 1":             "INSERT n",
		"UPDATE users SET role = $1":                                                             "UPDATE users",
		"DELETE FROM \"sessions\" WHERE id = $1":                                                 "DELETE sessions",
		"WITH n AS (INSERT INTO a (x) SELECT y FROM z), m AS (UPDATE b SET c = 1) DELETE FROM d": "INSERT a, UPDATE b, DELETE d",
		"INSERT INTO a INSERT INTO b INSERT INTO c INSERT INTO d INSERT INTO e INSERT INTO f":    "INSERT a, INSERT b, INSERT c, INSERT d, INSERT e",
	} {
		if got := summarize(sql); got != want {
			t.Errorf("summarize(%q) = %q, want %q", sql, got, want)
		}
	}
}

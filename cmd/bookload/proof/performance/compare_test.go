package performance_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// clients is how many connections ask at the same time, of HTTP and of pgbench.
const clients = 32

// pgbench runs the script on the database of r for a round, and returns how often it ran in a second.
func (r *rig) pgbench(s *script) float64 {
	r.tb.Helper()
	file := filepath.Join(r.tb.TempDir(), "script.sql")
	if err := os.WriteFile(file, []byte(s.text.String()), 0o600); err != nil {
		r.tb.Fatal(err)
	}
	args := []string{
		"--no-vacuum", "--protocol=prepared", "--client=" + strconv.Itoa(clients), "--jobs=2", "--file=" + file,
		"--time=" + strconv.Itoa(int(round.Seconds())),
	}
	for _, constant := range s.constants {
		args = append(args, "--define="+constant)
	}
	path := r.pgbenchPath()
	if r.cores.rest != "" {
		path, args = "taskset", append([]string{"-c", r.cores.rest, path}, args...)
	}
	command := exec.CommandContext(r.tb.Context(), path, args...)
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "PGHOST=" + r.database.Host, "PGPORT=" + strconv.Itoa(r.database.Port),
		"PGDATABASE=" + r.database.Name, "PGUSER=" + r.database.Username, "PGPASSWORD=" + r.database.Password,
		// As the pool of the service has them.
		"PGOPTIONS=-c plan_cache_mode=force_generic_plan -c jit=off",
	}
	said, err := command.CombinedOutput()
	found := throughput.FindSubmatch(said)
	if err != nil || found == nil || strings.Contains(string(said), "aborted") {
		r.tb.Fatalf("pgbench: %v\n%s", err, said)
	}
	perSecond, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		r.tb.Fatal(err)
	}
	return perSecond
}

var throughput = regexp.MustCompile(`tps = ([0-9.]+) \(without initial`)

// pgbenchPath is where the programs of the server are.
func (r *rig) pgbenchPath() string {
	r.tb.Helper()
	server, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", r.serverPID()))
	if err != nil {
		r.tb.Fatal(err)
	}
	return filepath.Join(filepath.Dir(server), "pgbench")
}

// A comparison is of the service with bare SQL, in turns.
type comparison struct {
	http stream
	sql  *script
}

// against reports what the service reaches of the same statements through pgbench, as the median of the rounds, and who
// takes how much of the processors for one operation.
func (r *rig) against(b *testing.B, c comparison) {
	b.Helper()
	f := make(figures)
	r.pgbench(c.sql)
	c.http.run(b)
	for b.Loop() {
		before := r.bill()
		o := c.http.run(b)
		between := r.bill()
		sql := r.pgbench(c.sql)
		api, database, redis, clients := between.since(before, o.all)
		_, bare, _, _ := r.bill().since(between, int(sql*round.Seconds()))
		f.add("http/s", o.perSecond())
		f.add("pgbench/s", sql)
		f.add("of-pgbench", o.perSecond()/sql)
		f.add("api-µs", api)
		f.add("redis-µs", redis)
		f.add("clients-µs", clients)
		f.add("database-µs", database)
		f.add("bare-database-µs", bare)
	}
	f.report(b)
}

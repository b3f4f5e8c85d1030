package performance_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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
	command := exec.CommandContext(r.tb.Context(), path, args...) //nolint:gosec // the rig's own
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

// median returns the middle of some figures.
func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// A comparison is of the service with bare SQL, in turns.
type comparison struct {
	http load
	sql  *script
}

// against reports what the service reaches of the same statements through pgbench, as the median of the rounds.
func (r *rig) against(b *testing.B, c comparison) {
	b.Helper()
	var served, bare, ratios, cpu, api []float64
	r.pgbench(c.sql)
	c.http.run(b)
	for b.Loop() {
		busy := r.apiTime()
		o := c.http.run(b)
		api = append(api, float64((r.apiTime()-busy).Microseconds())/float64(o.all))
		sql := r.pgbench(c.sql)
		served, bare = append(served, o.perSecond()), append(bare, sql)
		ratios = append(ratios, o.perSecond()/sql)
		cpu = append(cpu, float64(o.cpu.Microseconds())/float64(o.all))
	}
	b.ReportMetric(0, "ns/op") // A round is as long as it is told to be.
	b.ReportMetric(median(served), "http/s")
	b.ReportMetric(median(bare), "pgbench/s")
	b.ReportMetric(median(ratios), "of-pgbench")
	b.ReportMetric(median(api), "api-µs/op")
	b.ReportMetric(median(cpu), "client-µs/op")
	b.Logf("ratios %.3f", ratios)
}

package performance_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A place is a way to spread the programs over the processors.
type place struct {
	name  string
	cores cores
}

// places are all programs anywhere, and PostgreSQL on a processor of its own.
func places() []place {
	return []place{{name: "shared"}, {name: "apart", cores: cores{database: "0", rest: "1-3"}}}
}

// tick is the unit of time of /proc: 1/100 s on every Linux.
const tick = 10 * time.Millisecond

// Columns of /proc/PID/stat, counted from behind the name of the program.
const (
	columnParent    = 1
	columnTimes     = 11 // of the process, as user and as system, and of its children that have ended
	countOfTimes    = 4
	columnsAtLeast  = columnTimes + countOfTimes
	afterNameOfProg = ") "
)

// processorTimeOf returns what a process and those that it started have taken of the processors so far.
func processorTimeOf(tb testing.TB, pid int) time.Duration {
	tb.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		tb.Fatal(err)
	}
	var total time.Duration
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // It has ended.
		}
		// The name of the program, in brackets, may have spaces in it.
		_, rest, _ := strings.Cut(string(text), afterNameOfProg)
		columns := strings.Fields(rest)
		own := filepath.Base(filepath.Dir(file)) == strconv.Itoa(pid)
		if len(columns) < columnsAtLeast || !own && columns[columnParent] != strconv.Itoa(pid) {
			continue
		}
		for _, column := range columns[columnTimes:columnsAtLeast] {
			n, _ := strconv.Atoi(column)
			total += time.Duration(n) * tick
		}
	}
	return total
}

// A bill is what the programs have taken of the processors.
type bill struct{ api, database, redis, clients time.Duration }

func (r *rig) bill() bill {
	r.tb.Helper()
	return bill{
		api: processorTimeOf(r.tb, r.api.Process.Pid), database: processorTimeOf(r.tb, r.serverPID()),
		redis: processorTimeOf(r.tb, r.redisPID), clients: processorTime(r.tb),
	}
}

// since returns what was taken between two bills for each of n operations, in microseconds.
func (b bill) since(before bill, n int) (api, database, redis, clients float64) {
	each := func(now, then time.Duration) float64 { return float64((now - then).Microseconds()) / float64(n) }
	return each(b.api, before.api), each(b.database, before.database), each(b.redis, before.redis), each(b.clients, before.clients)
}

func (r *rig) serverPID() int {
	r.tb.Helper()
	server, err := postgres()
	if err != nil {
		r.tb.Fatal(err)
	}
	return server.PID()
}

package performance_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
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

// ticks is the unit of time of /proc, 1/100 s on every Linux.
const tick = 10 * time.Millisecond

// apiTime returns what the service has taken of the processors so far.
func (r *rig) apiTime() time.Duration {
	r.tb.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(r.api.Process.Pid), "stat"))
	if err != nil {
		r.tb.Fatal(err)
	}
	// The name of the program, in brackets, may have spaces in it.
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	const utime, stime = 11, 12
	var total time.Duration
	for _, i := range []int{utime, stime} {
		n, err := strconv.Atoi(fields[i])
		if err != nil {
			r.tb.Fatal(err)
		}
		total += time.Duration(n) * tick
	}
	return total
}

func (r *rig) serverPID() int {
	server, err := postgres()
	if err != nil {
		r.tb.Fatal(err)
	}
	return server.PID()
}

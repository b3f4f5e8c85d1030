package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Memory returns how many bytes the workers of nginx have for themselves.
func (s *Server) Memory(tb testing.TB) int {
	tb.Helper()
	master := s.process.Process.Pid
	workers, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", master, master))
	if err != nil {
		tb.Fatal(err)
	}
	total := 0
	for worker := range strings.FieldsSeq(string(workers)) {
		total += ownMemory(tb, worker)
	}
	return total
}

func ownMemory(tb testing.TB, pid string) int {
	tb.Helper()
	status, err := os.ReadFile("/proc/" + pid + "/status") //nolint:gosec // of a process of the test
	if err != nil {
		tb.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(status)); lines.Scan(); {
		if size, ok := strings.CutPrefix(lines.Text(), "RssAnon:"); ok {
			kibibytes, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(size), " kB"))
			if err != nil {
				tb.Fatal(err)
			}
			return kibibytes << 10
		}
	}
	tb.Fatalf("process %s tells nothing of its memory", pid)
	return 0
}

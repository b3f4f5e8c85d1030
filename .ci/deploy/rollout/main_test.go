package rollout_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"deploy/program"
)

func TestMain(m *testing.M) {
	// They wait much more than they work: for servers that linger.
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(program.Main(m))
}

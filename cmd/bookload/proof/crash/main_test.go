package crash_test

import (
	"flag"
	"os"
	"testing"

	"github.com/shumbooking/shumbooking/cmd/bookload/proof/site"
)

var seed = flag.Uint64("seed", 0, "what the moments of kills are chosen by; a random `number` when it is 0")

func TestMain(m *testing.M) { os.Exit(site.Main(m)) }

// rounds is how often something is killed.
func rounds() int {
	if *site.Long {
		return 20
	}
	return 2
}

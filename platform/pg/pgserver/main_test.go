//go:build unix

package pgserver_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/shumbooking/shumbooking/platform/pg/pgserver"
)

// ownerEnv makes the test binary an owner of a server that waits to be killed.
const ownerEnv = "PGSERVER_TEST_OWNER"

func TestMain(m *testing.M) {
	if os.Getenv(ownerEnv) != "" {
		own()
	}
	os.Exit(m.Run())
}

// own tells where its server is and never returns.
func own() {
	s, err := pgserver.Start(context.Background(), pgserver.Config{Durability: pgserver.Volatile})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(s.URL(""))
	select {}
}

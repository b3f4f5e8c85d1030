package monitoring_test

import (
	"os"
	"testing"

	"deploy/program"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

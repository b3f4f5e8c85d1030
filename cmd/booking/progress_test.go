package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	var drawn bytes.Buffer
	show, end := drawProgress(&drawn)
	show("hotels", 0, 4)
	show("hotels", 2, 4)
	show("hotels", 4, 4)
	show("indexes", 0, 0)
	end()
	lines := strings.Split(drawn.String(), "\n")
	if len(lines) != 3 || lines[2] != "" {
		t.Fatalf("drawn %q, want a line for each stage", drawn.String())
	}
	steps := strings.Split(lines[0], "\r")
	if want := "hotels                 [###############...............] 2 of 4"; steps[2] != want {
		t.Errorf("half of the hotels is %q, want %q", steps[2], want)
	}
	if strings.Contains(steps[3], ".") {
		t.Errorf("all of the hotels is %q, want a full bar", steps[3])
	}
}

func TestProgressNeedsATerminal(t *testing.T) {
	t.Parallel()
	var drawn bytes.Buffer
	show, end := newProgress(&drawn)
	show("hotels", 1, 4)
	end()
	if drawn.Len() != 0 {
		t.Errorf("drawn %q on what is no terminal, want nothing", drawn.String())
	}
}

package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

const barWidth = 30

// newProgress returns a function that draws how far a stage of work is, and one that ends the drawing. Nothing is
// drawn where w is not a terminal.
func newProgress(w io.Writer) (show func(stage string, done, total int64), end func()) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return func(string, int64, int64) {}, func() {}
	}
	return drawProgress(w)
}

// drawProgress draws one line for each stage.
func drawProgress(w io.Writer) (show func(stage string, done, total int64), end func()) {
	var current string
	show = func(stage string, done, total int64) {
		if current != "" && current != stage {
			fmt.Fprintln(w)
		}
		current = stage
		filled := barWidth
		if total > 0 {
			filled = int(barWidth * min(done, total) / total)
		}
		bar := strings.Repeat("#", filled) + strings.Repeat(".", barWidth-filled)
		fmt.Fprintf(w, "\r%-22s [%s] %d of %d", stage, bar, done, total)
	}
	end = func() {
		if current != "" {
			fmt.Fprintln(w)
		}
	}
	return show, end
}

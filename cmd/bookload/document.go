package main

import (
	"errors"
	"io"
	"os"
)

// toStdout is the path that stands for standard output.
const toStdout = "-"

// A document is a report that goes to a file or to standard output. The zero document goes nowhere.
type document struct {
	to   io.Writer
	file *os.File
}

// openDocument makes or empties the file at once, so that one that cannot be written is not noticed only when there is
// something to write.
func openDocument(path string, stdout io.Writer) (document, error) {
	switch path {
	case "":
		return document{}, nil
	case toStdout:
		return document{to: stdout}, nil
	}
	file, err := os.Create(path) //nolint:gosec // It is the file that the user asks for.
	return document{to: file, file: file}, err
}

// write writes the report, if it goes anywhere, and closes its file.
func (d document) write(report func(io.Writer) error) error {
	if d.to == nil {
		return nil
	}
	return errors.Join(report(d.to), d.close())
}

func (d document) close() error {
	if d.file == nil {
		return nil
	}
	return d.file.Close()
}

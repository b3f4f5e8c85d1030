package ledger

import (
	"bytes"
	"os"
)

// CreateIn is Create in a file that is open.
func CreateIn(file *os.File, h Header) (*Writer, error) { return write(file, h) }

// WriterOf returns a Writer on a file, which has the header already.
func WriterOf(file *os.File) *Writer {
	w := &Writer{file: file, next: newGroup(), wake: make(chan struct{}, 1), done: make(chan struct{})}
	go w.sync()
	return w
}

// Waiting returns how many lines the next sync will be for.
func (w *Writer) Waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Count(w.next.lines.Bytes(), []byte("\n"))
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// maxPasswordLine is more than any password has.
const maxPasswordLine = 4096

// readPassword asks for a new password twice, without echo, when there is a terminal; else it reads one line of
// standard input. Passwords are never arguments: those show in the list of processes and in the shell's history.
func readPassword(env environment) (string, error) {
	file, ok := env.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return readLine(env.stdin)
	}
	password, err := prompt(env, file, "New password: ")
	if err != nil {
		return "", err
	}
	again, err := prompt(env, file, "The same again: ")
	if err != nil {
		return "", err
	}
	if password != again {
		return "", errors.New("the two passwords differ")
	}
	return password, nil
}

func prompt(env environment, terminal *os.File, question string) (string, error) {
	fmt.Fprint(env.stderr, question)
	text, err := term.ReadPassword(int(terminal.Fd()))
	fmt.Fprintln(env.stderr)
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	return string(text), nil
}

func readLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read password: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("no password on standard input")
	}
	return line, nil
}

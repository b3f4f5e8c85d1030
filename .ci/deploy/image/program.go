package image

import (
	"debug/elf"
	"fmt"
	"os"
)

const (
	// Limit is what all files of the image may have together, in bytes.
	Limit = 40_000_000
	// beside is what the image has besides the program: certificates (220 kB), licences, and a list of users.
	beside = 300_000
)

// CheckProgram returns what is wrong with a program for the image: too large, for another machine, or in need of
// libraries, which are not there.
func CheckProgram(path string, machine elf.Machine) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("check the program: %w", err)
	}
	file, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("check the program: %w", err)
	}
	defer file.Close() //nolint:errcheck // It is only read.
	var findings []string
	if total := info.Size() + beside; total >= Limit {
		findings = append(findings, fmt.Sprintf("size: the image has %d bytes, want less than %d", total, Limit))
	}
	if file.Machine != machine {
		findings = append(findings, fmt.Sprintf("machine: the program is for %s, want %s", file.Machine, machine))
	}
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
			findings = append(findings, fmt.Sprintf("static: the program has a part %s", part.Type))
		}
	}
	return findings, nil
}

package image

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// A Context tells which files a build sees.
type Context struct {
	matcher *patternmatcher.PatternMatcher
}

// ParseIgnored reads the text of a .dockerignore.
func ParseIgnored(text []byte) (*Context, error) {
	patterns, err := ignorefile.ReadAll(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read .dockerignore: %w", err)
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, fmt.Errorf("read .dockerignore: %w", err)
	}
	return &Context{matcher}, nil
}

// Sees reports whether the build gets a file, by its path in the repository.
func (c *Context) Sees(path string) (bool, error) {
	ignored, err := c.matcher.MatchesOrParentMatches(path)
	return !ignored, err
}

// Findings returns what the build must see and does not, and what it must not see and does.
func (c *Context) Findings(needed, secret []string) (findings []string) {
	for _, path := range needed {
		if sees, err := c.Sees(path); err != nil || !sees {
			findings = append(findings, "needed: the build does not see "+path)
		}
	}
	for _, path := range secret {
		if sees, err := c.Sees(path); err != nil || sees {
			findings = append(findings, "secret: the build sees "+path)
		}
	}
	return findings
}

// Copy copies the files that the build gets out of a repository.
func (c *Context) Copy(from, to string) error {
	err := fs.WalkDir(os.DirFS(from), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if path == ".git" {
				return fs.SkipDir
			}
			return nil
		}
		if sees, err := c.Sees(path); err != nil || !sees {
			return err
		}
		text, err := os.ReadFile(filepath.Join(from, path)) //nolint:gosec // It is a file of the repository.
		if err != nil {
			return err
		}
		target := filepath.Join(to, path)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil { //nolint:gosec // As in a checkout.
			return err
		}
		return os.WriteFile(target, text, 0o644) //nolint:gosec // As in a checkout.
	})
	if err != nil {
		return fmt.Errorf("copy what the build sees: %w", err)
	}
	return nil
}

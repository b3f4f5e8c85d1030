package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestReadmesAgree checks that README.ru.md says what README.md says, as far as a program can tell.
func TestReadmesAgree(t *testing.T) {
	t.Parallel()
	english, russian := readReadmes(t)
	for _, finding := range readmeFindings(english, russian) {
		t.Error(finding)
	}
	code, settings := len(parseReadme(english).code), len(parseReadme(english).settings)
	if code < 50 || settings < 15 {
		t.Errorf("README.md has %d lines of code and %d rows of settings, want more: some are not seen", code, settings)
	}
}

// TestReadmesAgree_Damaged checks that each way in which the two may part is noticed.
func TestReadmesAgree_Damaged(t *testing.T) {
	t.Parallel()
	english, russian := readReadmes(t)
	for _, damage := range []struct{ name, old, new, want string }{
		{"command", "go test ./auth\n", "go test ./catalog\n", "lines of code"},
		{"indentation", "\n\t-d '", "\n    -d '", "lines of code"},
		{"language of a block", "```sh\ngo test ./...", "```\ngo test ./...", "lines of code"},
		{"lost comment", "\n# ", "\n", "lines of code"},
		{"lost heading", "\n## ", "\n", "headings"},
		{"level of a heading", "\n## ", "\n### ", "headings"},
		{"lost link", "](SECURITY.md)", "]", "links"},
		{"other fragment", "ARCHITECTURE.md#identity", "ARCHITECTURE.md#search", "links"},
		{"other address", "<http://localhost:8000>", "<http://localhost:8080>", "links"},
		{"link to nothing", "](LICENSE)", "](LICENCE)", "README.ru.md leads nowhere: stat ../../LICENCE"},
		{"lost way back", "[In English](README.md)", "", "no link to README.md"},
		{"lost variable", "| `TMPDIR` |", "| TMPDIR |", "settings"},
		{"other variable", "`DB_SSLMODE`", "`DB_SSL_MODE`", "settings"},
		{"other default", "| 600, 120, 20 |", "| 600, 120, 30 |", "settings"},
	} {
		t.Run(damage.name, func(t *testing.T) {
			t.Parallel()
			damaged := strings.Replace(russian, damage.old, damage.new, 1)
			if damaged == russian {
				t.Fatalf("README.ru.md lacks %q, which was to be damaged", damage.old)
			}
			got := readmeFindings(english, damaged)
			if !slices.ContainsFunc(got, func(finding string) bool { return strings.Contains(finding, damage.want) }) {
				t.Errorf("findings are %q, want one about %q", got, damage.want)
			}
		})
	}
}

// TestReadmesAgree_CommentsAreProse checks that a comment within a code block may be in another language.
func TestReadmesAgree_CommentsAreProse(t *testing.T) {
	t.Parallel()
	english, russian := "```sh\n# List.\nls # all\n```\n", "```sh\n# Список.\nls # all\n```\n"
	if got, want := parseReadme(russian).code, parseReadme(english).code; !slices.Equal(got, want) {
		t.Errorf("code is %q, want %q", got, want)
	}
}

func readReadmes(t *testing.T) (english, russian string) {
	t.Helper()
	var texts [2]string
	for i, name := range []string{"README.md", "README.ru.md"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	return texts[0], texts[1]
}

// readmeFindings tells where the two part, and which of their links lead nowhere.
func readmeFindings(english, russian string) []string {
	en, ru := parseReadme(english), parseReadme(russian)
	findings := slices.Concat(
		en.leaveFor("README.md", "README.ru.md"),
		ru.leaveFor("README.ru.md", "README.md"),
	)
	slices.Sort(en.links)
	slices.Sort(ru.links)
	for _, part := range []struct {
		name             string
		english, russian []string
	}{
		{"lines of code", en.code, ru.code},
		{"headings", en.headings, ru.headings},
		{"links", en.links, ru.links},
		{"settings", en.settings, ru.settings},
	} {
		for i := range max(len(part.english), len(part.russian)) {
			if got, want := nth(part.russian, i), nth(part.english, i); got != want {
				findings = append(findings, fmt.Sprintf("the %s of README.ru.md are not those of README.md, from number %d on: got %q, want %q",
					part.name, i+1, got, want))
				break
			}
		}
	}
	return slices.Concat(findings, deadLinks("README.md", en.links), deadLinks("README.ru.md", ru.links))
}

// A readme is what the two have in common.
type readme struct {
	code     []string // lines of code blocks with their fences; of a comment only the # is kept
	headings []string // their marks, without the text
	links    []string
	settings []string // of each row of the table the variables and the figures and code of the default
}

func parseReadme(text string) readme {
	var (
		parsed  readme
		inBlock bool
		link    = regexp.MustCompile(`\]\(([^)]+)\)|<(https?://[^>]+)>`)
		heading = regexp.MustCompile(`^#+ `)
		fact    = regexp.MustCompile("`[^`]+`|[0-9]+")
	)
	for line := range strings.Lines(text) {
		fence := strings.HasPrefix(line, "```")
		switch {
		case fence:
			inBlock = !inBlock
			parsed.code = append(parsed.code, line)
		case inBlock && strings.HasPrefix(strings.TrimSpace(line), "# "):
			parsed.code = append(parsed.code, "#\n")
		case inBlock:
			parsed.code = append(parsed.code, line)
		default:
			parsed.headings = append(parsed.headings, heading.FindAllString(line, 1)...)
			for _, target := range link.FindAllStringSubmatch(line, -1) {
				parsed.links = append(parsed.links, target[1]+target[2])
			}
			if cells := strings.Split(line, "|"); len(cells) == 5 && strings.Contains(cells[1], "`") {
				parsed.settings = append(parsed.settings, strings.Join(fact.FindAllString(cells[1]+cells[2], -1), " "))
			}
		}
	}
	return parsed
}

// leaveFor takes out the link from a page to its other language, and has a finding if it is not the first.
func (r *readme) leaveFor(page, other string) []string {
	if slices.Index(r.links, other) != 0 {
		return []string{fmt.Sprintf("%s has no link to %s at its top", page, other)}
	}
	r.links = r.links[1:]
	return nil
}

// nth returns an item of the list, or nothing behind its end.
func nth(list []string, i int) string {
	if i >= len(list) {
		return ""
	}
	return list[i]
}

// deadLinks tells which relative targets of a page are no file of the repository.
func deadLinks(page string, links []string) []string {
	var findings []string
	for _, link := range links {
		if strings.Contains(link, "://") {
			continue
		}
		path, _, _ := strings.Cut(link, "#")
		if _, err := os.Stat(filepath.Join("../..", path)); err != nil {
			findings = append(findings, fmt.Sprintf("%s leads nowhere: %v", page, err))
		}
	}
	return findings
}

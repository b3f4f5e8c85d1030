package workflows

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	link        = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading     = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notInAnchor = regexp.MustCompile(`[^a-z0-9 _-]`)
	shell       = regexp.MustCompile("(?s)```sh\n(.*?)```")
	file        = regexp.MustCompile("(?m)(?:^|[\\s`(])(k3s/[a-z]+(?:[/.][a-z]+)*)")
	invocation  = regexp.MustCompile("k3s/deploy( --[^`\n]*)")
	option      = regexp.MustCompile(`--[a-z-]+`)
	plugin      = regexp.MustCompile(`(?:plugin-barman-cloud/releases/download/v|Barman Cloud plugin )(\d+\.\d+\.\d+)`)
	certManager = regexp.MustCompile(`cert-manager/(?:releases/download/|cert-manager )(v[\d.]+\d)`)
)

// CheckGuide returns what in the text of the operator's guide does not agree with the repository at root: links, files and
// options that do not exist, commands that no shell reads, other operators than those the manifests are checked for.
func CheckGuide(text, root string) []string {
	anchors := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		anchors["#"+strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-")] = true
	}
	var found []string
	for _, match := range link.FindAllStringSubmatch(text, -1) {
		target, _, _ := strings.Cut(match[1], "#")
		switch {
		case strings.HasPrefix(match[1], "https://"), anchors[match[1]]:
		case target == "" || !exists(filepath.Join(root, ".github", target)):
			found = append(found, match[1]+" leads nowhere")
		}
	}
	for _, match := range file.FindAllStringSubmatch(text, -1) {
		if !exists(filepath.Join(root, match[1])) {
			found = append(found, match[1]+": there is no such file")
		}
	}
	for _, match := range shell.FindAllStringSubmatch(text, -1) {
		parse := exec.Command("bash", "-n") //nolint:noctx // reads a few lines
		parse.Stdin = strings.NewReader(match[1])
		if output, err := parse.CombinedOutput(); err != nil {
			found = append(found, fmt.Sprintf("does not parse: %s\n%s", match[1], output))
		}
	}
	return append(found, guideVersions(text, root)...)
}

func guideVersions(text, root string) []string {
	var found []string
	deploy, err := os.ReadFile(filepath.Join(root, "k3s/deploy")) //nolint:gosec // of this repository
	if err != nil {
		return []string{err.Error()}
	}
	for _, match := range invocation.FindAllStringSubmatch(text, -1) {
		for _, name := range option.FindAllString(match[1], -1) {
			if !strings.Contains(string(deploy), "\n  "+name+" ") {
				found = append(found, name+" is no option of k3s/deploy")
			}
		}
	}
	overlays, err := os.ReadFile(filepath.Join(root, "k3s/overlays/README.md")) //nolint:gosec // of this repository
	if err != nil {
		return append(found, err.Error())
	}
	wanted, named := plugin.FindSubmatch(overlays), plugin.FindAllStringSubmatch(text, -1)
	if len(named) == 0 {
		found = append(found, "no version of the Barman Cloud plugin is named")
	}
	for _, match := range named {
		if wanted == nil || match[1] != string(wanted[1]) {
			found = append(found, "Barman Cloud plugin "+match[1]+" is not the one that the overlay is made for")
		}
	}
	modules, err := os.ReadFile(filepath.Join(root, ".ci/deploy/go.mod")) //nolint:gosec // of this repository
	if err != nil {
		return append(found, err.Error())
	}
	checked := certManager.FindSubmatch(modules)
	for _, match := range certManager.FindAllStringSubmatch(text, -1) {
		if checked == nil || match[1] != string(checked[1]) {
			found = append(found, "cert-manager "+match[1]+" is not the one that the manifests are checked for")
		}
	}
	return found
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

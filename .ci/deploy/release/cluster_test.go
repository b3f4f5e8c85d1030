package release_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// The scripts run the programs that they find in the path, which is this test under their names. They play a cluster: its
// state is a file, and a test says beforehand what goes wrong.

// stateVariable names the file.
const stateVariable = "RELEASE_TEST_STATE"

// A cluster is what the programs know of each other.
type cluster struct {
	// What goes wrong. BadImage is a digest whose pods never get ready, MuteImage one that answers no request.
	BadImage, MuteImage                                                     string
	FailingJob, FailingData, NoCertificate, NoCertManager, Refusing, Locked bool
	// FailingStep of a restore: "load", "swap" or "recount".
	FailingStep string

	// Calls are the command lines that changed something or asked the service.
	Calls []string
	// Revisions of each Deployment: the template of its pods, the newest last. Revision 1 is the first.
	Revisions map[string][]string
	Replicas  map[string]string
	// Redis has the Secrets that it was started with, the newest last, and Secrets all values by "name/key".
	Redis   []string
	Secrets map[string]string
	// Certificate is the issuer and the name of the one that is ready; by default those of the release.
	Certificate string
	// Undone Deployments were taken back before: a part of them belongs to kubectl.
	Undone bool
	// RefusesOwner: PostgreSQL does not take the password of the settings. Away is how many answers are left out, from
	// the question on with which the rollout begins.
	RefusesOwner bool
	Away         int
	// Objects that were applied, by kind and name.
	Objects []string
}

func TestMain(m *testing.M) {
	switch name := filepath.Base(os.Args[0]); name {
	case "kubectl", "curl", "sleep":
		os.Exit(play(name, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// play is one call of a program.
func play(name string, args []string) int {
	if name == "sleep" {
		return 0
	}
	// Programs that a pipe connects run at the same time.
	file, err := os.OpenFile(os.Getenv(stateVariable), os.O_RDWR, 0)
	if err != nil {
		return complain(err)
	}
	defer file.Close()
	var c cluster
	if err := errors.Join(syscall.Flock(int(file.Fd()), syscall.LOCK_EX), json.NewDecoder(file).Decode(&c)); err != nil {
		return complain(err)
	}
	call := c.kubectl
	if name == "curl" {
		call = c.curl
	}
	output, failure := call(args)
	fmt.Print(output)
	text, err := json.Marshal(c)
	if err == nil {
		_, err = file.WriteAt(text, 0)
	}
	if err := errors.Join(failure, err, file.Truncate(int64(len(text)))); err != nil {
		return complain(err)
	}
	return 0
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// curl answers as nginx does.
func (c *cluster) curl(args []string) (string, error) {
	c.Calls = append(c.Calls, "curl "+strings.Join(args, " "))
	url := args[len(args)-1]
	switch {
	case strings.Contains(c.template("api"), c.MuteImage) && c.MuteImage != "":
		return "502", nil
	case strings.HasPrefix(url, "http://"):
		return "308", nil
	case strings.HasSuffix(url, "/metrics"):
		return "404", nil
	}
	return "200", nil
}

// kubectl knows the calls that the scripts make, and no others.
func (c *cluster) kubectl(args []string) (string, error) {
	flags, words := map[string]string{}, []string{}
	for i := 0; i < len(args); i++ {
		name, value, found := strings.Cut(args[i], "=")
		switch {
		case args[i] == "--namespace":
			i++
		case strings.HasPrefix(name, "--") && found:
			flags[name] = value
		default:
			words = append(words, args[i])
		}
	}
	verb, words := words[0], words[1:]
	if c.Away > 0 && (verb == "rollout" || len(words) > 0 && words[0] == "deployment" && flags["--output"] == "name") {
		c.Away--
		return "", fmt.Errorf("connection refused")
	}
	switch verb {
	case "kustomize":
		return build(words[0])
	case "version":
		if c.Locked {
			return "", errors.New("Unable to read /etc/rancher/k3s/k3s.yaml")
		}
		return "", nil
	case "logs":
		return "", nil
	case "apply":
		return "", c.apply(flags)
	case "get":
		return c.get(words, flags)
	case "rollout", "wait", "create", "set", "scale", "exec", "patch":
		c.Calls = append(c.Calls, strings.Join(slices.Concat([]string{verb}, words), " "))
		return c.change(verb, words, flags)
	}
	return "", fmt.Errorf("nobody plays kubectl %s", verb)
}

// build is "kubectl kustomize".
func build(dir string) (string, error) {
	options := krusty.MakeDefaultOptions()
	options.LoadRestrictions = types.LoadRestrictionsRootOnly
	resources, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return "", err
	}
	text, err := resources.AsYaml()
	return string(text), err
}

// An object is what is looked at of a manifest.
type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name        string            `json:"name"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Data       map[string]string `json:"data"`
	StringData map[string]string `json:"stringData"`
	Spec       json.RawMessage   `json:"spec"`
}

func parse(text string) ([]object, error) {
	var objects []object
	for document := range strings.SplitSeq(text, "\n---\n") {
		var o object
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
	return objects, nil
}

func (c *cluster) apply(flags map[string]string) error {
	if _, dry := flags["--dry-run"]; dry {
		if c.Refusing {
			return fmt.Errorf("the server refuses it")
		}
		return nil
	}
	if flags["--filename"] == "-" {
		c.Calls = append(c.Calls, "apply as "+flags["--field-manager"])
		return nil
	}
	c.Calls = append(c.Calls, "apply "+flags["--selector"])
	text, err := os.ReadFile(flags["--filename"])
	if err != nil {
		return err
	}
	objects, err := parse(string(text))
	if err != nil {
		return err
	}
	c.record(objects)
	selector, err := labels.Parse(flags["--selector"])
	if err != nil {
		return err
	}
	for _, o := range objects {
		if !selector.Matches(labels.Set(o.Metadata.Labels)) {
			continue
		}
		c.Objects = append(c.Objects, o.Kind+"/"+o.Metadata.Name)
		if template := string(o.Spec); o.Kind == "Deployment" && c.template(o.Metadata.Name) != template {
			c.Revisions[o.Metadata.Name] = append(c.Revisions[o.Metadata.Name], template)
		}
	}
	return nil
}

// template is that of the newest revision, or nothing.
func (c *cluster) template(deployment string) string {
	if revisions := c.Revisions[deployment]; len(revisions) > 0 {
		return revisions[len(revisions)-1]
	}
	return ""
}

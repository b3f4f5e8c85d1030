package release_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// record keeps what is asked for later.
func (c *cluster) record(objects []object) {
	if c.Secrets == nil {
		c.Secrets = map[string]string{}
	}
	for _, o := range objects {
		switch {
		case o.Kind == "Secret":
			for key, value := range o.Data {
				text, _ := base64.StdEncoding.DecodeString(value)
				c.Secrets[o.Metadata.Name+"/"+key] = string(text)
			}
		case o.Kind == "StatefulSet" && o.Metadata.Name == "redis":
			if secret := redisSecret.FindString(string(o.Spec)); !slices.Contains(c.Redis, secret) {
				c.Redis = append(c.Redis, secret)
			}
		case o.Kind == "Ingress" && !strings.Contains(c.Certificate, " "):
			c.Certificate = o.Metadata.Annotations["cert-manager.io/cluster-issuer"]
		}
	}
}

var (
	redisSecret   = regexp.MustCompile(`redis-secrets-\w+`)
	bookingSecret = regexp.MustCompile(`booking-secrets-\w+`)
	templateKey   = regexp.MustCompile(`index \.data "(\w+)"`)
)

func (c *cluster) get(words []string, flags map[string]string) (string, error) {
	output := flags["--output"]
	if answer, found := c.detail(words, output); found {
		return answer, nil
	}
	switch {
	case words[0] == "customresourcedefinition" && c.NoCertManager:
		return "", fmt.Errorf("not found")
	case words[0] == "statefulset":
		return "statefulset.apps/postgres\nstatefulset.apps/redis\n", nil
	case words[0] == "deployment" && output == "name":
		var names string
		for _, name := range []string{"api", "nginx", "worker"} {
			if c.template(name) != "" {
				names += "deployment.apps/" + name + "\n"
			}
		}
		return names, nil
	case words[0] == "deployment":
		return c.Replicas[words[1]], nil
	case strings.HasPrefix(words[0], "deployment.apps/"):
		return strconv.Itoa(len(c.Revisions[strings.TrimPrefix(words[0], "deployment.apps/")])), nil
	case words[0] == "job":
		if c.FailingJob || c.FailingStep != "" {
			return "FailureTarget Failed ", nil
		}
		return "SuccessCriteriaMet Complete ", nil
	case words[0] == "pods" && strings.HasPrefix(output, "jsonpath"):
		step := regexp.MustCompile(`@\.name=="(\w+)"`).FindStringSubmatch(output)[1]
		if step == c.FailingStep {
			return "1", nil
		}
		return "0", nil
	case words[0] == "certificate":
		certificate := c.Certificate
		if !strings.Contains(certificate, " ") {
			certificate += " booking.shum.travel 2=2"
		}
		return certificate + " " + map[bool]string{true: "False", false: "True"}[c.NoCertificate], nil
	case words[0] == "ingress":
		return "192.0.2.7", nil
	}
	return "", nil
}

// detail answers the questions about single fields.
func (c *cluster) detail(words []string, output string) (string, bool) {
	switch {
	case words[0] == "secret":
		return c.Secrets[words[1]+"/"+templateKey.FindStringSubmatch(output)[1]], true
	case words[0] == "statefulset" && strings.Contains(output, "readyReplicas"):
		return strings.Repeat("1", min(1, len(c.Redis))), true
	case words[0] == "statefulset" && strings.Contains(output, "updateRevision"):
		return strings.Join(c.Redis[max(0, len(c.Redis)-1):], ""), true
	case words[0] == "controllerrevision":
		return strconv.Itoa(slices.Index(c.Redis, words[1]) + 1), true
	case words[0] == "deployment" && strings.Contains(output, "DB_PASSWORD"):
		return bookingSecret.FindString(c.template("api")), true
	case strings.HasPrefix(words[0], "deployment.apps/") && strings.Contains(output, "managedFields"):
		if !c.Undone {
			return `[{"manager":"booking-deploy","operation":"Apply","time":"t"}]`, true
		}
		return `[{"manager":"kubectl","operation":"Update","subresource":"scale","time":"t"},{"manager":"kubectl","operation":"Update","time":"t"}]`, true
	}
	return "", false
}

func (c *cluster) change(verb string, words []string, flags map[string]string) (string, error) {
	switch {
	case verb == "exec" && slices.Contains(words, "postgres-0") && c.RefusesOwner:
		return "", fmt.Errorf("password authentication failed")
	case verb == "rollout" && words[0] == "undo" && words[1] == "statefulset/redis":
		revision, err := strconv.Atoi(flags["--to-revision"])
		if err != nil {
			return "", err
		}
		c.Redis = append(c.Redis, c.Redis[revision-1])
	case verb == "rollout" && words[0] == "status":
		_, name, _ := strings.Cut(words[1], "/")
		if c.FailingData && name == "postgres" || c.BadImage != "" && strings.Contains(c.template(name), c.BadImage) {
			return "", fmt.Errorf("%s exceeded its progress deadline", name)
		}
	case verb == "rollout" && words[0] == "undo":
		name := strings.TrimPrefix(words[1], "deployment.apps/")
		revision, err := strconv.Atoi(flags["--to-revision"])
		if err != nil {
			return "", err
		}
		c.Revisions[name] = append(c.Revisions[name], c.Revisions[name][revision-1])
	case verb == "scale":
		c.Replicas[words[1]] = flags["--replicas"]
	}
	return "", nil
}

// Package deploy is the module of the checks that look at what deploys the service: manifests, container files,
// the proxy, workflows and alerts. Each check has a test that breaks a copy and sees the check fail.
package deploy

// Package deploy is the module of the checks that look at what deploys the service. A check returns findings or is a test,
// and there is a test that breaks a copy of what it looks at and sees it fail. By package:
//
//   - backup makes backups of a PostgreSQL with the scripts of k3s/backup, and restores them.
//   - compose checks docker-compose.local.yml by the loader of compose itself.
//   - data starts PostgreSQL and Redis with the files that their pods mount.
//   - image checks the Dockerfile, what a build may see, and the program that it makes.
//   - manifests checks what is applied to a cluster, for one server and for several nodes.
//   - monitoring checks rules, dashboard and runbook, and watches the service with them.
//   - nginx attacks the proxy, before a server that records and before the service.
//   - program builds the service's program for the tests of the others, and runs it.
//   - proxy runs the nginx of this repository for the tests of the others.
//   - release runs k3s/deploy and k3s/restore on a cluster that is played.
//   - rollout restarts the service under load behind the proxy, and counts what is lost.
//   - workflows checks those of GitHub, runs their scripts, and tries the guide to them.
package deploy

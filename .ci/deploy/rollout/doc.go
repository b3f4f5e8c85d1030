// Package rollout restarts the program behind the proxy under load and counts what is lost. It has tests alone: they run
// three APIs and a worker in processes of their own, on a PostgreSQL and a Redis that are real as well, behind the
// nginx of this repository.
package rollout

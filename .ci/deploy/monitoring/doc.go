// Package monitoring checks what watches the service: the rules and their tests, the dashboard, the runbook, and what
// Prometheus and Alertmanager are told.
//
// A check returns findings. One test says that the real files have none, another that a damaged copy has some. That every
// metric which rules and dashboard name exists is asked of the program itself, of nginx, Prometheus and Alertmanager,
// which a test runs together until a drift of the inventory has reached a webhook.
package monitoring

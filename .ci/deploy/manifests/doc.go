// Package manifests checks what is applied to a cluster, without one: k3s and its overlays are built as kubectl builds
// them, decoded as strictly as the API server does, and compared with themselves and with the program.
//
// A check returns findings. That the real sets have none is one test; the other damages them, and expects the check
// that it is meant for to say so.
package manifests

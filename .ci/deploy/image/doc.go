// Package image checks what the container image is made from: the Dockerfile by BuildKit's own parser and linter and by
// rules of ours, the list of what the build may see, and how large the program is that comes out.
package image

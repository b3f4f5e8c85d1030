// Package compose checks the file that runs everything on one machine, as compose itself reads it.
package compose

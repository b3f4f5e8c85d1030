// Package release tests k3s/deploy and k3s/restore: what they refuse, what they make of the settings, and what they do
// in which order on a cluster that goes well or badly.
package release

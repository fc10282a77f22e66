// Package chart holds the Helm chart to the manifests that it stands beside: what it
// renders by itself is the base, and what values change is what the overlays change.
package chart

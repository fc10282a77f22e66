package report

import (
	"io"

	"github.com/octagate/octagate/cmd/octagate/output"
)

// data is the report as programs read it.
type data struct {
	APIVersion string     `json:"apiVersion"` // octagate.dev/v1alpha1
	Kind       string     `json:"kind"`       // CheckReport
	Version    string     `json:"version"`    // of octagate
	Summary    summary    `json:"summary"`
	Findings   []Finding  `json:"findings"`
	Unread     []Unread   `json:"unread"`
	Omissions  []Omission `json:"notChecked"`
}

// summary is how many there are of everything.
type summary struct {
	Files      int `json:"files"`
	Services   int `json:"services"`
	Others     int `json:"others"`   // objects that are no Services
	Kindless   int `json:"kindless"` // documents that do not say what they are
	Errors     int `json:"errors"`
	Warnings   int `json:"warnings"`
	Exceptions int `json:"exceptions"`
}

func (r Report) data() data {
	return data{
		"octagate.dev/v1alpha1", "CheckReport", r.Version,
		summary{r.Files, len(r.Services), r.Others, r.Kindless, r.Count(Error), r.Count(Warning), r.Exceptions()},
		r.Findings(), append([]Unread{}, r.Unread...), append([]Omission{}, r.Omissions...),
	}
}

// JSON is the report as one object: kind CheckReport, with summary, findings, each as in
// Finding, and notChecked.
func JSON(w io.Writer, r Report, _ output.Paint) error { return output.JSON(w, r.data()) }

// YAML is the same object as JSON.
func YAML(w io.Writer, r Report, _ output.Paint) error { return output.YAML(w, r.data()) }

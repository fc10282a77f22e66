package report

import (
	"io"
	"strings"

	"github.com/octagate/octagate/cmd/octagate/output"
)

// GitHub is the report as commands by which a workflow annotates a change, and the summary.
func GitHub(w io.Writer, r Report, _ output.Paint) error {
	p := &printer{w: w}
	for _, f := range r.Findings() {
		if f.Exception == "" {
			p.line("::%s file=%s,line=%d,col=%d,title=%s::%s\n", f.Level, property.Replace(f.File), f.Line, f.Column,
				property.Replace("octagate: "+f.Rule), message.Replace(strings.TrimSpace("Service "+f.Service+": "+f.sentence()+"\n"+f.Link)))
		}
	}
	for _, u := range r.Unread {
		p.line("::error file=%s,line=%d,col=%d,title=octagate::%s\n", property.Replace(u.File), max(u.Line, 1), max(u.Column, 1), message.Replace(u.Message))
	}
	p.line("%s\n", r.Summary())
	return p.err
}

// What a workflow's commands must not have as it is.
var (
	message  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

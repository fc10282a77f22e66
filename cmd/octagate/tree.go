package main

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/octagate/octagate/cmd/octagate/output"
	"github.com/octagate/octagate/cmd/octagate/picture"
	"github.com/octagate/octagate/cmd/octagate/translation"
)

// A viewing is what the flags of octagate tree and graph say.
type viewing struct {
	forecast forecast
	files    []string
	output   string
	theme    string
}

func (v *viewing) flags(c *cobra.Command) {
	v.forecast.flags(c)
	c.Flags().StringArrayVarP(&v.files, "filename", "f", nil, "files with Services, as for octagate plan, instead of the cloud and the cluster")
	c.ValidArgsFunction = serviceNames
	c.Args = atMostOne("Service")
}

func treeCommand() *cobra.Command {
	var v viewing
	c := &cobra.Command{
		Use:   "tree [NAMESPACE/NAME]",
		Short: "Show Services and what there is of them in OpenStack, as trees with states",
		Long: "Tree shows what octagate has made: the load balancer of each Service with its listeners,\n" +
			"pools and members, their provisioning and operating states, and the floating IP. Without a\n" +
			"name it shows all of the cluster's. Without a cluster it shows what the cloud tells. With\n" +
			"-f it shows what Services in files would become.",
		Example: "  octagate tree\n  octagate tree shop/web\n  octagate tree -f service.yaml",
		RunE:    func(c *cobra.Command, names []string) error { return v.tree(c, names) },
	}
	v.flags(c)
	c.Flags().StringVarP(&v.output, "output", "o", asText, "text, json or yaml")
	offer(c, "output", asText, asJSON, asYAML)
	return c
}

func (v viewing) tree(c *cobra.Command, names []string) error {
	if err := chosen(v.output, asText, asJSON, asYAML); err != nil {
		return err
	}
	all, err := v.translate(c, names)
	if err != nil {
		return err
	}
	return shown(c.OutOrStdout(), v.output, translations{Services: all}, func(paint output.Paint) string {
		var texts []string
		for _, t := range all {
			texts = append(texts, t.Outline(paint))
		}
		return strings.Join(texts, "\n")
	})
}

// The formats of pictures.
const (
	asSVG     = "svg"
	asDOT     = "dot"
	asMermaid = "mermaid"
)

func graphCommand() *cobra.Command {
	var v viewing
	c := &cobra.Command{
		Use:   "graph [NAMESPACE/NAME]",
		Short: "Draw Services and what becomes of them in OpenStack",
		Long: "Graph draws Services on the left, with their ports and endpoints, and what becomes of them\n" +
			"on the right: floating IPs, VIPs, listeners, pools and members, with their states if they\n" +
			"are there. Ignored ports are struck out. It draws what octagate tree shows.",
		Example: "  octagate graph shop/web > web.svg\n" +
			"  octagate graph -f service.yaml -o mermaid\n" +
			"  octagate graph -o dot | dot -Tpng -o all.png",
		RunE: func(c *cobra.Command, names []string) error { return v.graph(c, names) },
	}
	v.flags(c)
	c.Flags().StringVarP(&v.output, "output", "o", asSVG, "svg, dot or mermaid")
	c.Flags().StringVar(&v.theme, "theme", string(picture.Auto), "of svg: light, dark, or auto: as the reader's system says")
	offer(c, "output", asSVG, asDOT, asMermaid)
	offer(c, "theme", string(picture.Auto), string(picture.Light), string(picture.Dark))
	return c
}

func (v viewing) graph(c *cobra.Command, names []string) error {
	if err := chosen(v.output, asSVG, asDOT, asMermaid); err != nil {
		return err
	}
	if !slices.Contains([]picture.Theme{picture.Auto, picture.Light, picture.Dark}, picture.Theme(v.theme)) {
		return errors.New("--theme " + v.theme + ": must be light, dark or auto")
	}
	all, err := v.translate(c, names)
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.OutOrStdout(), v.drawn(all))
	return err
}

func (v viewing) drawn(all []translation.Translation) string {
	var pictures []picture.Picture
	for _, t := range all {
		pictures = append(pictures, picture.Of(t))
	}
	switch v.output {
	case asDOT:
		return picture.DOT(pictures)
	case asMermaid:
		return picture.Mermaid(pictures)
	}
	return picture.SVG(pictures, picture.Theme(v.theme))
}

// translate is what is to be shown: of files, or else of the cloud and the cluster.
func (v viewing) translate(c *cobra.Command, names []string) ([]translation.Translation, error) {
	name := strings.Join(names, "")
	if len(v.files) > 0 {
		made, err := v.forecast.translate(c, v.files)
		if err != nil || name == "" {
			return made.Services, err
		}
		some := slices.DeleteFunc(made.Services, func(t translation.Translation) bool { return t.Service.Name != name })
		if len(some) == 0 {
			return nil, errors.New("there is no Service " + name + " in these files")
		}
		return some, nil
	}
	if v.forecast.source.facts != "" {
		return nil, errors.New("--facts: is for files (--filename); without one the cloud itself is shown")
	}
	w, err := v.forecast.source.open(c.Context(), name)
	if err != nil {
		return nil, err
	}
	return w.translate(c.Context(), name, c.ErrOrStderr())
}

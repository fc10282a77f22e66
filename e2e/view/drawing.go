package view

import (
	"fmt"
	"strings"
)

// A node is a line of a drawn tree.
type node struct {
	text     string
	children []node
}

// draw writes the node after one margin and everything below it after another.
func (n node) draw(out *strings.Builder, first, rest string) {
	fmt.Fprintf(out, "%s%s\n", first, n.text)
	for i, child := range n.children {
		if i == len(n.children)-1 {
			child.draw(out, rest+"└─ ", rest+"   ")
		} else {
			child.draw(out, rest+"├─ ", rest+"│  ")
		}
	}
}

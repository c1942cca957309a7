package inventory

import (
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// places remembers where something stands that may stand once.
type places map[string]at

// once reports what is there already.
func (p places) once(r *reader, value, what string, place at) {
	if first, ok := p[value]; ok {
		r.problem(place, "the "+what+" "+value+" stands here again", "it is on line "+strconv.Itoa(first.line)+" already")
		return
	}
	p[value] = place
}

// place is where the value of a key of a mapping stands, or where the mapping begins.
func (r *reader) place(n ast.Node, key string) at {
	var values []*ast.MappingValueNode
	switch v := unwrap(n).(type) {
	case *ast.MappingNode:
		values = v.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{v}
	}
	for _, v := range values {
		if k, ok := unwrap(v.Key).(*ast.StringNode); ok && k.Value == key {
			return begin(unwrap(v.Value))
		}
	}
	return begin(n)
}

// itemName is what an item of a list is called in paths: its name, or its number from 1.
func (r *reader) itemName(item ast.Node, i int) string {
	if m, ok := unwrap(item).(*ast.MappingNode); ok {
		for _, v := range m.Values {
			if s, ok := unwrap(v.Value).(*ast.StringNode); ok && unwrap(v.Key).GetToken().Value == "name" && nodeName.MatchString(s.Value) {
				return s.Value
			}
		}
	}
	return strconv.Itoa(i + 1)
}

// on is the field with the nodes of a service; settle puts them in order, and fills in all nodes when there is none.
func on(c *Cluster, to *[]string) field {
	return field{name: "nodes", read: func(r *reader, n ast.Node) {
		items, ok := r.items(n, "[node-1, node-2]")
		if !ok {
			return
		}
		if len(items) == 0 {
			r.problem(begin(n), "nodes names no node", "take the key out for all nodes, or take the service out")
			return
		}
		seen := places{}
		var named []string
		for _, item := range items {
			s, ok := r.text(item, "write the name of a node")
			if !ok {
				continue
			}
			seen.once(r, quote(s), "node", begin(item))
			named = append(named, s)
			r.nodeExists(c, s, begin(item))
		}
		*to = named
	}}
}

// nodeExists reports a name that no node has. Where no node could be read, that is said already.
func (r *reader) nodeExists(c *Cluster, name string, place at) {
	if _, ok := c.Node(name); ok || len(c.Nodes) == 0 {
		return
	}
	var names []string
	for _, n := range c.Nodes {
		names = append(names, n.Name)
	}
	hint := "it must stand in the list of nodes"
	if near := Nearest(name, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	r.problem(place, "there is no node "+quote(name), hint)
}

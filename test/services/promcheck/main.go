// Promcheck reads {"rules": "…", "queries": ["…"]} from its standard input, parses all of it as Prometheus does, and
// prints {"problems": ["…"], "metrics": ["…"]}: what is wrong, and the metrics that are asked for.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

type input struct {
	Rules   string   `json:"rules"`
	Queries []string `json:"queries"`
}

type output struct {
	Problems []string `json:"problems"`
	Metrics  []string `json:"metrics"`
}

func main() {
	var asked input
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	problems := []string{}
	groups, errs := rulefmt.Parse([]byte(asked.Rules), false)
	for _, err := range errs {
		problems = append(problems, err.Error())
	}
	queries := asked.Queries
	if groups != nil {
		for _, group := range groups.Groups {
			for _, rule := range group.Rules {
				queries = append(queries, rule.Expr)
			}
		}
	}
	seen := map[string]bool{}
	for _, query := range queries {
		expr, err := parser.ParseExpr(query)
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", query, err))
			continue
		}
		parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
			if selector, ok := node.(*parser.VectorSelector); ok {
				seen[selector.Name] = true
			}
			return nil
		})
	}
	metrics := make([]string, 0, len(seen))
	for name := range seen {
		metrics = append(metrics, name)
	}
	sort.Strings(metrics)
	json.NewEncoder(os.Stdout).Encode(output{Problems: problems, Metrics: metrics})
}

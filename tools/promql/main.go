// Reads the expressions of a JSON array on standard input with Prometheus' own parser, and prints a JSON array of what it refuses.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/prometheus/prometheus/promql/parser"
)

func main() {
	var expressions []string
	if err := json.NewDecoder(os.Stdin).Decode(&expressions); err != nil {
		panic(err)
	}
	reader := parser.NewParser(parser.Options{})
	refused := []string{}
	for _, expression := range expressions {
		if _, err := reader.ParseExpr(expression); err != nil {
			refused = append(refused, fmt.Sprintf("%s: %v", expression, err))
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(refused); err != nil {
		panic(err)
	}
}

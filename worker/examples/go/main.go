// Sums numbers: {"numbers": [1, 2, 3]} becomes {"count": 3, "sum": 6}. With nothing of AWS.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// Exit codes of the contract: no later attempt would help; a later one may.
const (
	neverAgain = 64
	tryLater   = 75
)

func main() {
	text, err := os.ReadFile(os.Getenv("HEADGATE_INPUT"))
	if err != nil {
		end(tryLater, err)
	}
	var job struct {
		Numbers []float64 `json:"numbers"`
	}
	if err := json.Unmarshal(text, &job); err != nil {
		end(neverAgain, err)
	}
	var sum float64
	for _, number := range job.Numbers {
		sum += number
	}
	result, err := json.Marshal(map[string]any{"count": len(job.Numbers), "sum": sum})
	if err != nil {
		end(neverAgain, err)
	}
	if err := os.WriteFile(os.Getenv("HEADGATE_RESULT"), result, 0o600); err != nil {
		end(tryLater, err)
	}
}

func end(code int, err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(code)
}

// Writes yaml_vectors.txt: for each line of JSON on stdin a JSON array of that
// line and of what sigs.k8s.io/yaml, and so kubectl -o yaml, makes of it.
package main

import (
	"bufio"
	"encoding/json"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for lines.Scan() {
		text, err := yaml.JSONToYAML(lines.Bytes())
		if err != nil {
			panic(err)
		}
		if err := out.Encode([]string{lines.Text(), string(text)}); err != nil {
			panic(err)
		}
	}
}

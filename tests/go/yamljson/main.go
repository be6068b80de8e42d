// Command yamljson converts YAML to JSON as Kubernetes does: with sigs.k8s.io/yaml, the YAML library of the kubelet and
// the API server.
//
//	yamljson FILE...         one line per file: {"file":…,"json":…} or {"file":…,"error":…}
//	yamljson -0 < DOCUMENTS  the same for documents on stdin that end in NUL; "file" is the document's number
//	yamljson -scalars        regenerates ../../yaml/go-scalars.tsv on stdout
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"

	"sigs.k8s.io/yaml"
)

// line is one result: either JSON or Error is set.
type line struct {
	File  string          `json:"file"`
	JSON  json.RawMessage `json:"json,omitempty"`
	Error string          `json:"error,omitempty"`
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	err := run(os.Args[1:], os.Stdin, out)
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "yamljson:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) == 1 && args[0] == "-scalars" {
		return writeScalars(out)
	}
	answers := json.NewEncoder(out)
	answers.SetEscapeHTML(false)
	if len(args) == 1 && args[0] == "-0" {
		all, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		for i, document := range bytes.Split(bytes.TrimSuffix(all, []byte{0}), []byte{0}) {
			if err := answers.Encode(read(strconv.Itoa(i), document)); err != nil {
				return err
			}
		}
		return nil
	}
	for _, file := range args {
		document, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := answers.Encode(read(file, document)); err != nil {
			return err
		}
	}
	return nil
}

// read returns the result for one document.
func read(file string, document []byte) line {
	value, err := yaml.YAMLToJSON(document)
	if err != nil {
		return line{File: file, Error: err.Error()}
	}
	return line{File: file, JSON: value}
}

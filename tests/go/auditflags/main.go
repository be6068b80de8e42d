// Command auditflags validates audit flags with kube-apiserver's own code.
//
// Each line of standard input is a JSON array of arguments. Each line of standard output is "OK", or "ERR" followed by
// all error messages, separated by tabs; tabs and line breaks inside a message are written as \t and \n. Flags are only
// parsed and validated: no file is opened and no server is started.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apiserver/pkg/server/options"
	cliflag "k8s.io/component-base/cli/flag"
)

// maxLine is the maximum length of a line of input in bytes.
const maxLine = 1 << 20

var oneLine = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

// validate parses and validates arguments as kube-apiserver does, and returns the errors that it would print.
func validate(items []string) []string {
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	flags.SetNormalizeFunc(cliflag.WordSepNormalizeFunc)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}

	audit := options.NewAuditOptions()
	audit.AddFlags(flags)
	if err := flags.Parse(items); err != nil {
		return []string{err.Error()}
	}
	var messages []string
	for _, err := range audit.Validate() {
		messages = append(messages, err.Error())
	}
	return messages
}

func run(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	answers := bufio.NewWriter(out)
	for lines.Scan() {
		var items []string
		if err := json.Unmarshal(lines.Bytes(), &items); err != nil {
			return fmt.Errorf("%q is not a JSON array of strings: %w", lines.Text(), err)
		}
		answer := []string{"OK"}
		if messages := validate(items); len(messages) > 0 {
			answer = []string{"ERR"}
			for _, message := range messages {
				answer = append(answer, oneLine.Replace(message))
			}
		}
		fmt.Fprintln(answers, strings.Join(answer, "\t"))
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return answers.Flush()
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "auditflags:", err)
		os.Exit(1)
	}
}

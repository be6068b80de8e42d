// Auditflags answers one question with kube-apiserver's own code: would these audit flags be accepted?
//
// Each line of standard input is a JSON array of command-line items. Each line of standard output is "OK", or
// "ERR" followed by every message, joined by tabs; tabs and line breaks inside a message are written as \t and \n.
// Only flags are parsed and validated: no file is opened and no server is started.
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

// maxLine is the longest flag set that is accepted, in bytes.
const maxLine = 1 << 20

var oneLine = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

// judge parses items as kube-apiserver does and returns what it would print, nothing when it would go on.
func judge(items []string) []string {
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
			return fmt.Errorf("%q is no JSON array of strings: %w", lines.Text(), err)
		}
		answer := []string{"OK"}
		if messages := judge(items); len(messages) > 0 {
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

// Command replay counts what `kaudit policy replay` counts, with encoding/json: what each rule of a policy decides about,
// today and under the policy; the same for each day; and who takes the most.
//
// go run replay.go policy.json audit.log
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

type policy struct {
	OmitStages []string
	Rules      []rule
}

type rule struct {
	Level           string
	Users           []string
	UserGroups      []string
	Verbs           []string
	Resources       []groupResources
	Namespaces      []string
	NonResourceURLs []string
	OmitStages      []string
}

type groupResources struct {
	Group         string
	Resources     []string
	ResourceNames []string
}

type event struct {
	Kind       string
	Level      string
	Stage      string
	RequestURI string
	Verb       string
	User       struct {
		Username string
		Groups   []string
	}
	ObjectRef *struct {
		Resource, Namespace, Name, APIGroup, APIVersion, Subresource string
	}
	RequestObject            json.RawMessage
	ResponseObject           json.RawMessage
	StageTimestamp           string
	RequestReceivedTimestamp string
	Timestamp                string
	Metadata                 struct{ CreationTimestamp string }
	Items                    []json.RawMessage
}

type sums struct {
	Events       int `json:"events"`
	Bytes        int `json:"bytes"`
	LoggedEvents int `json:"loggedEvents"`
	LoggedBytes  int `json:"loggedBytes"`
}

type talker struct {
	Key   string `json:"key"`
	Value *sums  `json:"value"`
}

type counts struct {
	policy  policy
	Rules   map[string]*sums
	Days    map[string]*sums
	talkers map[string]*sums
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(policyFile, logFile string) error {
	c := counts{Rules: map[string]*sums{}, Days: map[string]*sums{}, talkers: map[string]*sums{}}
	text, err := os.ReadFile(policyFile)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &c.policy); err != nil {
		return err
	}
	log, err := os.Open(logFile)
	if err != nil {
		return err
	}
	lines := bufio.NewReaderSize(log, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			c.line(bytes.TrimSuffix(line, []byte("\n")))
		}
		if err == io.EOF {
			break
		} else if err != nil {
			return err
		}
	}
	talkers := []talker{}
	for key, value := range c.talkers {
		talkers = append(talkers, talker{key, value})
	}
	slices.SortFunc(talkers, func(a, b talker) int { return cmp.Compare(b.Value.LoggedBytes, a.Value.LoggedBytes) })
	answer := map[string]any{"rules": c.Rules, "days": c.Days, "talkers": talkers[:min(10, len(talkers))]}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

func (c *counts) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		return
	}
	for _, item := range e.Items {
		c.line(item)
	}
	if e.Stage == "" {
		return
	}
	size := len(line) + 1
	path, _, _ := strings.Cut(e.RequestURI, "?")
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	what := path
	if e.ObjectRef != nil {
		if group, _, found := strings.Cut(e.ObjectRef.APIVersion, "/"); found && e.ObjectRef.APIGroup == "" {
			e.ObjectRef.APIGroup = group
		}
		// The body of a create brings the name, and the policy decides before.
		if e.Verb == "create" && e.ObjectRef.Subresource == "" {
			e.ObjectRef.Name = ""
		}
		what = whole(&e)
	}
	index := slices.IndexFunc(c.policy.Rules, func(r rule) bool { return r.matches(&e, path) })
	logged := -1
	if index >= 0 {
		logged = c.logged(&e, &c.policy.Rules[index], size)
	}
	name := "null"
	if index >= 0 {
		name = strconv.Itoa(index)
	}
	written := cmp.Or(e.StageTimestamp, e.Metadata.CreationTimestamp, e.RequestReceivedTimestamp, e.Timestamp)
	add(c.Rules, name, size, logged)
	add(c.Days, written[:min(10, len(written))], size, logged)
	add(c.talkers, e.User.Username+" "+e.Verb+" "+what, size, logged)
}

func add(to map[string]*sums, key string, size, logged int) {
	s := to[key]
	if s == nil {
		s = &sums{}
		to[key] = s
	}
	s.Events++
	s.Bytes += size
	if logged >= 0 {
		s.LoggedEvents++
		s.LoggedBytes += logged
	}
}

// logged is what the event takes under the rule; -1 where it is not logged.
func (c *counts) logged(e *event, r *rule, size int) int {
	if r.Level == "None" || slices.Contains(c.policy.OmitStages, e.Stage) || slices.Contains(r.OmitStages, e.Stage) {
		return -1
	}
	size += len(r.Level) - len(e.Level)
	if r.Level == "Metadata" && e.RequestObject != nil {
		size -= len(e.RequestObject) + len(`"requestObject":,`)
	}
	if r.Level != "RequestResponse" && e.ResponseObject != nil {
		size -= len(e.ResponseObject) + len(`"responseObject":,`)
	}
	return size
}

func (r *rule) matches(e *event, path string) bool {
	if !allows(r.Users, e.User.Username) || !allows(r.Verbs, e.Verb) {
		return false
	}
	inGroup := func(group string) bool { return slices.Contains(r.UserGroups, group) }
	if len(r.UserGroups) > 0 && !slices.ContainsFunc(e.User.Groups, inGroup) {
		return false
	}
	switch {
	case len(r.Namespaces) > 0 || len(r.Resources) > 0:
		return e.ObjectRef != nil && allows(r.Namespaces, e.ObjectRef.Namespace) && r.matchesResource(e)
	case len(r.NonResourceURLs) > 0:
		matches := func(pattern string) bool {
			prefix, found := strings.CutSuffix(pattern, "*")
			return pattern == path || (found && strings.HasPrefix(path, prefix))
		}
		return e.ObjectRef == nil && slices.ContainsFunc(r.NonResourceURLs, matches)
	default:
		return true
	}
}

func (r *rule) matchesResource(e *event) bool {
	if len(r.Resources) == 0 {
		return true
	}
	for _, entry := range r.Resources {
		if entry.Group != "*" && entry.Group != e.ObjectRef.APIGroup {
			continue
		}
		if len(entry.Resources) == 0 {
			return true
		}
		if allows(entry.ResourceNames, e.ObjectRef.Name) && slices.ContainsFunc(entry.Resources, e.matchesPattern) {
			return true
		}
	}
	return false
}

func (e *event) matchesPattern(pattern string) bool {
	if pattern == "*" || pattern == whole(e) {
		return true
	}
	if sub, found := strings.CutPrefix(pattern, "*/"); found && e.ObjectRef.Subresource != "" {
		return sub == e.ObjectRef.Subresource
	}
	resource, found := strings.CutSuffix(pattern, "/*")
	return found && resource == e.ObjectRef.Resource
}

func whole(e *event) string {
	if e.ObjectRef.Subresource == "" {
		return e.ObjectRef.Resource
	}
	return e.ObjectRef.Resource + "/" + e.ObjectRef.Subresource
}

// allows says that a condition that a rule does not have is met.
func allows(values []string, value string) bool {
	return len(values) == 0 || slices.Contains(values, value)
}

// Command policy asks the API server's own code what it makes of an audit policy.
//
// It reads one JSON object per line on standard input and writes one per line on standard output: the same object
// with the answers filled in. A file of answers is therefore also its own input, and asking again
// (`go run . <answers.jsonl`) must give the same bytes.
//
// In the tests only: kaudit itself is not written in Go and does not need it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	auditinternal "k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/apiserver/pkg/audit"
	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/klog/v2"
)

// A testCase is a policy, the requests to try on it, and the answers.
type testCase struct {
	// Name says what the case is about, for people.
	Name string `json:"name,omitempty"`
	// Policy is the text of the policy file.
	Policy string `json:"policy"`
	// Requests are tried on the policy when it loads.
	Requests []request `json:"requests,omitempty"`
	// Error is why the API server would not start; empty when it would.
	Error string `json:"error"`
	// Strict is what the strict decoder found before the lenient one took over; the API server only warns.
	Strict string `json:"strict,omitempty"`
	// Decisions answer Requests, in their order.
	Decisions []decision `json:"decisions,omitempty"`
}

// A request holds the attributes that a policy can look at.
type request struct {
	User            string   `json:"user,omitempty"`
	NoUser          bool     `json:"noUser,omitempty"`
	Groups          []string `json:"groups,omitempty"`
	Verb            string   `json:"verb,omitempty"`
	Namespace       string   `json:"namespace,omitempty"`
	APIGroup        string   `json:"apiGroup,omitempty"`
	Resource        string   `json:"resource,omitempty"`
	Subresource     string   `json:"subresource,omitempty"`
	Name            string   `json:"name,omitempty"`
	Path            string   `json:"path,omitempty"`
	ResourceRequest bool     `json:"resourceRequest,omitempty"`
}

// A decision is what the evaluator says about one request.
type decision struct {
	Level             string   `json:"level"`
	OmitStages        []string `json:"omitStages,omitempty"`
	OmitManagedFields bool     `json:"omitManagedFields,omitempty"`
	// Rule is the index of the rule that decided; absent when none matched.
	Rule *int `json:"rule,omitempty"`
}

func main() {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	decoder := json.NewDecoder(in)
	buffered := bufio.NewWriter(out)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	for {
		var c testCase
		if err := decoder.Decode(&c); err == io.EOF {
			return buffered.Flush()
		} else if err != nil {
			return fmt.Errorf("reading a case: %w", err)
		}
		answer(&c)
		if err := encoder.Encode(c); err != nil {
			return fmt.Errorf("writing an answer: %w", err)
		}
	}
}

func answer(c *testCase) {
	c.Error, c.Strict, c.Decisions = "", strictFindings(c.Policy), nil
	loaded, err := policy.LoadPolicyFromBytes([]byte(c.Policy))
	if err != nil {
		c.Error = err.Error()
		return
	}
	for _, r := range c.Requests {
		c.Decisions = append(c.Decisions, decide(loaded, r))
	}
}

// strictFindings repeats the loader's first step, whose error goes only to the log.
func strictFindings(text string) string {
	codecs := serializer.NewCodecFactory(audit.Scheme, serializer.EnableStrict)
	_, _, err := codecs.UniversalDecoder().Decode([]byte(text), nil, &auditinternal.Policy{})
	if err != nil && runtime.IsStrictDecodingError(err) {
		return err.Error()
	}
	return ""
}

func decide(p *auditinternal.Policy, r request) decision {
	attributes := attributesOf(r)
	// The evaluator writes into the rules it is given, so each gets its own copy.
	config := policy.NewPolicyRuleEvaluator(p.DeepCopy()).EvaluatePolicyRule(attributes)
	d := decision{Level: string(config.Level), OmitManagedFields: config.OmitManagedFields}
	for _, stage := range config.OmitStages {
		d.OmitStages = append(d.OmitStages, string(stage))
	}
	slices.Sort(d.OmitStages)
	d.OmitStages = slices.Compact(d.OmitStages)
	d.Rule = decidingRule(p, attributes)
	return d
}

// decidingRule asks about each rule alone, with a level that only a match can give.
func decidingRule(p *auditinternal.Policy, attributes authorizer.Attributes) *int {
	for i := range p.Rules {
		rule := *p.Rules[i].DeepCopy()
		rule.Level = auditinternal.LevelRequest
		alone := &auditinternal.Policy{Rules: []auditinternal.PolicyRule{rule}}
		if policy.NewPolicyRuleEvaluator(alone).EvaluatePolicyRule(attributes).Level == auditinternal.LevelRequest {
			return &i
		}
	}
	return nil
}

func attributesOf(r request) authorizer.Attributes {
	attributes := authorizer.AttributesRecord{
		Verb:            r.Verb,
		Namespace:       r.Namespace,
		APIGroup:        r.APIGroup,
		Resource:        r.Resource,
		Subresource:     r.Subresource,
		Name:            r.Name,
		Path:            r.Path,
		ResourceRequest: r.ResourceRequest,
	}
	if !r.NoUser {
		attributes.User = &user.DefaultInfo{Name: r.User, Groups: r.Groups}
	}
	return attributes
}

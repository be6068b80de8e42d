// Command policy loads and evaluates audit policies with the API server's own code.
//
// Each line of standard input is a JSON object. Each line of standard output is the same object with the results filled
// in. So the output is also valid input, and running the program again (`go run . <output.jsonl`) must give the same
// bytes. With -brief only the results are written, which saves space for millions of requests.
//
// With -time DURATION it evaluates the requests of each case repeatedly for this time, and writes the mean time of a
// decision.
//
// This program is used only in tests: kaudit is not written in Go and does not need it.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
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

// A testCase is a policy, requests to evaluate, and the results.
type testCase struct {
	// Name describes the case.
	Name string `json:"name,omitempty"`
	// Policy is the text of the policy file.
	Policy string `json:"policy"`
	// Requests are evaluated if the policy is valid.
	Requests []request `json:"requests,omitempty"`
	// Error is the error with which the API server would not start; empty if it would start.
	Error string `json:"error"`
	// Strict is the error of the strict decoder. The API server logs it as a warning and uses the lenient decoder.
	Strict string `json:"strict,omitempty"`
	// Decisions has the decision for each of Requests.
	Decisions []decision `json:"decisions,omitempty"`
}

// A request contains the attributes that a policy can match.
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

// A decision is the evaluator's result for one request.
type decision struct {
	Level             string   `json:"level"`
	OmitStages        []string `json:"omitStages,omitempty"`
	OmitManagedFields bool     `json:"omitManagedFields,omitempty"`
	// Rule is the index of the matching rule; absent if no rule matched.
	Rule *int `json:"rule,omitempty"`
}

func main() {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	brief := flag.Bool("brief", false, "write the answers alone")
	each := flag.Duration("time", 0, "decide for so long under each policy, and write what a decision took")
	flag.Parse()
	work := func(c *testCase) any {
		answer(c)
		if *brief {
			c.Name, c.Policy, c.Requests = "", "", nil
		}
		return c
	}
	if *each > 0 {
		work = func(c *testCase) any { return measure(c, *each) }
	}
	if err := run(os.Stdin, os.Stdout, work); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run processes every case and writes its results.
func run(in io.Reader, out io.Writer, work func(*testCase) any) error {
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
		if err := encoder.Encode(work(&c)); err != nil {
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
	e := evaluatorsOf(loaded)
	for _, r := range c.Requests {
		c.Decisions = append(c.Decisions, e.decide(r))
	}
}

var strictCodecs = serializer.NewCodecFactory(audit.Scheme, serializer.EnableStrict)

// strictFindings repeats the loader's first step, whose error is only logged.
func strictFindings(text string) string {
	_, _, err := strictCodecs.UniversalDecoder().Decode([]byte(text), nil, &auditinternal.Policy{})
	if err != nil && runtime.IsStrictDecodingError(err) {
		return err.Error()
	}
	return ""
}

// evaluators are the API server's evaluators for a policy and for each of its rules alone.
type evaluators struct {
	whole audit.PolicyRuleEvaluator
	// alone evaluate a single rule each, with a level that no other decision has.
	alone []audit.PolicyRuleEvaluator
}

func evaluatorsOf(p *auditinternal.Policy) evaluators {
	// An evaluator modifies its rules, so each gets its own copy.
	e := evaluators{whole: policy.NewPolicyRuleEvaluator(p.DeepCopy())}
	for i := range p.Rules {
		rule := *p.Rules[i].DeepCopy()
		rule.Level = auditinternal.LevelRequest
		alone := &auditinternal.Policy{Rules: []auditinternal.PolicyRule{rule}}
		e.alone = append(e.alone, policy.NewPolicyRuleEvaluator(alone))
	}
	return e
}

func (e evaluators) decide(r request) decision {
	attributes := attributesOf(r)
	config := e.whole.EvaluatePolicyRule(attributes)
	d := decision{Level: string(config.Level), OmitManagedFields: config.OmitManagedFields}
	for _, stage := range config.OmitStages {
		d.OmitStages = append(d.OmitStages, string(stage))
	}
	slices.Sort(d.OmitStages)
	d.OmitStages = slices.Compact(d.OmitStages)
	for i, rule := range e.alone {
		if rule.EvaluatePolicyRule(attributes).Level == auditinternal.LevelRequest {
			d.Rule = &i
			break
		}
	}
	return d
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

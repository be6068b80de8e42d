// Command policy asks the API server's own code what it makes of an audit policy.
//
// It reads one JSON object per line on standard input and writes one per line on standard output: the same object
// with the answers filled in. A file of answers is therefore also its own input, and asking again
// (`go run . <answers.jsonl`) must give the same bytes. With -brief only the answers are written, which is what counts
// where there are a million of them.
//
// With -time DURATION it decides about the requests of each case again and again for so long, and writes how long one
// decision took.
//
// In the tests only: kaudit itself is not written in Go and does not need it.
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

// run does the work on every case, and writes what comes out of it.
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

// strictFindings repeats the loader's first step, whose error goes only to the log.
func strictFindings(text string) string {
	_, _, err := strictCodecs.UniversalDecoder().Decode([]byte(text), nil, &auditinternal.Policy{})
	if err != nil && runtime.IsStrictDecodingError(err) {
		return err.Error()
	}
	return ""
}

// evaluators are the API server's, of a policy and of each of its rules alone.
type evaluators struct {
	whole audit.PolicyRuleEvaluator
	// alone have a level that only a match can give.
	alone []audit.PolicyRuleEvaluator
}

func evaluatorsOf(p *auditinternal.Policy) evaluators {
	// An evaluator writes into the rules it is given, so each gets its own copy.
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

package main

import (
	"time"

	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// A measurement is the run time of decisions for one policy.
type measurement struct {
	Name string `json:"name"`
	// Levels counts the requests of one pass by the decided level, to verify that two programs do the same work.
	Levels map[string]int `json:"levels"`
	// Nanoseconds is the mean time of one decision.
	Nanoseconds float64 `json:"nanoseconds"`
}

// measure evaluates all requests of the case repeatedly until the time is over. The evaluator and the attributes are
// created before, as in the API server.
func measure(c *testCase, each time.Duration) measurement {
	loaded, err := policy.LoadPolicyFromBytes([]byte(c.Policy))
	if err != nil {
		return measurement{Name: c.Name + ": " + err.Error()}
	}
	evaluator := policy.NewPolicyRuleEvaluator(loaded)
	m := measurement{Name: c.Name, Levels: map[string]int{}}
	var requests []authorizer.Attributes
	for _, r := range c.Requests {
		attributes := attributesOf(r)
		requests = append(requests, attributes)
		m.Levels[string(evaluator.EvaluatePolicyRule(attributes).Level)]++
	}
	decided, stages := 0, 0
	begin := time.Now()
	for time.Since(begin) < each {
		for _, attributes := range requests {
			// The sum prevents the compiler from omitting decisions.
			stages += len(evaluator.EvaluatePolicyRule(attributes).OmitStages)
		}
		decided += len(requests)
	}
	took := time.Since(begin)
	if stages >= 0 {
		m.Nanoseconds = float64(took.Nanoseconds()) / float64(decided)
	}
	return m
}

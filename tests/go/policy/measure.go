package main

import (
	"time"

	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// A measurement says what decisions under one policy took.
type measurement struct {
	Name string `json:"name"`
	// Levels counts the requests of one pass by the level that was decided, so that two programs can be seen to do the same.
	Levels map[string]int `json:"levels"`
	// Nanoseconds is the mean for one decision.
	Nanoseconds float64 `json:"nanoseconds"`
}

// measure decides about all requests of the case, pass after pass, until the time is over. Evaluator and attributes are
// made before, as the API server makes them before it asks.
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
			// The sum makes sure that no decision is left out.
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

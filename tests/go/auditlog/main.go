// Command auditlog writes audit logs with the API server's own code.
//
// Each line of standard input is a JSON object with requests and policies. Each line of standard output is the same
// object with the log of the requests for each policy. So the output is also valid input, and running the program again
// (`go run . <output.jsonl`) must give the same bytes.
//
// The filters, the policy evaluator, the log backend and the logging of bodies are the API server's. The handlers replace
// its storage: they do not decode or store anything, but they log bodies where the API server's handlers do
// (`apiserver/pkg/endpoints/handlers`).
//
// This program is used only in tests: kaudit is not written in Go and does not need it.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	auditinternal "k8s.io/apiserver/pkg/apis/audit"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/apiserver/pkg/audit"
	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/endpoints/filters"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"
	logbackend "k8s.io/apiserver/plugin/pkg/audit/log"
	"k8s.io/klog/v2"
)

// A testCase is a list of requests, and their logs for several policies.
type testCase struct {
	Requests []request `json:"requests"`
	// Today is the policy whose complete log is written to Log.
	Today string `json:"today"`
	// Policies are policies for which only the sizes of the log lines are written to Lines.
	Policies []string `json:"policies"`
	// Log is the log file for the policy Today.
	Log string `json:"log"`
	// Lines has an entry for each of Policies: the sizes of all lines of the log file in bytes, with line feeds.
	Lines [][]int `json:"lines"`
}

// A request as a client sends it, and its result.
type request struct {
	Method string `json:"method"`
	// URI is the path with an optional query, percent-encoded.
	URI    string   `json:"uri"`
	User   string   `json:"user,omitempty"`
	Groups []string `json:"groups,omitempty"`
	// NoUser means that authentication fails.
	NoUser bool `json:"noUser,omitempty"`
	// As is the impersonated user.
	As string `json:"as,omitempty"`
	// Name is the name of the object in the body; the path of a create request does not contain it.
	Name string `json:"name,omitempty"`
	// Body is further content of the body; without it a delete request does not have a body.
	Body string `json:"body,omitempty"`
	// ManagedFields means that objects have managed fields.
	ManagedFields bool `json:"managedFields,omitempty"`
	// End is "", "forbidden", "panic", or "table" for a list that is returned as a table.
	End string `json:"end,omitempty"`
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
		if err := answer(&c); err != nil {
			return err
		}
		if err := encoder.Encode(c); err != nil {
			return fmt.Errorf("writing an answer: %w", err)
		}
	}
}

func answer(c *testCase) (err error) {
	if c.Log, err = logUnder(c.Today, c.Requests); err != nil {
		return err
	}
	c.Lines = [][]int{}
	for _, text := range c.Policies {
		log, err := logUnder(text, c.Requests)
		if err != nil {
			return err
		}
		lines := []int{}
		for line := range strings.Lines(log) {
			lines = append(lines, len(line))
		}
		c.Lines = append(c.Lines, lines)
	}
	return nil
}

// epoch is the time of the first request. Each further request arrives one second later.
var epoch = time.Date(2026, time.November, 21, 3, 14, 15, 926535000, time.UTC)

// logUnder returns the content of the log file after the requests.
func logUnder(text string, requests []request) (string, error) {
	loaded, err := policy.LoadPolicyFromBytes([]byte(text))
	if err != nil {
		return "", fmt.Errorf("loading the policy %q: %w", text, err)
	}
	var log bytes.Buffer
	sink := &steadyClock{sink: logbackend.NewBackend(&log, logbackend.FormatJson, auditv1.SchemeGroupVersion)}
	evaluator := policy.NewPolicyRuleEvaluator(loaded)
	for i, r := range requests {
		sink.now = epoch.Add(time.Duration(i) * time.Second)
		if err := serve(r, i, sink, evaluator); err != nil {
			return "", err
		}
	}
	return log.String(), nil
}

// steadyClock gives events the same time in every run.
type steadyClock struct {
	sink audit.Sink
	now  time.Time
}

func (s *steadyClock) ProcessEvents(events ...*auditinternal.Event) bool {
	for _, event := range events {
		event.StageTimestamp = metav1.NewMicroTime(s.now)
	}
	return s.sink.ProcessEvents(events...)
}

// serve sends the request through the filters in the order of the API server (DefaultBuildHandlerChain).
func serve(r request, index int, sink *steadyClock, evaluator audit.PolicyRuleEvaluator) (err error) {
	req, err := http.NewRequest(r.Method, "https://kubernetes.default"+r.URI, nil)
	if err != nil {
		return fmt.Errorf("making a request: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "kubectl/v1.36.2 (linux/amd64)")
	req.Header.Set(auditinternal.HeaderAuditID, fmt.Sprintf("00000000-0000-4000-8000-%012d", index))
	req.RemoteAddr = "192.0.2.7:34567"

	authenticated := filters.WithAudit(handler(r), sink, evaluator, isLongRunning)
	failed := filters.WithFailedAuthenticationAudit(filters.Unauthorized(codecs), sink, evaluator)
	authenticate := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if r.NoUser {
			failed.ServeHTTP(w, req)
			return
		}
		info := &user.DefaultInfo{Name: r.User, Groups: r.Groups}
		authenticated.ServeHTTP(w, req.WithContext(apirequest.WithUser(req.Context(), info)))
	})
	received := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx := apirequest.WithReceivedTimestamp(req.Context(), sink.now)
		filters.WithAuditInit(authenticate).ServeHTTP(w, req.WithContext(ctx))
	})
	resolver := &apirequest.RequestInfoFactory{
		APIPrefixes:          sets.NewString("api", "apis"),
		GrouplessAPIPrefixes: sets.NewString("api"),
	}
	defer func() {
		if recovered := recover(); recovered != nil && recovered != panicked {
			err = fmt.Errorf("%s %s: %v", r.Method, r.URI, recovered)
		}
	}()
	filters.WithRequestInfo(received, resolver).ServeHTTP(httptest.NewRecorder(), req)
	return nil
}

// isLongRunning is the check that kube-apiserver uses (cmd/kube-apiserver/app/server.go), without the many dependencies of
// BasicLongRunningRequestCheck.
func isLongRunning(_ *http.Request, info *apirequest.RequestInfo) bool {
	switch {
	case info.Verb == "watch" || info.Verb == "proxy":
		return true
	case info.IsResourceRequest:
		return slices.Contains([]string{"attach", "exec", "proxy", "log", "portforward"}, info.Subresource)
	default:
		return strings.HasPrefix(info.Path, "/debug/pprof/")
	}
}

var panicked = errors.New("panicked, as asked")

// handler authorizes requests, handles impersonation and responds.
func handler(r request) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx := req.Context()
		info, _ := apirequest.RequestInfoFrom(ctx)
		if r.As != "" {
			audit.LogImpersonatedUser(ctx, &user.DefaultInfo{Name: r.As, Groups: []string{"devs"}}, "")
		}
		if r.End == "forbidden" {
			audit.AddAuditAnnotations(ctx, "authorization.k8s.io/decision", "forbid", "authorization.k8s.io/reason", "")
			forbidden := apierrors.NewForbidden(resourceOf(info), info.Name, errors.New("not allowed"))
			responsewriters.ErrorNegotiated(forbidden, codecs, versionOf(info), w, req)
			return
		}
		audit.AddAuditAnnotations(ctx, "authorization.k8s.io/decision", "allow", "authorization.k8s.io/reason",
			`RBAC: allowed by ClusterRoleBinding "cluster-admins" of ClusterRole "cluster-admin" to Group "devs"`)
		switch {
		case info.IsResourceRequest:
			respond(r, info, w, req)
		case strings.HasPrefix(info.Path, "/api"):
			groups := &metav1.APIGroupList{Groups: []metav1.APIGroup{{Name: "apps"}}}
			responsewriters.WriteObjectNegotiated(codecs, anyMediaType, versionOf(info), w, req, http.StatusOK, groups, false)
		default:
			_, _ = io.WriteString(w, "ok")
		}
		if r.End == "panic" {
			panic(panicked)
		}
	})
}

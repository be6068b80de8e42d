// Command webhook uses kubeconfigs with kube-apiserver's own webhook backend.
//
// Each line of standard input is the path of a kubeconfig. Each line of standard output is "START" and the error with which
// the API server would not start, "DROPPED" and the error of the delivery of an event, or "DELIVERED".
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/apiserver/plugin/pkg/audit/webhook"
	"k8s.io/klog/v2"
)

func main() {
	// A dropped event is only reported as an error in the log.
	var log strings.Builder
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	_ = flags.Set("logtostderr", "false")
	_ = flags.Set("stderrthreshold", "FATAL")
	klog.SetOutput(&log)

	version := schema.GroupVersion{Group: "audit.k8s.io", Version: "v1"}
	once := wait.Backoff{Duration: time.Millisecond, Steps: 1}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		backend, err := webhook.NewBackend(lines.Text(), version, once, nil)
		if err != nil {
			fmt.Printf("START\t%s\n", oneLine(err.Error()))
			continue
		}
		log.Reset()
		if backend.ProcessEvents(&audit.Event{}) {
			fmt.Println("DELIVERED")
			continue
		}
		klog.Flush()
		fmt.Printf("DROPPED\t%s\n", oneLine(log.String()))
	}
}

func oneLine(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", " ")
}

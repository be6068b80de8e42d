// The Go reader that kaudit's output is compared with; only tests build it.
module kaudit/tests/go/yamljson

go 1.22

require sigs.k8s.io/yaml v1.6.0

require go.yaml.in/yaml/v2 v2.4.2 // indirect

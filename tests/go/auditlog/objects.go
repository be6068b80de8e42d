package main

import (
	"io"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/audit"
	"k8s.io/apiserver/pkg/endpoints/handlers/negotiation"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"
)

var (
	types        = runtime.NewScheme()
	codecs       = serializer.NewCodecFactory(types)
	anyMediaType = negotiation.DefaultEndpointRestrictions
)

func init() {
	utilruntime.Must(corev1.AddToScheme(types))
	metav1.AddToGroupVersion(types, corev1.SchemeGroupVersion)
	metav1.AddToGroupVersion(types, schema.GroupVersion{Version: "v1"})
	utilruntime.Must(metav1.AddMetaToScheme(types))
}

// respond logs bodies where the API server's handlers do. Every object is a ConfigMap, regardless of the resource.
func respond(r request, info *apirequest.RequestInfo, w http.ResponseWriter, req *http.Request) {
	ctx := req.Context()
	resource := schema.GroupVersionResource{Group: info.APIGroup, Version: info.APIVersion, Resource: info.Resource}
	logRequest := func(object runtime.Object) {
		audit.LogRequestObject(ctx, object, corev1.SchemeGroupVersion, resource, info.Subresource, codecs)
	}
	write := func(object runtime.Object) {
		version := object.GetObjectKind().GroupVersionKind().GroupVersion()
		responsewriters.WriteObjectNegotiated(codecs, anyMediaType, version, w, req, http.StatusOK, object, false)
	}
	switch info.Subresource {
	case "attach", "exec", "portforward", "proxy", "log":
		// A stream.
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, "a line\n")
		return
	}
	switch info.Verb {
	case "create", "update":
		logRequest(object(r, r.Name))
		write(object(r, r.Name))
	case "patch":
		audit.LogRequestPatch(ctx, []byte(`{"metadata":{"managedFields":[{"manager":"x"}]},"data":{"patched":"`+r.Body+`"}}`))
		write(object(r, info.Name))
	case "delete", "deletecollection":
		if r.Body != "" {
			options := &metav1.DeleteOptions{
				TypeMeta: metav1.TypeMeta{Kind: "DeleteOptions", APIVersion: "v1"},
				DryRun:   []string{r.Body},
			}
			audit.LogRequestObject(ctx, options, metav1.SchemeGroupVersion, resource, info.Subresource, scheme.Codecs)
		}
		write(&metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess})
	case "list":
		items := []corev1.ConfigMap{*object(r, "first"), *object(r, "second")}
		if r.End == "table" {
			write(table(items))
			return
		}
		list := &corev1.ConfigMapList{Items: items}
		list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ConfigMapList"))
		write(list)
	case "watch":
		// A stream.
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, "{}\n")
	default:
		write(object(r, info.Name))
	}
}

func object(r request, name string) *corev1.ConfigMap {
	o := &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{Kind: "ConfigMap", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": "shop"}},
		Data:       map[string]string{"body": r.Body, "managedFields": `"managedFields":[1]`},
	}
	if r.ManagedFields {
		o.ManagedFields = []metav1.ManagedFieldsEntry{
			{Manager: "kubectl", Operation: "Apply", FieldsV1: &metav1.FieldsV1{Raw: []byte(`{"f:data":{".":{},"f:body":{}}}`)}},
			{Manager: strings.Repeat("m", len(name)), Operation: "Update"},
		}
	}
	return o
}

func table(items []corev1.ConfigMap) *metav1.Table {
	t := &metav1.Table{TypeMeta: metav1.TypeMeta{Kind: "Table", APIVersion: "meta.k8s.io/v1"}}
	for i := range items {
		row := metav1.TableRow{Cells: []any{items[i].Name}, Object: runtime.RawExtension{Object: &items[i]}}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func resourceOf(info *apirequest.RequestInfo) schema.GroupResource {
	return schema.GroupResource{Group: info.APIGroup, Resource: info.Resource}
}

func versionOf(info *apirequest.RequestInfo) schema.GroupVersion {
	return schema.GroupVersion{Group: info.APIGroup, Version: "v1"}
}

// Writes api_vectors.txt: objects as Kubernetes' own Go types write them, in
// JSON and in protobuf. Run: go run . > ../api_vectors.txt
package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/randfill"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

var codecs = serializer.NewCodecFactory(scheme.Scheme)

func encoder(mediaType string) runtime.Serializer {
	info, ok := runtime.SerializerInfoForMediaType(codecs.SupportedMediaTypes(), mediaType)
	if !ok {
		panic(mediaType)
	}
	return info.Serializer
}

func encode(mediaType string, object runtime.Object) []byte {
	var out bytes.Buffer
	check(encoder(mediaType).Encode(object, &out))
	return out.Bytes()
}

// Each text is one that must be escaped in some way.
var texts = []string{"", "plain", "<html>&amp;", "snow \u2603, clef \U0001d11e",
	"quote \" backslash \\ slash /", "line\nfeed\ttab\rreturn", "\x01\x1f\x7f\b\f",
	"separators \u2028\u2029", "kubernetes.io/kubelet-serving"}

func filler(seed int64) *randfill.Filler {
	return randfill.NewWithSeed(seed).NilChance(0.4).NumElements(1, 3).Funcs(
		func(s *string, c randfill.Continue) { *s = texts[c.Intn(len(texts))] },
		func(t *metav1.Time, c randfill.Continue) {
			if c.Intn(3) > 0 {
				*t = metav1.Unix(c.Rand.Int63n(4102444800), 0)
			}
		},
		func(t *metav1.MicroTime, c randfill.Continue) {
			if c.Intn(3) > 0 {
				*t = metav1.MicroTime{Time: time.Unix(c.Rand.Int63n(4102444800), c.Rand.Int63n(1000000)*1000)}
			}
		},
		// Pointers to a zero time do not occur.
		func(t **metav1.Time, c randfill.Continue) {
			if c.Intn(2) > 0 {
				*t = &metav1.Time{Time: time.Unix(1+c.Rand.Int63n(4102444800), 0)}
			}
		},
		func(t **metav1.MicroTime, c randfill.Continue) {
			if c.Intn(2) > 0 {
				*t = &metav1.MicroTime{Time: time.Unix(1+c.Rand.Int63n(4102444800), 123456000)}
			}
		},
		func(q *resource.Quantity, c randfill.Continue) {
			*q = resource.MustParse([]string{"4", "16Gi", "100m", "0", "12345678"}[c.Intn(5)])
		},
		func(f *metav1.FieldsV1, c randfill.Continue) {
			check(f.UnmarshalJSON([]byte(`{"f:metadata":{"f:annotations":{".":{},"f:a<b":{}}}}`)))
		},
		func(b *[]byte, c randfill.Continue) {
			*b = make([]byte, 1+c.Intn(8))
			c.Rand.Read(*b)
		},
	)
}

func print(name string, gvk schema.GroupVersionKind, object runtime.Object) {
	object.GetObjectKind().SetGroupVersionKind(gvk)
	wire := encode(runtime.ContentTypeProtobuf, object)
	// What JSON shows is what a server has read from its store, in protobuf.
	stored, err := scheme.Scheme.New(gvk)
	check(err)
	_, _, err = encoder(runtime.ContentTypeProtobuf).Decode(wire, &gvk, stored)
	check(err)
	stored.GetObjectKind().SetGroupVersionKind(gvk)
	apiVersion, kind := gvk.ToAPIVersionAndKind()
	fmt.Printf("\nname: %s\napi_version: %s\nkind: %s\njson: %sprotobuf: %s\n", name,
		apiVersion, kind, encode(runtime.ContentTypeJSON, stored), hex.EncodeToString(wire))
}

func main() {
	fmt.Print(`# Made by go_vectors/main.go (see its first lines) with k8s.io/api v0.37.2:
# objects as the Go types write them in JSON and in protobuf. "filled" objects
# have random contents with fixed seeds.
`)
	at := metav1.NewTime(time.Date(2026, 11, 24, 9, 59, 7, 0, time.UTC))
	micro := metav1.NewMicroTime(time.Date(2026, 11, 24, 9, 59, 7, 123456000, time.UTC))
	seconds, holder, transitions := int32(3600), "node-1", int32(0)
	remaining := int64(7)
	csr := &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{Name: "csr-4x2lq", GenerateName: "csr-", UID: "47538fcb-7064-4236-872e-d03d73091292", ResourceVersion: "221", CreationTimestamp: at},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request: []byte("-----BEGIN CERTIFICATE REQUEST-----\n"), SignerName: certificatesv1.KubeletServingSignerName,
			ExpirationSeconds: &seconds, Usages: []certificatesv1.KeyUsage{"digital signature", "server auth"},
			Username: "system:node:n1", Groups: []string{"system:nodes", "system:authenticated"},
			Extra: map[string]certificatesv1.ExtraValue{"b": {"2", "3"}, "a": {"1"}}},
		Status: certificatesv1.CertificateSigningRequestStatus{
			Conditions:  []certificatesv1.CertificateSigningRequestCondition{{Type: "Approved", Status: "True", Reason: "R", LastUpdateTime: at}},
			Certificate: []byte("-----BEGIN CERTIFICATE-----\n")},
	}
	sar := &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{User: "system:node:n1", Groups: []string{"system:nodes"},
			ResourceAttributes: &authorizationv1.ResourceAttributes{Group: "certificates.k8s.io", Version: "*", Resource: "certificatesigningrequests", Subresource: "selfnodeclient", Verb: "create"},
			Extra:              map[string]authorizationv1.ExtraValue{"k": {"v"}}},
		Status: authorizationv1.SubjectAccessReviewStatus{Allowed: true},
	}
	lease := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: "signer", Namespace: "kube-system"},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseTransitions: &transitions, RenewTime: &micro},
	}
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n1", Labels: map[string]string{"z": "1", "a": "<2>"}},
		Spec:       corev1.NodeSpec{PodCIDR: "10.244.0.0/24", PodCIDRs: []string{"10.244.0.0/24"}, ProviderID: "kind://n1"},
		Status: corev1.NodeStatus{
			Capacity:        corev1.ResourceList{"cpu": resource.MustParse("4"), "memory": resource.MustParse("16Gi")},
			Conditions:      []corev1.NodeCondition{{Type: "Ready", Status: "True", LastHeartbeatTime: at}},
			Addresses:       []corev1.NodeAddress{{Type: "InternalIP", Address: "10.0.0.1"}},
			DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: 10250}},
			NodeInfo:        corev1.NodeSystemInfo{MachineID: "m", OSImage: "Debian"}},
	}
	status := &metav1.Status{Status: "Failure", Message: `csr "x" not found`, Reason: metav1.StatusReasonNotFound, Code: 404,
		Details: &metav1.StatusDetails{Name: "x", Group: "certificates.k8s.io", Kind: "certificatesigningrequests", RetryAfterSeconds: 2, Causes: []metav1.StatusCause{{Type: "FieldValueRequired", Message: "m", Field: "metadata.name"}}}}

	certificates := certificatesv1.SchemeGroupVersion.WithKind
	authorization := authorizationv1.SchemeGroupVersion.WithKind
	core := corev1.SchemeGroupVersion.WithKind
	rbac := rbacv1.SchemeGroupVersion.WithKind
	print("a CSR", certificates("CertificateSigningRequest"), csr)
	print("an access review", authorization("SubjectAccessReview"), sar)
	print("a lease", coordinationv1.SchemeGroupVersion.WithKind("Lease"), lease)
	print("a node", core("Node"), node)
	print("a failure", core("Status"), status)
	print("a list of CSRs", certificates("CertificateSigningRequestList"), &certificatesv1.CertificateSigningRequestList{
		ListMeta: metav1.ListMeta{ResourceVersion: "300", Continue: "more", RemainingItemCount: &remaining},
		Items:    []certificatesv1.CertificateSigningRequest{{ObjectMeta: metav1.ObjectMeta{Name: "one"}}, *csr}})
	print("an empty list of CSRs", certificates("CertificateSigningRequestList"), &certificatesv1.CertificateSigningRequestList{})

	for _, gvk := range []schema.GroupVersionKind{
		certificates("CertificateSigningRequest"), certificates("ClusterTrustBundle"),
		authorization("SubjectAccessReview"), authorization("SelfSubjectAccessReview"),
		coordinationv1.SchemeGroupVersion.WithKind("Lease"),
		core("Node"), core("Namespace"), core("Secret"), core("ConfigMap"), core("Event"), core("Status"), core("DeleteOptions"),
		rbac("Role"), rbac("RoleBinding"), rbac("ClusterRole"), rbac("ClusterRoleBinding"),
	} {
		object, err := scheme.Scheme.New(gvk)
		check(err)
		print("empty "+gvk.Kind, gvk, object)
		for seed := int64(1); seed <= 4; seed++ {
			object, err := scheme.Scheme.New(gvk)
			check(err)
			filler(seed).Fill(object)
			print(fmt.Sprintf("filled %s %d", gvk.Kind, seed), gvk, object)
		}
	}

	// A watch's frame, as the server writes it: four bytes of length, a
	// WatchEvent without an envelope, in it the object in its envelope.
	csr.SetGroupVersionKind(certificates("CertificateSigningRequest"))
	event := &metav1.WatchEvent{Type: "ADDED", Object: runtime.RawExtension{Raw: encode(runtime.ContentTypeProtobuf, csr)}}
	var frame bytes.Buffer
	check(protobuf.NewRawSerializer(scheme.Scheme, scheme.Scheme).Encode(event, protobuf.LengthDelimitedFramer.NewFrameWriter(&frame)))
	event.Object.Raw = bytes.TrimSpace(encode(runtime.ContentTypeJSON, csr))
	line, err := json.Marshal(event)
	check(err)
	fmt.Printf("\nname: a watch event\napi_version: v1\nkind: WatchEvent\njson: %s\nprotobuf: %s\n", line, hex.EncodeToString(frame.Bytes()))
}

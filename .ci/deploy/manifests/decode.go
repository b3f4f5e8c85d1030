package manifests

import (
	"fmt"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	batchv1beta1 "k8s.io/api/batch/v1beta1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	policyv1 "k8s.io/api/policy/v1"
	policyv1beta1 "k8s.io/api/policy/v1beta1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
)

// newDecoder returns a decoder that takes no field that its type lacks, and none twice.
func newDecoder() (runtime.Decoder, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, policyv1.AddToScheme, networkingv1.AddToScheme,
		autoscalingv2.AddToScheme, schedulingv1.AddToScheme, rbacv1.AddToScheme,
		// These are here for what they say of themselves: that they are deprecated.
		batchv1beta1.AddToScheme, policyv1beta1.AddToScheme, networkingv1beta1.AddToScheme,
		certmanager.AddToScheme, addOperators,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	return json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true}), nil
}

func decode(decoder runtime.Decoder, document []byte) (runtime.Object, error) {
	object, version, err := decoder.Decode(document, nil, nil)
	if err != nil {
		return nil, err
	}
	object.GetObjectKind().SetGroupVersionKind(*version)
	if old, ok := object.(interface{ APILifecycleDeprecated() (major, minor int) }); ok {
		major, minor := old.APILifecycleDeprecated()
		return nil, fmt.Errorf("%s is deprecated since %d.%d", version.GroupVersion(), major, minor)
	}
	return object, nil
}

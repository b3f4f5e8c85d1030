package manifests

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The types of operators have here the fields that the sets use, by the definitions that CloudNativePG 1.30, its Barman
// Cloud plugin (since 0.14) and the Helm controller of K3s publish. A field that is missing here is refused, until somebody
// has looked it up there.

// A Reference names an object of the same namespace.
type Reference struct {
	Name string `json:"name"`
}

// A Cluster is a PostgreSQL with standbys (postgresql.cnpg.io/v1).
type Cluster struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              ClusterSpec `json:"spec"`
}

// ClusterSpec says how the instances of a Cluster are.
type ClusterSpec struct {
	Instances                 int32                             `json:"instances"`
	ImageName                 string                            `json:"imageName,omitempty"`
	PriorityClassName         string                            `json:"priorityClassName,omitempty"`
	PrimaryUpdateStrategy     string                            `json:"primaryUpdateStrategy,omitempty"`
	PrimaryUpdateMethod       string                            `json:"primaryUpdateMethod,omitempty"`
	EnableSuperuserAccess     *bool                             `json:"enableSuperuserAccess,omitempty"`
	EnablePDB                 *bool                             `json:"enablePDB,omitempty"`
	StopDelay                 int32                             `json:"stopDelay,omitempty"`
	SmartShutdownTimeout      *int32                            `json:"smartShutdownTimeout,omitempty"`
	SwitchoverDelay           int32                             `json:"switchoverDelay,omitempty"`
	SeccompProfile            *corev1.SeccompProfile            `json:"seccompProfile,omitempty"`
	InheritedMetadata         *InheritedMetadata                `json:"inheritedMetadata,omitempty"`
	Affinity                  *ClusterAffinity                  `json:"affinity,omitempty"`
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`
	Resources                 corev1.ResourceRequirements       `json:"resources"`
	Storage                   ClusterStorage                    `json:"storage"`
	WALStorage                *ClusterStorage                   `json:"walStorage,omitempty"`
	PostgreSQL                ClusterPostgreSQL                 `json:"postgresql"`
	Bootstrap                 *ClusterBootstrap                 `json:"bootstrap,omitempty"`
	Managed                   *ClusterManaged                   `json:"managed,omitempty"`
	Plugins                   []ClusterPlugin                   `json:"plugins,omitempty"`
}

// InheritedMetadata is given to all that the operator makes.
type InheritedMetadata struct {
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// ClusterAffinity keeps instances apart.
type ClusterAffinity struct {
	EnablePodAntiAffinity *bool  `json:"enablePodAntiAffinity,omitempty"`
	PodAntiAffinityType   string `json:"podAntiAffinityType,omitempty"`
	TopologyKey           string `json:"topologyKey,omitempty"`
}

// ClusterStorage is the volume of each instance.
type ClusterStorage struct {
	Size         resource.Quantity `json:"size"`
	StorageClass *string           `json:"storageClass,omitempty"`
}

// ClusterPostgreSQL is the configuration of the server.
type ClusterPostgreSQL struct {
	Parameters  map[string]string `json:"parameters,omitempty"`
	PgHBA       []string          `json:"pg_hba,omitempty"`
	Synchronous *Synchronous      `json:"synchronous,omitempty"`
}

// Synchronous says whom a commit waits for.
type Synchronous struct {
	Method          string `json:"method"`
	Number          int    `json:"number"`
	DataDurability  string `json:"dataDurability,omitempty"`
	FailoverQuorum  *bool  `json:"failoverQuorum,omitempty"`
	MaxStandbyNames *int   `json:"maxStandbyNamesFromCluster,omitempty"`
}

// ClusterBootstrap says where the data comes from.
type ClusterBootstrap struct {
	InitDB *InitDB `json:"initdb,omitempty"`
}

// InitDB makes an empty database.
type InitDB struct {
	Database      string     `json:"database"`
	Owner         string     `json:"owner"`
	Secret        *Reference `json:"secret,omitempty"`
	Encoding      string     `json:"encoding,omitempty"`
	LocaleCollate string     `json:"localeCollate,omitempty"`
	LocaleCType   string     `json:"localeCType,omitempty"`
	DataChecksums *bool      `json:"dataChecksums,omitempty"`

	PostInitApplicationSQL []string `json:"postInitApplicationSQL,omitempty"`
}

// ClusterManaged are the roles that the operator keeps.
type ClusterManaged struct {
	Roles []ManagedRole `json:"roles,omitempty"`
}

// A ManagedRole is one of them.
type ManagedRole struct {
	Name            string     `json:"name"`
	Ensure          string     `json:"ensure,omitempty"`
	Comment         string     `json:"comment,omitempty"`
	Login           bool       `json:"login,omitempty"`
	ConnectionLimit *int64     `json:"connectionLimit,omitempty"`
	InRoles         []string   `json:"inRoles,omitempty"`
	PasswordSecret  *Reference `json:"passwordSecret,omitempty"`
}

// A ClusterPlugin takes part in the work of the operator.
type ClusterPlugin struct {
	Name          string            `json:"name"`
	Enabled       *bool             `json:"enabled,omitempty"`
	IsWALArchiver *bool             `json:"isWALArchiver,omitempty"`
	Parameters    map[string]string `json:"parameters,omitempty"`
}

// A ScheduledBackup is made again and again (postgresql.cnpg.io/v1).
type ScheduledBackup struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Schedule             string        `json:"schedule"`
		Immediate            *bool         `json:"immediate,omitempty"`
		BackupOwnerReference string        `json:"backupOwnerReference,omitempty"`
		Cluster              Reference     `json:"cluster"`
		Method               string        `json:"method,omitempty"`
		Target               string        `json:"target,omitempty"`
		PluginConfiguration  ClusterPlugin `json:"pluginConfiguration"`
	} `json:"spec"`
}

// An ObjectStore is the bucket of the backups (barmancloud.cnpg.io/v1).
type ObjectStore struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              ObjectStoreSpec `json:"spec"`
}

// ObjectStoreSpec says where the bucket is and what is kept.
type ObjectStoreSpec struct {
	RetentionPolicy string `json:"retentionPolicy,omitempty"`
	Configuration   struct {
		DestinationPath string `json:"destinationPath"`
		EndpointURL     string `json:"endpointURL,omitempty"`
		S3Credentials   struct {
			AccessKeyID     corev1.SecretKeySelector  `json:"accessKeyId"`
			SecretAccessKey corev1.SecretKeySelector  `json:"secretAccessKey"`
			Region          *corev1.SecretKeySelector `json:"region,omitempty"`
		} `json:"s3Credentials"`
		WAL struct {
			Compression string `json:"compression,omitempty"`
			MaxParallel int    `json:"maxParallel,omitempty"`
		} `json:"wal"`
		Data struct {
			Compression string `json:"compression,omitempty"`
			Jobs        int    `json:"jobs,omitempty"`
		} `json:"data"`
	} `json:"configuration"`
	InstanceSidecarConfiguration struct {
		Resources                      corev1.ResourceRequirements `json:"resources"`
		RetentionPolicyIntervalSeconds int                         `json:"retentionPolicyIntervalSeconds,omitempty"`
	} `json:"instanceSidecarConfiguration"`
}

// A HelmChartConfig changes a chart that K3s brings (helm.cattle.io/v1).
type HelmChartConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ValuesContent string `json:"valuesContent"`
	} `json:"spec"`
}

// DeepCopyObject implements runtime.Object.
func (c *Cluster) DeepCopyObject() runtime.Object { copied := *c; return &copied }

// DeepCopyObject implements runtime.Object.
func (b *ScheduledBackup) DeepCopyObject() runtime.Object { copied := *b; return &copied }

// DeepCopyObject implements runtime.Object.
func (o *ObjectStore) DeepCopyObject() runtime.Object { copied := *o; return &copied }

// DeepCopyObject implements runtime.Object.
func (h *HelmChartConfig) DeepCopyObject() runtime.Object { copied := *h; return &copied }

func addOperators(scheme *runtime.Scheme) error {
	postgresql := schema.GroupVersion{Group: "postgresql.cnpg.io", Version: "v1"}
	scheme.AddKnownTypes(postgresql, &Cluster{}, &ScheduledBackup{})
	scheme.AddKnownTypes(schema.GroupVersion{Group: "barmancloud.cnpg.io", Version: "v1"}, &ObjectStore{})
	scheme.AddKnownTypes(schema.GroupVersion{Group: "helm.cattle.io", Version: "v1"}, &HelmChartConfig{})
	return nil
}

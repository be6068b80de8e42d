//! The Go types that the API server decodes a policy file into: which keys exist, and which values they take.
//!
//! From `apiserver/pkg/apis/audit/v1/types.go` and `apimachinery/pkg/apis/meta/v1/types.go`.

/// What a value is decoded into.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) enum Shape {
    /// A string, with the name of its Go type as error messages print it.
    Text(&'static str),
    /// A boolean.
    Bool,
    /// A 64-bit integer.
    Integer,
    /// A point in time, as RFC 3339 writes it.
    Time,
    /// Whatever it is.
    Anything,
    /// A list, with the name of its Go type.
    List(&'static str, &'static Self),
    /// `map[string]string`.
    Labels,
    /// A struct.
    Struct(&'static Struct),
}

/// A Go struct.
#[derive(Debug)]
pub(in crate::policy) struct Struct {
    /// Its name without the package, as the first half of "Go struct field Policy.rules".
    pub(in crate::policy) name: &'static str,
    /// Its Go type, as in "of type v1.Policy".
    pub(in crate::policy) type_name: &'static str,
    /// What people call it: "a rule".
    pub(in crate::policy) called: &'static str,
    /// Its keys. Upper and lower case count.
    pub(in crate::policy) fields: &'static [(&'static str, Shape)],
}

impl Struct {
    /// The shape of the value of this key.
    pub(in crate::policy) fn field(&self, name: &str) -> Option<Shape> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, shape)| *shape)
    }
}

const STRING: Shape = Shape::Text("string");
const STRINGS: Shape = Shape::List("[]string", &STRING);
const STAGES: Shape = Shape::List("[]v1.Stage", &Shape::Text("v1.Stage"));

/// The whole file.
pub(in crate::policy) const POLICY: Struct = Struct {
    name: "Policy",
    type_name: "v1.Policy",
    called: "the policy",
    fields: &[
        ("apiVersion", STRING),
        ("kind", STRING),
        ("metadata", Shape::Struct(&OBJECT_META)),
        ("rules", Shape::List("[]v1.PolicyRule", &Shape::Struct(&RULE))),
        ("omitStages", STAGES),
        ("omitManagedFields", Shape::Bool),
    ],
};

/// An item of `rules`.
pub(in crate::policy) const RULE: Struct = Struct {
    name: "PolicyRule",
    type_name: "v1.PolicyRule",
    called: "a rule",
    fields: &[
        ("level", Shape::Text("v1.Level")),
        ("users", STRINGS),
        ("userGroups", STRINGS),
        ("verbs", STRINGS),
        ("resources", Shape::List("[]v1.GroupResources", &Shape::Struct(&GROUP_RESOURCES))),
        ("namespaces", STRINGS),
        ("nonResourceURLs", STRINGS),
        ("omitStages", STAGES),
        ("omitManagedFields", Shape::Bool),
    ],
};

/// An item of a rule's `resources`.
pub(in crate::policy) const GROUP_RESOURCES: Struct = Struct {
    name: "GroupResources",
    type_name: "v1.GroupResources",
    called: "an item of a rule's resources",
    fields: &[("group", STRING), ("resources", STRINGS), ("resourceNames", STRINGS)],
};

const OBJECT_META: Struct = Struct {
    name: "ObjectMeta",
    type_name: "v1.ObjectMeta",
    called: "metadata",
    fields: &[
        ("name", STRING),
        ("generateName", STRING),
        ("namespace", STRING),
        ("selfLink", STRING),
        ("uid", UID),
        ("resourceVersion", STRING),
        ("generation", Shape::Integer),
        ("creationTimestamp", Shape::Time),
        ("deletionTimestamp", Shape::Time),
        ("deletionGracePeriodSeconds", Shape::Integer),
        ("labels", Shape::Labels),
        ("annotations", Shape::Labels),
        ("ownerReferences", Shape::List("[]v1.OwnerReference", &Shape::Struct(&OWNER_REFERENCE))),
        ("finalizers", STRINGS),
        ("managedFields", Shape::List("[]v1.ManagedFieldsEntry", &Shape::Struct(&MANAGED_FIELDS_ENTRY))),
    ],
};

const UID: Shape = Shape::Text("types.UID");

const OWNER_REFERENCE: Struct = Struct {
    name: "OwnerReference",
    type_name: "v1.OwnerReference",
    called: "an owner reference",
    fields: &[
        ("apiVersion", STRING),
        ("kind", STRING),
        ("name", STRING),
        ("uid", UID),
        ("controller", Shape::Bool),
        ("blockOwnerDeletion", Shape::Bool),
    ],
};

const MANAGED_FIELDS_ENTRY: Struct = Struct {
    name: "ManagedFieldsEntry",
    type_name: "v1.ManagedFieldsEntry",
    called: "an entry of managedFields",
    fields: &[
        ("manager", STRING),
        ("operation", Shape::Text("v1.ManagedFieldsOperationType")),
        ("apiVersion", STRING),
        ("time", Shape::Time),
        ("fieldsType", STRING),
        ("fieldsV1", Shape::Anything),
        ("subresource", STRING),
    ],
};

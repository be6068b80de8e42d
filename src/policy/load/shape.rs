//! The Go types that the API server decodes a policy file into: the keys and the types of their values.
//!
//! From `apiserver/pkg/apis/audit/v1/types.go` and `apimachinery/pkg/apis/meta/v1/types.go`.

/// The type of a value.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) enum Shape {
    /// A string.
    Text,
    /// A boolean.
    Bool,
    /// A 64-bit integer.
    Integer,
    /// A point in time, as RFC 3339 writes it.
    Time,
    /// Any value.
    Anything,
    /// A list.
    List(&'static Self),
    /// `map[string]string`.
    Labels,
    /// A struct.
    Struct(&'static Struct),
}

impl Shape {
    /// The expected type, for messages.
    pub(in crate::policy) const fn description(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Bool => "true or false",
            Self::Integer => "a 64-bit integer",
            Self::Time => "a time as in RFC 3339",
            Self::Anything => "any value",
            Self::List(_) => "a list",
            Self::Labels => "a mapping of strings",
            Self::Struct(_) => "a mapping",
        }
    }
}

/// A Go struct.
#[derive(Debug)]
pub(in crate::policy) struct Struct {
    /// Its name in Go, without the package.
    pub(in crate::policy) name: &'static str,
    /// Its name in messages: "a rule".
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

const STRING: Shape = Shape::Text;
const STRINGS: Shape = Shape::List(&STRING);
const STAGES: Shape = Shape::List(&Shape::Text);

/// The whole file.
pub(in crate::policy) const POLICY: Struct = Struct {
    name: "Policy",
    called: "the policy",
    fields: &[
        ("apiVersion", STRING),
        ("kind", STRING),
        ("metadata", Shape::Struct(&OBJECT_META)),
        ("rules", Shape::List(&Shape::Struct(&RULE))),
        ("omitStages", STAGES),
        ("omitManagedFields", Shape::Bool),
    ],
};

/// An item of `rules`.
pub(in crate::policy) const RULE: Struct = Struct {
    name: "PolicyRule",
    called: "a rule",
    fields: &[
        ("level", Shape::Text),
        ("users", STRINGS),
        ("userGroups", STRINGS),
        ("verbs", STRINGS),
        ("resources", Shape::List(&Shape::Struct(&GROUP_RESOURCES))),
        ("namespaces", STRINGS),
        ("nonResourceURLs", STRINGS),
        ("omitStages", STAGES),
        ("omitManagedFields", Shape::Bool),
    ],
};

/// An item of a rule's `resources`.
pub(in crate::policy) const GROUP_RESOURCES: Struct = Struct {
    name: "GroupResources",
    called: "an item of a rule's resources",
    fields: &[("group", STRING), ("resources", STRINGS), ("resourceNames", STRINGS)],
};

const OBJECT_META: Struct = Struct {
    name: "ObjectMeta",
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
        ("ownerReferences", Shape::List(&Shape::Struct(&OWNER_REFERENCE))),
        ("finalizers", STRINGS),
        ("managedFields", Shape::List(&Shape::Struct(&MANAGED_FIELDS_ENTRY))),
    ],
};

const UID: Shape = Shape::Text;

const OWNER_REFERENCE: Struct = Struct {
    name: "OwnerReference",
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
    called: "an entry of managedFields",
    fields: &[
        ("manager", STRING),
        ("operation", Shape::Text),
        ("apiVersion", STRING),
        ("time", Shape::Time),
        ("fieldsType", STRING),
        ("fieldsV1", Shape::Anything),
        ("subresource", STRING),
    ],
};

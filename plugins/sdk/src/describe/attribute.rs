//! Attributes of a declared type.

use crate::types::{AttributeDef, Matching, Mutability, Returned, Sensitivity, ValueKind};

impl AttributeDef {
    /// Optional, single-valued, read-write, compared exactly, ordinary.
    pub fn new(name: &str, kind: ValueKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            target: None,
            multi: false,
            ordered: false,
            required: false,
            unique: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Always,
            matching: Matching::Exact,
            sensitivity: Sensitivity::Ordinary,
            allowed: Vec::new(),
            description: String::new(),
            scim_path: None,
            extra: Vec::new(),
        }
    }

    pub fn text(name: &str) -> Self {
        Self::new(name, ValueKind::Text)
    }

    pub fn boolean(name: &str) -> Self {
        Self::new(name, ValueKind::Boolean)
    }

    pub fn reference(name: &str, object_type: &str) -> Self {
        Self { target: Some(object_type.to_owned()), ..Self::new(name, ValueKind::Reference) }
    }

    #[must_use]
    pub fn multi(self) -> Self {
        Self { multi: true, ..self }
    }

    #[must_use]
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    #[must_use]
    pub fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    #[must_use]
    pub fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    #[must_use]
    pub fn create_only(self) -> Self {
        Self { mutability: Mutability::CreateOnly, ..self }
    }

    /// Written, never read back.
    #[must_use]
    pub fn write_only(self) -> Self {
        Self { mutability: Mutability::WriteOnly, returned: Returned::Never, ..self }
    }

    #[must_use]
    pub fn personal(self) -> Self {
        Self { sensitivity: Sensitivity::Personal, ..self }
    }

    #[must_use]
    pub fn matching(self, matching: Matching) -> Self {
        Self { matching, ..self }
    }

    #[must_use]
    pub fn matching_email(self) -> Self {
        self.matching(Matching::Email)
    }

    #[must_use]
    pub fn ignoring_case(self) -> Self {
        self.matching(Matching::IgnoreCase)
    }

    /// Closest SCIM path: the host derives a default mapping from it.
    #[must_use]
    pub fn scim(self, path: &str) -> Self {
        Self { scim_path: Some(path.to_owned()), ..self }
    }

    #[must_use]
    pub fn description(self, text: &str) -> Self {
        Self { description: text.to_owned(), ..self }
    }

    #[must_use]
    pub fn allowed(self, values: &[&str]) -> Self {
        Self { allowed: values.iter().map(|v| (*v).to_owned()).collect(), ..self }
    }
}

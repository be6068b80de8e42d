//! Patterns with `*`.

use crate::policy::builtin;

/// A text in which each `*` stands for any number of characters, including none. Case matters, as for the API server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The parts before, between and after the stars; a single part is the whole text.
    parts: Vec<String>,
}

impl Pattern {
    /// Every text is a pattern.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { parts: text.split('*').map(str::to_owned).collect() }
    }

    /// Whether the pattern matches the whole of `text`.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.parts.split_first() else { return false };
        let Some((last, between)) = rest.split_last() else { return text == first };
        let Some(mut text) = text.strip_prefix(first.as_str()) else { return false };
        for part in between {
            // The first match is enough: the next parts are searched for after it.
            let Some((_, after)) = text.split_once(part.as_str()) else { return false };
            text = after;
        }
        text.ends_with(last.as_str())
    }

    /// The parts before, between and after the stars.
    pub(super) fn parts(&self) -> &[String] {
        &self.parts
    }
}

/// A resource as kubectl accepts it, or a path: `pods`, `pods/log`, `pods/*`, `deploy`, `deployments.apps`, `*.apps`,
/// `/healthz*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourcePattern {
    /// A request about a resource.
    Resource {
        /// The plural name.
        resource: Pattern,
        /// The API group; `None` is any.
        group: Option<Pattern>,
        /// The subresource, empty for the resource itself; `None` is the resource itself and all of its subresources.
        subresource: Option<Pattern>,
    },
    /// A request that is not about a resource, by its path.
    Path(Pattern),
}

impl ResourcePattern {
    /// Parses an argument. For built-in resources, the singular, the kind and the short names are accepted too; for all
    /// others, only the plural.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if text.starts_with('/') {
            return Self::Path(Pattern::new(text));
        }
        let (object, subresource) = match text.split_once('/') {
            Some((object, subresource)) => (object, Some(Pattern::new(subresource))),
            None => (text, None),
        };
        let (called, group) = match object.split_once('.') {
            Some((called, group)) => (called, Some(group)),
            None => (object, None),
        };
        let known = builtin::named(called, group.filter(|group| !group.contains('*')));
        let plural = known.first().map_or(called, |known| known.resource);
        Self::Resource { resource: Pattern::new(plural), group: group.map(Pattern::new), subresource }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_characters() {
        for (pattern, text, expected) in [
            ("alice", "alice", true),
            ("alice", "Alice", false),
            ("alice", "alice2", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("system:*", "system:node:a", true),
            ("system:*", "a system:", false),
            ("*@example.com", "alice@example.com", true),
            ("*@example.com", "alice@example.com.evil", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("a*a", "a", false),
            ("a*aa", "aaa", true),
            ("*ab*", "aab", true),
            ("system:serviceaccount:*:deployer", "system:serviceaccount:ci:deployer", true),
            ("system:serviceaccount:*:deployer", "system:serviceaccount:ci:other", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn resources_have_the_names_that_kubectl_takes() {
        let read = |text: &str| match ResourcePattern::new(text) {
            ResourcePattern::Resource { resource, group, subresource } => (
                resource.parts.join("*"),
                group.map(|it| it.parts.join("*")),
                subresource.map(|it| it.parts.join("*")),
            ),
            ResourcePattern::Path(path) => (path.parts.join("*"), None, None),
        };
        let text = |text: &str| Some(text.to_owned());
        for (typed, expected) in [
            ("pods", ("pods", None, None)),
            ("Pod", ("pods", None, None)),
            ("po/log", ("pods", None, text("log"))),
            ("pods/", ("pods", None, text(""))),
            ("*/exec", ("*", None, text("exec"))),
            ("deploy", ("deployments", None, None)),
            ("deployments.apps/scale", ("deployments", text("apps"), text("scale"))),
            ("things.example.com", ("things", text("example.com"), None)),
            ("*.apps", ("*", text("apps"), None)),
            ("/healthz*", ("/healthz*", None, None)),
        ] {
            let (resource, group, subresource) = expected;
            assert_eq!(read(typed), (resource.to_owned(), group, subresource), "{typed}");
        }
    }
}

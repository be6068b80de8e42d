//! Restricts requests to those that clients send and the API server serves: which verbs go with which names.
//!
//! The API server derives all attributes from method and path (`NewRequestInfo` in
//! `apiserver/pkg/endpoints/request/requestinfo.go`), so some combinations cannot occur: a get has a name, otherwise it
//! is a list; a path below `/api/VERSION/` is a resource; the namespace of a namespace is its name. Requests that the
//! API server always rejects, such as a POST to an object, are excluded too.

use std::borrow::Cow;

use crate::policy::decide::clause::Clause;
use crate::policy::decide::decision::{Request, Resource, Target as Asked};
use crate::policy::reach::bits::Bits;
use crate::policy::reach::budget::{Budget, TooComplex};
use crate::policy::reach::search;
use crate::policy::reach::space::{Space, Table};
use crate::policy::reach::target::{Target, Values, What};
use crate::policy::reach::values::Shape;
use crate::policy::request_spec::is_path_of_resource;

/// Requests for resources with one of these verbs.
struct Kind {
    verbs: &'static [&'static str],
    /// Whether they are for a subresource; `None` for both.
    of_subresource: Option<bool>,
    /// Whether they name an object; `None` for both.
    is_named: Option<bool>,
}

const KINDS: [Kind; 4] = [
    Kind { verbs: &["get", "update", "patch", "delete"], of_subresource: None, is_named: Some(true) },
    Kind { verbs: &["create", "deletecollection"], of_subresource: Some(false), is_named: Some(false) },
    // The name comes from a field selector.
    Kind { verbs: &["list", "watch"], of_subresource: Some(false), is_named: None },
    Kind { verbs: &["create"], of_subresource: Some(true), is_named: Some(true) },
];

/// The HTTP methods, which are the verbs of requests for paths.
const METHODS: [&str; 9] = ["get", "post", "put", "patch", "delete", "head", "options", "connect", "trace"];

const NAMESPACES: &str = "namespaces";

/// Whether clients send such a request.
pub(super) fn is_sent(request: &Request) -> bool {
    match &request.target {
        Asked::Path(path) => METHODS.contains(&request.verb.as_str()) && !is_path_of_resource(path),
        Asked::Resource(resource) => KINDS.iter().any(|kind| kind.has(&request.verb, resource)),
    }
}

impl Kind {
    fn has(&self, verb: &str, asked: &Resource) -> bool {
        let is = |wanted: Option<bool>, text: &str| wanted.is_none_or(|wanted| wanted != text.is_empty());
        let namespace = if self.is_named == Some(true) { asked.name.as_str() } else { "" };
        self.verbs.contains(&verb)
            && is(self.of_subresource, &asked.subresource)
            && is(self.is_named, &asked.name)
            && (asked.resource != NAMESPACES || asked.namespace == namespace)
    }
}

/// A request of `target` that clients send and that meets no clause of `avoided`. `target` was made from `clauses`.
pub(super) fn find(
    space: &Space<'_>,
    clauses: &[&Clause<'_>],
    target: &Target<'_>,
    avoided: &Bits,
    budget: &Budget,
) -> Result<Option<Request>, TooComplex> {
    let fresh = fresh(space);
    for limited in limit(space, clauses, target, &fresh) {
        if let Some(chosen) = search::find(&limited.options(), avoided, budget)? {
            return Ok(limited.request(space, &chosen));
        }
    }
    Ok(None)
}

/// A name for an object or a namespace that no clause distinguishes from others.
fn fresh(space: &Space<'_>) -> String {
    let is_fresh = |word: &str| is_like_others(&space.names, word) && is_like_others(&space.namespaces, word);
    if let Some(word) = ["web", "app", "api"].into_iter().find(|word| is_fresh(word)) {
        return word.to_owned();
    }
    let mut word = "other".to_owned();
    while !is_fresh(&word) {
        word.push('x');
    }
    word
}

fn is_like_others(table: &Table<'_>, value: &str) -> bool {
    table.taking(value) == table.taking(&table.other)
}

/// Splits the target into parts in which all options can be combined.
fn limit<'s>(
    space: &'s Space<'_>,
    clauses: &[&Clause<'_>],
    target: &Target<'s>,
    fresh: &'s str,
) -> Vec<Target<'s>> {
    let limits = Limits {
        space,
        target,
        fresh,
        has_verbs: clauses.iter().any(|clause| !clause.verbs.is_empty()),
        has_names: clauses.iter().any(|clause| !clause.names.is_empty()),
        has_namespaces: clauses.iter().any(|clause| !clause.namespaces.is_empty()),
    };
    let mut parts: Vec<Target<'s>> = KINDS.iter().flat_map(|kind| limits.of(kind)).collect();
    parts.push(Target { what: limits.paths(), verbs: limits.verbs(&METHODS), ..target.clone() });
    parts
}

/// The inputs for the parts.
struct Limits<'a, 's, 'p> {
    space: &'s Space<'p>,
    target: &'a Target<'s>,
    fresh: &'s str,
    /// Whether the clauses name verbs; if not, the target's only option is a verb that no clause names.
    has_verbs: bool,
    has_names: bool,
    has_namespaces: bool,
}

impl<'s> Limits<'_, 's, '_> {
    fn of(&self, kind: &Kind) -> Vec<Target<'s>> {
        let verbs = self.verbs(kind.verbs);
        let names = self.names(kind.is_named);
        let (namespaces, others): (Vec<_>, Vec<_>) =
            self.resources(kind.of_subresource).into_iter().partition(|(what, _)| {
                matches!(what, What::Resource(Shape { resource: Some(resource), .. }) if *resource == NAMESPACES)
            });
        let base = Target { what: others, verbs, names, ..self.target.clone() };
        let mut parts = vec![base.clone()];
        if namespaces.is_empty() {
            return parts;
        }
        let base = Target { what: namespaces, ..base };
        if kind.is_named == Some(true) {
            for name in self.names_of_namespaces() {
                let names = vec![(name, Cow::Borrowed(self.space.names.taking(name)))];
                let namespaces = vec![(name, Cow::Borrowed(self.space.namespaces.taking(name)))];
                parts.push(Target { names, namespaces, ..base.clone() });
            }
        } else {
            let mut namespaces = vec![("", Cow::Borrowed(self.space.namespaces.taking("")))];
            namespaces.retain(|_| !self.has_namespaces || has(&self.target.namespaces, ""));
            parts.push(Target { namespaces, ..base });
        }
        parts
    }

    /// Values that are possible both as name and as namespace.
    fn names_of_namespaces(&self) -> Vec<&'s str> {
        let values = |values: &Values<'s, &'s str>| -> Vec<&'s str> {
            values.iter().map(|(value, _)| *value).filter(|value| !value.is_empty()).collect()
        };
        let Target { names, namespaces, .. } = self.target;
        match (self.has_names, self.has_namespaces) {
            (false, false) => vec![self.fresh],
            (true, false) => values(names),
            (false, true) => values(namespaces),
            (true, true) => values(names).into_iter().filter(|name| has(namespaces, name)).collect(),
        }
    }

    /// One verb that no clause names represents all such verbs.
    fn verbs(&self, of_kind: &'static [&'static str]) -> Values<'s, &'s str> {
        let table = &self.space.verbs;
        if self.has_verbs {
            return keep(&self.target.verbs, |verb| of_kind.contains(verb));
        }
        let other = of_kind.iter().position(|verb| is_like_others(table, verb));
        let chosen = other.and_then(|index| of_kind.get(index..=index)).unwrap_or(of_kind);
        chosen.iter().map(|verb| (*verb, Cow::Borrowed(table.taking(verb)))).collect()
    }

    fn names(&self, is_named: Option<bool>) -> Values<'s, &'s str> {
        let table = &self.space.names;
        if self.has_names {
            return keep(&self.target.names, |name| {
                is_named.is_none_or(|is_named| is_named != name.is_empty())
            });
        }
        let is_left_out = match is_named {
            Some(is_named) => !is_named,
            None => is_like_others(table, ""),
        };
        let name = if is_left_out { "" } else { self.fresh };
        vec![(name, Cow::Borrowed(table.taking(name)))]
    }

    fn resources(&self, of_subresource: Option<bool>) -> Values<'s, What<'s>> {
        let limited = |(what, taking): &(What<'s>, Cow<'s, Bits>)| {
            let What::Resource(shape) = what else { return None };
            match (of_subresource, shape.subresource) {
                (Some(false), None) => {
                    let shape = Shape { subresource: Some(""), ..*shape };
                    Some((What::Resource(shape), Cow::Owned(self.space.resources.taking(shape))))
                }
                (Some(true), Some("")) => None,
                (Some(false), Some(subresource)) if !subresource.is_empty() => None,
                _ => Some((What::Resource(*shape), taking.clone())),
            }
        };
        self.target.what.iter().filter_map(limited).collect()
    }

    fn paths(&self) -> Values<'s, What<'s>> {
        keep(&self.target.what, |what| matches!(what, What::Path(path) if !is_path_of_resource(path)))
    }
}

fn keep<'s, V: Clone>(values: &Values<'s, V>, is_kept: impl Fn(&V) -> bool) -> Values<'s, V> {
    values.iter().filter(|(value, _)| is_kept(value)).cloned().collect()
}

fn has(values: &Values<'_, &str>, wanted: &str) -> bool {
    values.iter().any(|(value, _)| *value == wanted)
}

//! The set of requests that a query covers.

/// A restriction of the requests that a query covers. A field that is `None` does not restrict them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope<'a> {
    /// Requests for this group, resource and subresource; an empty subresource is the resource itself.
    pub resource: Option<(&'a str, &'a str, &'a str)>,
    /// Only requests as [clients send them](sent).
    pub is_sent: bool,
}

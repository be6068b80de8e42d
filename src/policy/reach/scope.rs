//! The part of all requests that is looked at.

/// A part of all requests to which a question is limited. What is `None` may be anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope<'a> {
    /// Requests about this resource of this group, with this subresource or (if it is empty) none.
    pub resource: Option<(&'a str, &'a str, &'a str)>,
    /// Only requests as [clients send them](sent).
    pub is_sent: bool,
}

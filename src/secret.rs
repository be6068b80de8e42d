//! What is secret in the texts that kaudit shows: nothing of it may reach a diff, a message or JSON.

/// What stands in a secret's place.
pub const MASK: &str = "***";

/// Parts of the names of environment entries that hold secrets.
const SECRET_NAMES: [&str; 6] = ["TOKEN", "PASSWORD", "PASSWD", "SECRET", "CREDENTIAL", "PRIVATE"];

/// Whether an environment entry of this name holds a secret, by its name.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_uppercase();
    SECRET_NAMES.iter().any(|part| name.contains(part))
}

/// Masks the passwords of URLs: `https://user:password@host` becomes `https://user:***@host` (RFC 3986, 3.2.1), as
/// in a proxy variable or in `--etcd-servers`.
#[must_use]
pub fn mask_passwords_in_urls(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = after.find(|c: char| c.is_whitespace() || "/?#,'\"".contains(c)).unwrap_or(after.len());
        let (authority, further) = after.split_at_checked(end).unwrap_or((after, ""));
        match authority.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?.0, host))) {
            Some((user, host)) => {
                for part in [user, ":", MASK, "@", host] {
                    shown.push_str(part);
                }
            }
            None => shown.push_str(authority),
        }
        rest = further;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::{is_secret_name, mask_passwords_in_urls};

    #[test]
    fn passwords_in_urls_are_masked() {
        for (text, shown) in [
            (
                "--etcd-servers=https://root:geheim@127.0.0.1:2379",
                "--etcd-servers=https://root:***@127.0.0.1:2379",
            ),
            ("https://a:b@h/x,https://c:d@i/y@z", "https://a:***@h/x,https://c:***@i/y@z"),
            ("http://u:p@ss@h", "http://u:***@h"),
            ("https://user@host:6443", "https://user@host:6443"),
            ("https://host:6443/a:b@c", "https://host:6443/a:b@c"),
            ("no url: a@b", "no url: a@b"),
        ] {
            assert_eq!(mask_passwords_in_urls(text), shown);
        }
    }

    #[test]
    fn names_tell() {
        assert!(is_secret_name("VAULT_TOKEN") && is_secret_name("db_password"));
        assert!(!is_secret_name("TZ") && !is_secret_name("HTTPS_PROXY"));
    }
}

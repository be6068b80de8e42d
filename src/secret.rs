//! Recognising and masking secrets, which must not appear in a diff, a message or JSON.

/// Replaces a secret.
pub const MASK: &str = "***";

/// Parts of the names of environment variables with secrets.
const SECRET_NAMES: [&str; 7] =
    ["TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "CREDENTIAL", "PRIVATE"];

/// Shorter parts, which also occur at the start of or within ordinary names: only the end of a part of the name counts
/// (`API_KEY`, `APIKEY`).
const SECRET_ENDINGS: [&str; 8] = ["KEY", "KEYS", "PASS", "PWD", "AUTH", "CRED", "CREDS", "PSK"];

/// The last part of a name whose value is the location of a secret.
const PLACES: [&str; 6] = ["FILE", "PATH", "DIR", "SOCK", "SOCKET", "HOME"];

/// Names that are known not to be secret: working directories, and settings of Alibaba's log agent.
const PLAIN_NAMES: [&str; 2] = ["PWD", "OLDPWD"];
const PLAIN_PREFIX: &str = "aliyun_logs_";

/// Whether the environment variable of this name is assumed to be secret. In doubt it is: a value masked needlessly
/// can be read on the node.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    if PLAIN_NAMES.contains(&name) || name.starts_with(PLAIN_PREFIX) {
        return false;
    }
    let words = words(name);
    let name = name.to_uppercase();
    let is_place = words.last().is_some_and(|word| PLACES.contains(&word.as_str()));
    SECRET_NAMES.iter().any(|part| name.contains(part))
        || !is_place && words.iter().any(|word| SECRET_ENDINGS.iter().any(|end| word.ends_with(end)))
}

/// The parts of a name, in upper case: the same for `DB_PASS` and `dbPass`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || was_lower && c.is_uppercase() {
            words.push(String::new());
        }
        was_lower = c.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_uppercase());
        }
    }
    words
}

/// Masks passwords in URLs: `https://user:password@host` becomes `https://user:***@host` (RFC 3986, 3.2.1), for
/// example in a proxy variable or in `--etcd-servers`.
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
    fn secret_names_are_recognised() {
        for name in [
            "VAULT_TOKEN",
            "db_password",
            "API_KEY",
            "APIKEY",
            "apiKey",
            "AWS_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "DB_PASS",
            "PASS",
            "dbPass",
            "MYSQL_PWD",
            "PROXY_AUTH",
            "BASIC-AUTH",
            "GIT_CREDS",
            "KEYS",
            "SSL_PASSPHRASE",
            "TOKEN_FILE",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "TZ",
            "HTTPS_PROXY",
            "PATH",
            "PWD",
            "OLDPWD",
            "TLS_KEY_FILE",
            "KEYFILE",
            "SSH_AUTH_SOCK",
            "AUTHOR",
            "KEYBOARD",
            "PASSIVE_PORTS",
            "aliyun_logs_audit-my-key",
            "aliyun_logs_audit-my-key_tags",
            "",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}

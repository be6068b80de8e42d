//! What is typed out of habit where kubectl takes it.

use crate::diagnostic::Diagnostic;
use clap::Args;

/// Options that are typed with kubectl out of habit.
#[derive(Debug, Args)]
pub(super) struct Kubectl {
    /// `exec -i`
    #[arg(long, short = 'i', hide = true)]
    stdin: bool,
    /// `exec -t`
    #[arg(long, short = 't', hide = true)]
    tty: bool,
    /// `logs -c`
    #[arg(long, short = 'c', value_name = "NAME", hide = true)]
    container: Option<String>,
    /// `logs -f`
    #[arg(long, hide = true)]
    follow: bool,
    /// `apply -f`; of `logs -f web` the name of the pod.
    #[arg(long, short = 'f', value_name = "FILE", num_args = 0..=1, default_missing_value = "", hide = true)]
    filename: Option<String>,
}

impl Kubectl {
    /// The words, without what only looks like a file.
    ///
    /// # Errors
    /// What is asked for is in a file.
    pub(super) fn words(&self, words: &[String]) -> Result<Vec<String>, Diagnostic> {
        let mut words = words.to_vec();
        let Some(file) = &self.filename else { return Ok(words) };
        if words.first().is_some_and(|verb| ["log", "logs"].contains(&verb.as_str())) {
            words.extend(Some(file).filter(|name| !name.is_empty()).cloned());
            return Ok(words);
        }
        let verb = words.first().map_or("apply", String::as_str);
        let refusal =
            Diagnostic::error(format!("-f {file}: explain asks for one request, and reads no manifests"))
                .help(format!("name what is in the file: {verb} deployments.apps web -n shop"));
        Err(match verb {
            "apply" => refusal.help(
                "kubectl apply makes a get of each object, then a patch, or a create where there is none",
            ),
            _ => refusal,
        })
    }
}

//! Options that kubectl takes and users type out of habit.

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
    /// The arguments, with a pod name that looks like the value of `-f`.
    ///
    /// # Errors
    /// `-f` names a manifest.
    pub(super) fn arguments(&self, arguments: &[String]) -> Result<Vec<String>, Diagnostic> {
        let mut arguments = arguments.to_vec();
        let Some(file) = &self.filename else { return Ok(arguments) };
        if arguments.first().is_some_and(|verb| ["log", "logs"].contains(&verb.as_str())) {
            arguments.extend(Some(file).filter(|name| !name.is_empty()).cloned());
            return Ok(arguments);
        }
        let verb = arguments.first().map_or("apply", String::as_str);
        let refusal =
            Diagnostic::error(format!("-f {file}: explain takes one request and does not read manifests"))
                .help(format!("name the object in the file: {verb} deployments.apps web -n shop"));
        Err(match verb {
            "apply" => refusal.help(
                "kubectl apply sends a get for each object, then a patch, or a create if it does not exist",
            ),
            _ => refusal,
        })
    }
}

//! Which container is the API server, and which items of its `command` and `args` are its flags.
//!
//! A container runs `command` followed by `args`. Where the manifest has no `command`, the image's entry point is used. So
//! the arguments are read as one list, each with its position in the manifest.

use crate::diagnostic::Diagnostic;
use crate::yaml::{Document, Path};
use k8s_openapi::api::core::v1::{Container, Pod};

/// The container that runs kube-apiserver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiServer {
    /// Its index in `spec.containers`.
    pub container: usize,
    /// Its image reference.
    pub image: String,
    /// The arguments of kube-apiserver itself, in order.
    pub words: Vec<Argument>,
    /// The list that further flags belong to.
    pub list: FlagList,
    /// Index in that list where kube-apiserver's own arguments begin.
    pub first: usize,
    /// How many items that list has.
    pub len: usize,
}

/// One argument and its position in the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// `command` or `args`.
    pub list: FlagList,
    /// Its index there.
    pub index: usize,
    /// Its text.
    pub text: String,
}

/// The two lists of a container that form its command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlagList {
    /// `command`
    Command,
    /// `args`
    Args,
}

impl FlagList {
    /// The key in the manifest.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            FlagList::Command => "command",
            FlagList::Args => "args",
        }
    }
}

impl ApiServer {
    /// The texts of the arguments, for the flag scanner.
    #[must_use]
    pub fn arguments(&self) -> Vec<&str> {
        self.words.iter().map(|word| word.text.as_str()).collect()
    }
}

/// How a container starts kube-apiserver.
enum Launch {
    /// The arguments from this one on are kube-apiserver's.
    Direct { first: usize },
    /// Through a shell script; flags in it are not list items.
    Shell,
    /// Its command line does not run kube-apiserver.
    Other,
}

const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "ksh", "zsh", "busybox"];

/// Finds the one container that runs kube-apiserver.
///
/// Init containers are ignored: an API server cannot be one.
///
/// # Errors
/// None, several, or one that is started through a shell, with the lines to add by hand.
pub(super) fn find(document: &Document, pod: &Pod) -> Result<ApiServer, Diagnostic> {
    let containers = pod.spec.as_ref().map(|spec| spec.containers.as_slice()).unwrap_or_default();
    let mut direct = Vec::new();
    let mut through_shell = Vec::new();
    for (index, container) in containers.iter().enumerate() {
        let words = words_of(container);
        match launch(container, &words) {
            Launch::Direct { first } => direct.push(describe(index, container, words, first)),
            Launch::Shell => through_shell.push((index, container)),
            Launch::Other => {}
        }
    }
    let containers_path = Path::root().key("spec").key("containers");
    if let (None, Some((index, container))) = (direct.first(), through_shell.first()) {
        let key = if container.command.is_some() { "command" } else { "args" };
        return Err(document.point(shell_refusal(container), &containers_path.index(*index).key(key)));
    }
    let mut direct = direct.into_iter();
    match (direct.next(), direct.next()) {
        (Some(api_server), None) => Ok(api_server),
        (Some(first), Some(second)) => Err(document.point(
            Diagnostic::error(format!(
                "two containers run kube-apiserver: {} and {}",
                name_of(containers, first.container),
                name_of(containers, second.container)
            ))
            .help("kaudit supports exactly one kube-apiserver container per pod"),
            &containers_path.index(second.container),
        )),
        (None, _) if let Some((index, refusal)) = hidden(containers) => {
            Err(document.point(refusal, &containers_path.index(index)))
        }
        (None, _) => Err(document.point(
            Diagnostic::error("no container of this pod runs kube-apiserver")
                .help(format!("containers here: {}", list_names(containers)))
                .help("select the API server's manifest with --manifest FILE"),
            &containers_path,
        )),
    }
}

fn describe(index: usize, container: &Container, words: Vec<Argument>, first: usize) -> ApiServer {
    let own: Vec<Argument> = words.into_iter().skip(first).collect();
    // Further flags go where the last flag is; without one, after the program itself.
    let list = own.last().map_or_else(
        || {
            if container.command.as_deref().unwrap_or_default().is_empty() {
                FlagList::Args
            } else {
                FlagList::Command
            }
        },
        |word| word.list,
    );
    let len = match list {
        FlagList::Command => container.command.as_ref().map_or(0, Vec::len),
        FlagList::Args => container.args.as_ref().map_or(0, Vec::len),
    };
    let first = own.iter().find(|word| word.list == list).map_or(len, |word| word.index);
    let image = container.image.clone().unwrap_or_default();
    ApiServer { container: index, image, words: own, list, first, len }
}

fn words_of(container: &Container) -> Vec<Argument> {
    let of = |list: FlagList, words: Option<&Vec<String>>| {
        let words = words.cloned().unwrap_or_default();
        words.into_iter().enumerate().map(move |(index, text)| Argument { list, index, text })
    };
    of(FlagList::Command, container.command.as_ref())
        .chain(of(FlagList::Args, container.args.as_ref()))
        .collect()
}

fn launch(container: &Container, words: &[Argument]) -> Launch {
    let mut previous = "";
    for (index, word) in words.iter().enumerate() {
        let text = word.text.as_str();
        if text.starts_with('-') {
            previous = "";
            continue;
        }
        let base = base_name(text);
        if SHELLS.contains(&base) {
            return if mentions_api_server(container, words) { Launch::Shell } else { Launch::Other };
        }
        let hyperkube = base_name(previous).starts_with("hyperkube");
        if base == "kube-apiserver" || (hyperkube && text == "apiserver") {
            return Launch::Direct { first: index + 1 };
        }
        previous = text;
    }
    // Without a command, the image's entry point gets the args; a flag that only kube-apiserver has shows that they are
    // its arguments.
    let entry_point_is_it =
        container.command.is_none() && image_name(container).starts_with("kube-apiserver");
    let reads_flags = words.iter().any(|word| word.text.trim_start_matches('-').starts_with("etcd-servers"));
    if entry_point_is_it && reads_flags { Launch::Direct { first: 0 } } else { Launch::Other }
}

/// Whether a container that starts a shell is the API server's, by its script, name or image.
fn mentions_api_server(container: &Container, words: &[Argument]) -> bool {
    let in_script = words
        .iter()
        .any(|word| word.text.contains("kube-apiserver") || word.text.contains("hyperkube apiserver"));
    in_script || container.name == "kube-apiserver" || image_name(container).starts_with("kube-apiserver")
}

fn shell_refusal(container: &Container) -> Diagnostic {
    Diagnostic::error(format!("the container {} starts kube-apiserver through a shell", container.name))
        .help("kaudit does not edit shell scripts: write the command as a list")
        .by_hand()
}

/// A container that is the API server's by name or image, but starts another program.
fn hidden(containers: &[Container]) -> Option<(usize, Diagnostic)> {
    let (index, container) = containers.iter().enumerate().find(|(_, container)| {
        container.name == "kube-apiserver" || image_name(container).starts_with("kube-apiserver")
    })?;
    let words = words_of(container);
    let what = words.first().map_or("the image's entry point without arguments", |word| word.text.as_str());
    let reason = format!(
        "the container {} starts {what}, not kube-apiserver: kaudit cannot tell which arguments are its flags",
        container.name
    );
    Some((
        index,
        Diagnostic::error(reason).help("start kube-apiserver directly in command or args").by_hand(),
    ))
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// The last part of the image's repository, without tag and digest.
fn image_name(container: &Container) -> &str {
    let image = container.image.as_deref().unwrap_or_default();
    let name = base_name(image.split('@').next().unwrap_or(image));
    name.split(':').next().unwrap_or(name)
}

fn name_of(containers: &[Container], index: usize) -> String {
    containers.get(index).map_or_else(|| format!("number {index}"), |container| container.name.clone())
}

fn list_names(containers: &[Container]) -> String {
    containers.iter().map(|container| container.name.as_str()).collect::<Vec<_>>().join(", ")
}

//! The files of `src/` as modules: what each defines, what names it binds by `use`, and where a path leads.
//!
//! Tests are left out: what is `#[cfg(test)]`, files named `tests.rs` and folders named `tests`. A test may import from
//! anywhere.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::code::{used_names, without_tests};
use crate::tidy::rust_code::code_only;
use crate::tidy::rust_paths::{NamedPath, named_paths};

/// One file.
pub(super) struct Module {
    pub(super) file: String,
    /// `policy::load`; empty for `src/lib.rs` and `src/main.rs`.
    pub(super) path: String,
    paths: Vec<NamedPath>,
    /// By the name that a `use` binds: the path it stands for.
    bound: HashMap<String, String>,
    /// By the name: the first line that uses it other than in a `use` or behind a `::` or a dot.
    used: HashMap<String, usize>,
}

/// An import of one file from another one of the project.
#[derive(Debug, Clone)]
pub(super) struct Import {
    pub(super) line: usize,
    /// The path as written in the source.
    pub(super) path: String,
    /// The file that defines what is imported.
    pub(super) target: String,
    /// Whether the import names a module, and not an item in it.
    pub(super) is_module: bool,
}

/// All files of `src/` except tests.
pub(super) struct Source {
    /// By the path of the module. The root is `src/lib.rs`.
    modules: BTreeMap<String, Module>,
    /// `src/main.rs`: a crate of its own, which names this one `kaudit`.
    main: Option<Module>,
}

impl Source {
    /// Reads the files of `src/` among `files`: paths from the root of the project with texts.
    pub(super) fn read(files: &[(String, String)]) -> Self {
        let mut modules = BTreeMap::new();
        let mut tests = HashSet::new();
        let mut main = None;
        for (file, text) in files {
            let Some(path) = module_path(file) else { continue };
            let (code, test_modules) = without_tests(&code_only(text));
            tests.extend(test_modules.into_iter().map(|name| join(&path, &name)));
            let module = Module::new(file, path.clone(), &code);
            if file == "src/main.rs" {
                main = Some(module);
            } else {
                modules.insert(path, module);
            }
        }
        modules.retain(|path, _| !ancestors(path).any(|ancestor| tests.contains(ancestor)));
        Self { modules, main }
    }

    /// Every file, in the order of the modules' paths.
    pub(super) fn files(&self) -> impl Iterator<Item = &Module> {
        self.modules.values().chain(&self.main)
    }

    /// The modules at the top level and their direct children that are folders.
    pub(super) fn folders(&self) -> impl Iterator<Item = &Module> {
        self.modules.values().filter(|module| {
            let depth = module.path.matches("::").count();
            !module.path.is_empty() && (depth == 0 || depth == 1 && module.file.ends_with("/mod.rs"))
        })
    }

    /// The module with this path.
    pub(super) fn module(&self, path: &str) -> Option<&Module> {
        self.modules.get(path)
    }

    /// What `module` imports from other files of the project.
    ///
    /// A `pub use` of something below a `mod.rs` passes a name on; it is an import only where the file uses the name.
    pub(super) fn imports(&self, module: &Module) -> Vec<Import> {
        let mut imports = Vec::new();
        for named in &module.paths {
            let Some((target, is_module)) = self.resolve(module, &named.path, 0) else { continue };
            let mut line = named.line;
            if let Some(import) = &named.import
                && import.is_public
                && is_below(&module.path, &target.path)
            {
                match module.used.get(&import.name) {
                    Some(used) => line = *used,
                    None => continue,
                }
            }
            if target.file != module.file {
                let path = named.path.clone();
                imports.push(Import { line, path, target: target.file.clone(), is_module });
            }
        }
        imports
    }

    /// The module that defines what `path` means in `from`, and whether it means that module itself. None for what is
    /// of another crate.
    fn resolve<'a>(&'a self, from: &'a Module, path: &str, depth: usize) -> Option<(&'a Module, bool)> {
        // Two names that stand for each other do not compile, but must not hang this.
        if depth > 16 {
            return None;
        }
        let segments: Vec<&str> = path.split("::").collect();
        let (first, rest) = segments.split_first()?;
        let is_main = from.file == "src/main.rs";
        match *first {
            "crate" if !is_main => self.walk(self.module("")?, rest, depth),
            "kaudit" if is_main => self.walk(self.module("")?, rest, depth),
            "self" => self.walk(from, rest, depth),
            "super" => {
                let mut module = from;
                let mut rest = segments.as_slice();
                while let Some(("super", after)) = rest.split_first().map(|(first, after)| (*first, after)) {
                    module = self.module(parent(&module.path)?)?;
                    rest = after;
                }
                self.walk(module, rest, depth)
            }
            // In an expression `a::b` the `a` is a module or a name that a `use` binds; a type of this very file leads
            // to this file, and anything else to another crate.
            name => {
                let child = join(&from.path, name);
                if rest.is_empty() || from.bound.get(name).is_none_or(|bound| bound == path) {
                    return self
                        .module(&child)
                        .filter(|_| !is_main)
                        .and_then(|module| self.walk(module, rest, depth));
                }
                if let Some(module) = self.module(&child).filter(|_| !is_main) {
                    return self.walk(module, rest, depth);
                }
                let bound = from.bound.get(name)?;
                self.resolve(from, &format!("{bound}::{}", rest.join("::")), depth + 1)
            }
        }
    }

    /// Follows `segments` from `module`.
    fn walk<'a>(&'a self, module: &'a Module, segments: &[&str], depth: usize) -> Option<(&'a Module, bool)> {
        let Some((first, rest)) = segments.split_first() else { return Some((module, true)) };
        if *first == "self" {
            return Some((module, true));
        }
        let child = self.module(&join(&module.path, first));
        // `policy::decide` may be a module and a function that is passed on from it: the function is meant where
        // nothing follows, and it is defined where its `use` says.
        if let Some(bound) = module.bound.get(*first).filter(|_| child.is_none() || rest.is_empty()) {
            let path =
                [bound.as_str()].into_iter().chain(rest.iter().copied()).collect::<Vec<_>>().join("::");
            if let Some(found) = self.resolve(module, &path, depth + 1) {
                return Some(found);
            }
        }
        match child {
            Some(child) => self.walk(child, rest, depth),
            None => Some((module, false)),
        }
    }
}

impl Module {
    fn new(file: &str, path: String, code: &str) -> Self {
        let paths = named_paths(code);
        let mut bound = HashMap::new();
        for named in &paths {
            if let Some(import) = &named.import {
                bound.entry(import.name.clone()).or_insert_with(|| named.path.clone());
            }
        }
        Self { file: file.to_owned(), path, paths, bound, used: used_names(code) }
    }
}

/// The path of the module in a file of `src/`; none for tests and for files that are not Rust.
fn module_path(file: &str) -> Option<String> {
    let path = file.strip_prefix("src/")?.strip_suffix(".rs")?;
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" || path == "main" {
        return Some(String::new());
    }
    (!path.split('/').any(|part| part == "tests")).then(|| path.replace('/', "::"))
}

fn join(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

/// The module around `path`; none for the root.
fn parent(path: &str) -> Option<&str> {
    if path.is_empty() { None } else { Some(path.rsplit_once("::").map_or("", |(parent, _)| parent)) }
}

/// `path`, and all modules around it.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| parent(path))
}

/// Whether `path` lies in the module `module`.
fn is_below(module: &str, path: &str) -> bool {
    path != module && ancestors(path).any(|ancestor| ancestor == module)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_modules_by_their_files() {
        assert_eq!(module_path("src/lib.rs").as_deref(), Some(""));
        assert_eq!(module_path("src/policy/mod.rs").as_deref(), Some("policy"));
        assert_eq!(module_path("src/policy/load/go.rs").as_deref(), Some("policy::load::go"));
        assert_eq!(module_path("src/policy/tests.rs"), None);
        assert_eq!(module_path("src/policy/tests/x.rs"), None);
        assert_eq!(module_path("src/policy/table.txt"), None);
        assert_eq!(module_path("tests/golden.rs"), None);
    }
}

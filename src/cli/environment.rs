//! What the process was started with; nothing else of the environment is read.

use super::global::Color;
use crate::node::Node;
use crate::styles::Styles;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};

/// What the process was started with.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact about the process")]
pub struct Environment {
    /// The arguments; the first one is the program's name.
    pub arguments: Vec<OsString>,
    /// `NO_COLOR` is set and not empty (no-color.org).
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set and neither empty nor 0.
    pub force_color: bool,
    /// Standard output is a terminal.
    pub out_is_terminal: bool,
    /// Standard error is a terminal.
    pub err_is_terminal: bool,
    /// Standard input is a terminal.
    pub in_is_terminal: bool,
    /// How many columns standard output has, where it is a terminal that reports its size.
    pub out_columns: Option<usize>,
    /// How many columns standard error has, where it is a terminal that reports its size.
    pub err_columns: Option<usize>,
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            arguments: std::env::args_os().collect(),
            no_color: is_set("NO_COLOR"),
            force_color: std::env::var_os("CLICOLOR_FORCE")
                .is_some_and(|value| !value.is_empty() && value != "0"),
            out_is_terminal: io::stdout().is_terminal(),
            err_is_terminal: io::stderr().is_terminal(),
            in_is_terminal: io::stdin().is_terminal(),
            out_columns: Node::terminal_columns(io::stdout()),
            err_columns: Node::terminal_columns(io::stderr()),
        }
    }

    /// The colours of standard output.
    pub(super) fn out_styles(&self, color: Color) -> Styles {
        self.styles(color, self.out_is_terminal)
    }

    /// The colours of standard error.
    pub(super) fn err_styles(&self, color: Color) -> Styles {
        self.styles(color, self.err_is_terminal)
    }

    fn styles(&self, color: Color, is_terminal: bool) -> Styles {
        let on = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !self.no_color && (self.force_color || is_terminal),
        };
        if on { Styles::colored() } else { Styles::plain() }
    }
}

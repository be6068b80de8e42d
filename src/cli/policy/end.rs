//! The end of a policy command.

use crate::cli::end::end;
use crate::diagnostic::Diagnostic;
use crate::exit::Exit;
use crate::report::{Output, Report};

/// The end of a command.
pub(super) type Result = std::result::Result<Exit, Diagnostic>;

/// The end of a command line that makes no sense.
pub(super) fn misused(refusal: Diagnostic, output: &mut Output<'_>) -> Exit {
    end(output, (Report { refusals: vec![refusal], ..Report::default() }, Exit::Usage))
}

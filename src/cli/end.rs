//! The end of a command: its report.

use crate::exit::Exit;
use crate::observe::Obstacle;
use crate::report::{Output, Report, print_report};

pub(super) fn end(output: &mut Output<'_>, (report, exit): (Report, Exit)) -> Exit {
    print_report(output, &report, exit);
    output.exit_unless_lost(exit, report.changed && !report.dry_run)
}

/// Turns an obstacle into the end of a run that would have changed the node.
pub(super) fn refuse(obstacle: Obstacle) -> (Report, Exit) {
    let (report, exit) = refuse_reading(obstacle);
    (Report { message: "Nothing was changed.".to_owned(), ..report }, exit)
}

/// Turns an obstacle into the end of a command that never changes anything.
pub(super) fn refuse_reading(obstacle: Obstacle) -> (Report, Exit) {
    (Report { refusals: obstacle.into_diagnostics(), ..Report::default() }, Exit::Refused)
}

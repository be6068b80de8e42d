//! `cargo xtask shippers`: whether the configurations of `kaudit collector` do what they claim, with the shippers that are
//! in Debian: rsyslog and syslog-ng.
//!
//! The program's own check has to accept the configuration. Then it runs against a log that rotates as the API server's
//! does, and sends what it reads to a receiver here: each event once and whole, also after a restart. What is rotated while
//! it is down, the configuration says to be lost: exactly that is, and nothing comes twice.

mod log;
mod program;
mod receiver;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::shell::project::Project;
use crate::shell::steps::{Step, run_all};
use log::{Log, Span};
use program::{Program, Shipper};
use receiver::Receiver;

/// Events of a run without interruption.
const EVENTS: usize = 12_000;
/// Longer than a shipper takes for what is in a log of a test.
const PATIENCE: Duration = Duration::from_mins(1);
/// Nothing more is expected to come; a double would.
const SILENCE: Duration = Duration::from_secs(2);

/// Runs every shipper through every case.
///
/// # Errors
///
/// When a shipper cannot be unpacked or started, or does not do what its configuration claims.
pub(crate) fn run(project: &Project) -> Result<()> {
    let kaudit = build(project)?;
    let mut steps = Vec::new();
    for shipper in Shipper::ALL {
        let kaudit = kaudit.clone();
        steps.push(Step::check(shipper.name(), "cargo xtask shippers", move || {
            let program = Program::unpack(project, shipper)?;
            for compress in [false, true] {
                live(&Bench::new(project, &kaudit, &program, compress)?, compress)?;
            }
            restart(&Bench::new(project, &kaudit, &program, false)?)?;
            down_at_rotation(&Bench::new(project, &kaudit, &program, false)?)
        }));
    }
    run_all("shippers", None, steps)
}

fn build(project: &Project) -> Result<PathBuf> {
    crate::shell::command::run(project.cargo().args(["build", "--locked", "--bin", "kaudit"]))?;
    Ok(project.target.join("debug/kaudit"))
}

/// What a case needs: a directory of its own, a receiver, and the shipper with its configuration.
struct Bench<'a> {
    directory: PathBuf,
    program: &'a Program,
    receiver: Receiver,
}

impl<'a> Bench<'a> {
    fn new(project: &Project, kaudit: &Path, program: &'a Program, compress: bool) -> Result<Self> {
        let directory = project.target.join("shippers").join(program.name());
        if directory.is_dir() {
            std::fs::remove_dir_all(&directory).context("removing the last run's directory")?;
        }
        std::fs::create_dir_all(directory.join("log")).context("making a directory")?;
        std::fs::create_dir_all(directory.join("state")).context("making a directory")?;
        let receiver = Receiver::start()?;
        program.configure(kaudit, &directory, receiver.port(), compress)?;
        Ok(Self { directory, program, receiver })
    }

    fn log(&self, limit: u64) -> Result<Log> {
        Log::create(self.directory.join("log/audit.log"), limit)
    }

    fn expect(&self, what: &str, wanted: &BTreeSet<usize>) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !self.receiver.has_all(wanted) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(50));
        }
        thread::sleep(SILENCE);
        let received = self.receiver.received();
        let (lost, surplus) =
            (wanted.difference(&received.once).count(), received.once.difference(wanted).count());
        println!(
            "{}: {what}: {} of {} events, {lost} lost, {} duplicated, {} torn",
            self.program.name(),
            received.once.len(),
            wanted.len(),
            received.duplicated,
            received.torn
        );
        ensure!(
            lost == 0 && surplus == 0 && received.duplicated == 0 && received.torn == 0,
            "{}: {what}: not what the configuration claims ({surplus} came that it says to be lost)",
            self.program.name()
        );
        Ok(())
    }
}

/// Several rotations, with the shipper running.
fn live(bench: &Bench<'_>, compress: bool) -> Result<()> {
    let mut log = bench.log(4 << 20)?;
    log.compress = compress;
    // Something is there already when the shipper is started first.
    let early = log.write(500, Span::AtOnce)?;
    let running = bench.program.start(&bench.directory)?;
    let rest = log.write(EVENTS - early.len(), Span::Pausing)?;
    ensure!(log.rotations >= 3, "only {} rotations", log.rotations);
    bench.expect(
        if compress { "rotated and compressed" } else { "rotated" },
        &early.into_iter().chain(rest).collect(),
    )?;
    running.stop()
}

/// A stop without a rotation meanwhile.
fn restart(bench: &Bench<'_>) -> Result<()> {
    let mut log = bench.log(64 << 20)?;
    let running = bench.program.start(&bench.directory)?;
    let mut wanted = BTreeSet::from_iter(log.write(2000, Span::Pausing)?);
    bench.expect("before a restart", &wanted)?;
    running.stop()?;
    wanted.extend(log.write(2000, Span::AtOnce)?);
    let running = bench.program.start(&bench.directory)?;
    wanted.extend(log.write(1000, Span::Pausing)?);
    bench.expect("after a restart", &wanted)?;
    running.stop()
}

/// A stop with a rotation meanwhile: the rest of the rotated file is lost, and nothing else.
fn down_at_rotation(bench: &Bench<'_>) -> Result<()> {
    let mut log = bench.log(64 << 20)?;
    let running = bench.program.start(&bench.directory)?;
    let mut wanted = BTreeSet::from_iter(log.write(2000, Span::Pausing)?);
    bench.expect("before a stop", &wanted)?;
    running.stop()?;
    let lost = log.write(300, Span::AtOnce)?;
    log.rotate()?;
    wanted.extend(log.write(1500, Span::AtOnce)?);
    let running = bench.program.start(&bench.directory)?;
    wanted.extend(log.write(1000, Span::Pausing)?);
    bench.expect("rotated while it was down", &wanted)?;
    if lost.iter().any(|event| wanted.contains(event)) {
        bail!("the case expects what it calls lost");
    }
    running.stop()
}

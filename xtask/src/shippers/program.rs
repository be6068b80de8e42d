//! A shipper of Debian: unpacked, configured, started, stopped.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::shell::command::{capture, run as start};
use crate::shell::debian::{unpack, with_dependencies};
use crate::shell::project::Project;

/// What it takes to begin to follow the log.
const SETTLE: Duration = Duration::from_secs(2);
/// What it may take to end.
const STOP: Duration = Duration::from_secs(20);

/// A shipper that Debian has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shipper {
    Rsyslog,
    SyslogNg,
}

impl Shipper {
    pub(super) const ALL: [Shipper; 2] = [Shipper::Rsyslog, Shipper::SyslogNg];

    /// As for `kaudit collector`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Shipper::Rsyslog => "rsyslog",
            Shipper::SyslogNg => "syslog-ng",
        }
    }

    fn package(self) -> &'static str {
        match self {
            Shipper::Rsyslog => "rsyslog",
            Shipper::SyslogNg => "syslog-ng-core",
        }
    }
}

/// An unpacked one.
pub(super) struct Program {
    shipper: Shipper,
    root: PathBuf,
    /// `LD_LIBRARY_PATH`
    libraries: String,
    /// Where its own modules are.
    modules: PathBuf,
}

/// One that runs.
pub(super) struct Running(Child);

impl Program {
    pub(super) fn name(&self) -> &'static str {
        self.shipper.name()
    }

    /// Unpacks it, with what this machine lacks of its libraries.
    pub(super) fn unpack(project: &Project, shipper: Shipper) -> Result<Self> {
        let packages = with_dependencies(shipper.package())?;
        let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
        let root = unpack(project, &format!("debian-{}", shipper.name()), &packages)?;
        let mut directories = BTreeSet::new();
        find_libraries(&root, &mut directories)?;
        let module = match shipper {
            Shipper::Rsyslog => "imfile.so",
            Shipper::SyslogNg => "libaffile.so",
        };
        let modules = directories.iter().find(|directory| directory.join(module).is_file());
        let modules = modules.with_context(|| format!("{module} is not in the package"))?.clone();
        let libraries: Vec<String> =
            directories.iter().map(|directory| directory.display().to_string()).collect();
        Ok(Self { shipper, root, libraries: libraries.join(":"), modules })
    }

    /// Writes the configuration that kaudit generates, included as a distribution does, and validates it with the program.
    pub(super) fn configure(&self, kaudit: &Path, directory: &Path, port: u16, compress: bool) -> Result<()> {
        let log = directory.join("log/audit.log");
        let mut command = Command::new(kaudit);
        command.args(["collector", self.name(), "--to", &format!("127.0.0.1:{port}"), "--log-path"]).arg(log);
        if compress {
            command.arg("--log-compress");
        }
        let made = directory.join("made.conf");
        fs::write(&made, capture(&mut command)?).context("writing the configuration")?;
        let (made, state) = (made.display(), directory.join("state"));
        let main = match self.shipper {
            // As Debian's: modules are loaded before what is included.
            Shipper::Rsyslog => format!(
                "module(load=\"imuxsock\" SysSock.Use=\"off\")\nglobal(workDirectory=\"{}\")\ninclude(file=\"{made}\")\n",
                state.display()
            ),
            Shipper::SyslogNg => format!("@version: 3.35\n@include \"{made}\"\n"),
        };
        fs::write(directory.join("main.conf"), main).context("writing the configuration")?;
        let mut check = self.command(directory);
        match self.shipper {
            Shipper::Rsyslog => check.arg("-N1"),
            Shipper::SyslogNg => check.arg("--syntax-only"),
        };
        start(&mut check).context("the program does not accept the configuration")
    }

    fn command(&self, directory: &Path) -> Command {
        let (main, state) = (directory.join("main.conf"), directory.join("state"));
        let mut command = match self.shipper {
            Shipper::Rsyslog => {
                let mut command = Command::new(self.root.join("usr/sbin/rsyslogd"));
                command.arg("-f").arg(main).arg("-i").arg(state.join("pid")).arg("-M").arg(&self.modules);
                command
            }
            Shipper::SyslogNg => {
                let mut command = Command::new(self.root.join("usr/sbin/syslog-ng"));
                command.arg("--cfgfile").arg(main).arg("--module-path").arg(&self.modules);
                command.arg("--persist-file").arg(state.join("persist"));
                command.arg("--pidfile").arg(state.join("pid")).arg("--control").arg(state.join("control"));
                command
            }
        };
        command.env("LD_LIBRARY_PATH", &self.libraries);
        command
    }

    /// Starts it in the foreground.
    pub(super) fn start(&self, directory: &Path) -> Result<Running> {
        let mut command = self.command(directory);
        command.arg(match self.shipper {
            Shipper::Rsyslog => "-n",
            Shipper::SyslogNg => "-F",
        });
        let child = command.spawn().with_context(|| format!("starting {}", self.name()))?;
        thread::sleep(SETTLE);
        Ok(Running(child))
    }
}

impl Running {
    /// Ends it in order.
    pub(super) fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.0.id()).context("a process id")?;
        kill(Pid::from_raw(pid), Signal::SIGTERM).context("the shipper ended by itself")?;
        let deadline = Instant::now() + STOP;
        while self.0.try_wait().context("waiting for the shipper")?.is_none() {
            if Instant::now() > deadline {
                bail!("the shipper does not end");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Running {
    /// A failed case leaves no process behind.
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn find_libraries(directory: &Path, found: &mut BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory).with_context(|| format!("listing {}", directory.display()))? {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            find_libraries(&path, found)?;
        } else if path.file_name().is_some_and(|name| name.to_string_lossy().contains(".so")) {
            found.insert(directory.to_path_buf());
        }
    }
    Ok(())
}

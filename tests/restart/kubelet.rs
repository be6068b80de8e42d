//! A simulated kubelet with a virtual clock. It behaves as measured on the real one: it reacts to the manifest's
//! content immediately, makes a new pod wait while the old one of the same name is not fully terminated, and kills after the
//! grace period. The files are real, in a temporary directory.
//!
//! Long because the simulated node and the kaudit run read each other's state at every step.

use kaudit::file::{FileState, Metadata};
use kaudit::manifest::Manifest;
use kaudit::node::{Answer, Ask, Effects, Interrupt, LastWords, Machine, Moved, Node, Process, Rule};
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// The log of a container that exits by itself.
pub(crate) const LAST_LINE: &str = "the last line of the container";
pub(crate) const MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";
/// The surge pod's manifest, beside it.
pub(crate) const SURGE: &str = "kaudit-surge.yaml";
const PORT: u16 = 6443;
/// Open watches hold an API server for its whole grace period.
const GRACE: Duration = Duration::from_secs(30);
const CLEAN_UP: Duration = Duration::from_millis(700);
const START: Duration = Duration::from_secs(3);
const BACK_OFF: Duration = Duration::from_secs(12);
const CRASH: Duration = Duration::from_millis(300);

/// A pod that the kubelet knows.
#[derive(Debug, Clone)]
struct Pod {
    /// Its manifest's name; two manifests are two pods, whatever happens to the other.
    file: String,
    uid: String,
    port: u16,
    arguments: Vec<String>,
    /// The node's path of it.
    log: Option<String>,
    /// Its API server ends right after its start.
    is_broken: bool,
    state: State,
    restarts: u32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// Its container starts then.
    Waiting { until: Duration },
    /// Since then, as this process.
    Running { since: Duration, pid: i32 },
    /// Told to end; the process lives until then.
    Ending { pid: i32, until: Duration },
    /// The process has ended; its directory goes then.
    Cleaning { until: Duration },
}

/// Everything outside of kaudit; it outlives kaudit's death.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) node: Node,
    root: PathBuf,
    pub(crate) now: Duration,
    /// At most one by name, and those that are still on their way out.
    pods: Vec<Pod>,
    next_pid: i32,
    /// Manifests whose text contains this start an API server that ends at once.
    pub(crate) breaks: Option<&'static str>,
    /// So does a manifest that audits, unless it is the surge pod's.
    pub(crate) breaks_in_place: bool,
    /// The audit log stays empty.
    pub(crate) is_mute: bool,
    /// A signal comes at the n-th effect.
    pub(crate) interrupt_at: Option<(usize, Interrupt)>,
    /// Another program writes this manifest at the n-th effect.
    pub(crate) foreign_at: Option<(usize, Vec<u8>)>,
    effects: usize,
    /// Names without a leading dot that were ever seen beside the manifest.
    pub(crate) strangers: Vec<String>,
    /// How many processes were started for the manifest.
    pub(crate) starts: u32,
    /// Where new connections to the API server's port go, as long as the life of kaudit lasts that asked for it.
    steering: Option<(u16, Rule)>,
    /// For how long a client elsewhere would have been refused, in this life of kaudit.
    pub(crate) outage: Duration,
}

impl World {
    pub(crate) fn new(root: &Path) -> Rc<RefCell<Self>> {
        let mut world = Self {
            node: Node::at(root),
            root: root.to_path_buf(),
            now: Duration::from_secs(100),
            pods: Vec::new(),
            next_pid: 1000,
            breaks: None,
            breaks_in_place: false,
            is_mute: false,
            interrupt_at: None,
            foreign_at: None,
            effects: 0,
            strangers: Vec::new(),
            starts: 0,
            steering: None,
            outage: Duration::ZERO,
        };
        world.settle();
        Rc::new(RefCell::new(world))
    }

    /// The same moment, with the files below `root`.
    pub(crate) fn copy(&self, root: &Path) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self { node: Node::at(root), root: root.to_path_buf(), ..self.clone() }))
    }

    fn place(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Lets the kubelet look at its directory.
    fn sync(&mut self) {
        let directory = self.place(MANIFEST).parent().unwrap().to_path_buf();
        let mut wanted = BTreeMap::new();
        for entry in fs::read_dir(&directory).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            if name != "kube-apiserver.yaml" && name != SURGE {
                self.strangers.push(name.clone());
            }
            wanted.insert(name.clone(), fs::read(directory.join(name)).unwrap());
        }
        let now = self.now;
        for pod in &mut self.pods {
            if wanted.get(&pod.file).is_some_and(|bytes| uid_of(bytes) == pod.uid) {
                continue;
            }
            pod.state = match pod.state {
                State::Running { pid, .. } => State::Ending { pid, until: now + GRACE },
                State::Waiting { .. } => State::Cleaning { until: now + CLEAN_UP },
                other => other,
            };
        }
        for (file, bytes) in wanted {
            self.admit(&file, &bytes);
        }
    }

    /// Lets the kubelet start a pod, if it does not have it already.
    fn admit(&mut self, file: &str, bytes: &[u8]) {
        let uid = uid_of(bytes);
        let is_known = self
            .pods
            .iter()
            .any(|pod| pod.uid == uid && matches!(pod.state, State::Running { .. } | State::Waiting { .. }));
        if is_known {
            return;
        }
        let Ok(manifest) = Manifest::read(bytes) else { return };
        let now = self.now;
        let gone = self.pods.iter().filter(|pod| pod.file == file).map(|pod| match pod.state {
            State::Ending { until, .. } => until + CLEAN_UP + BACK_OFF,
            State::Cleaning { until } => until + BACK_OFF,
            State::Waiting { .. } | State::Running { .. } => now,
        });
        let until = gone.max().unwrap_or(now);
        let words = manifest.api_server().words.iter().map(|word| word.text.clone());
        let arguments: Vec<String> = std::iter::once("kube-apiserver".to_owned()).chain(words).collect();
        let value = |flag: &str| arguments.iter().find_map(|word| word.strip_prefix(flag)).map(str::to_owned);
        let lacks_policy = value("--audit-policy-file=").is_some_and(|path| !self.place(&path).is_file());
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.pods.push(Pod {
            file: file.to_owned(),
            uid,
            port: value("--secure-port=").map_or(PORT, |port| port.parse().unwrap()),
            log: value("--audit-log-path="),
            arguments,
            is_broken: lacks_policy
                || (self.breaks_in_place && file != SURGE && text.contains("--audit-policy-file"))
                || self.breaks.is_some_and(|mark| text.contains(mark)),
            state: State::Waiting { until },
            restarts: 0,
        });
    }

    /// Lets what is due by `now` happen.
    fn advance(&mut self, to: Duration) {
        if self.reached(PORT, false).is_none() {
            self.outage += to.saturating_sub(self.now);
        }
        self.now = to;
        let now = self.now;
        let (mut next_pid, mut starts) = (self.next_pid, self.starts);
        for pod in &mut self.pods {
            pod.state = match pod.state {
                State::Waiting { until } if until <= now => {
                    next_pid += 1;
                    starts += u32::from(pod.file != SURGE);
                    State::Running { since: now, pid: next_pid }
                }
                State::Running { since, .. } if pod.is_broken && now >= since + CRASH => {
                    pod.restarts += 1;
                    State::Waiting { until: now + BACK_OFF * (pod.restarts - 1) }
                }
                State::Ending { until, .. } if until <= now => State::Cleaning { until: until + CLEAN_UP },
                other => other,
            };
        }
        (self.next_pid, self.starts) = (next_pid, starts);
        self.pods.retain(|pod| !matches!(pod.state, State::Cleaning { until } if until <= now));
    }

    /// Lets time pass until nothing more would happen.
    pub(crate) fn settle(&mut self) {
        self.sync();
        for _ in 0..240 {
            let next = self.now + Duration::from_millis(500);
            self.advance(next);
        }
    }

    /// The arguments of the API server that is ready.
    pub(crate) fn ready(&self) -> Option<&[String]> {
        let pod = self.ready_pod(PORT)?;
        Some(&pod.arguments)
    }

    /// The pod that serves `port`.
    fn ready_pod(&self, port: u16) -> Option<&Pod> {
        self.pods.iter().find(|pod| {
            let is_up = matches!(pod.state, State::Running { since, .. } if self.now >= since + START);
            !pod.is_broken && is_up && pod.port == port
        })
    }

    /// The pod that a new connection to `port` reaches: the kernel steers it, if that was asked, to a socket that is
    /// there, and otherwise it is found by its port.
    fn reached(&self, port: u16, is_own: bool) -> Option<&Pod> {
        let steered =
            self.steering.as_ref().filter(|(_, rule)| rule.port == port && !(is_own && rule.exempt_own));
        steered.and_then(|(to, _)| self.ready_pod(*to)).or_else(|| self.ready_pod(port))
    }

    fn processes(&self) -> Vec<Process> {
        self.pods
            .iter()
            .filter_map(|pod| match pod.state {
                State::Running { pid, .. } | State::Ending { pid, .. } => Some(Process {
                    pid,
                    start: u64::try_from(pid).unwrap(),
                    arguments: pod.arguments.clone(),
                    pod_uid: Some(pod.uid.clone()),
                }),
                State::Waiting { .. } | State::Cleaning { .. } => None,
            })
            .collect()
    }
}

fn uid_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(16).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// How the n-th effect goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Never.
    None,
    /// It fails once; the run goes on.
    Fails,
    /// The process dies after it.
    DiesAfter,
}

/// One life of kaudit in the world.
pub(crate) struct Life {
    pub(crate) world: Rc<RefCell<World>>,
    node: Node,
    fault: Fault,
    remaining: usize,
    pub(crate) is_dead: bool,
    interrupt: Option<Interrupt>,
}

impl Life {
    pub(crate) fn new(world: &Rc<RefCell<World>>, fault: Fault, remaining: usize) -> Self {
        let node = world.borrow().node.clone();
        {
            let mut world = world.borrow_mut();
            (world.effects, world.outage) = (0, Duration::ZERO);
        }
        Self { world: Rc::clone(world), node, fault, remaining, is_dead: false, interrupt: None }
    }

    /// Whether the fault never came, because there were fewer effects.
    pub(crate) fn is_spared(&self) -> bool {
        self.fault != Fault::None && self.remaining != usize::MAX
    }

    /// The kernel takes the steering away with the process.
    fn die(&mut self) {
        self.is_dead = true;
        self.world.borrow_mut().steering = None;
    }

    fn effect<T>(&mut self, effect: impl FnOnce(&mut Node) -> anyhow::Result<T>) -> anyhow::Result<T> {
        anyhow::ensure!(!self.is_dead, "dead");
        {
            let mut world = self.world.borrow_mut();
            let count = world.effects;
            world.effects += 1;
            if let Some((_, bytes)) = world.foreign_at.take_if(|(at, _)| *at == count) {
                fs::write(world.place(MANIFEST), bytes).unwrap();
                world.sync();
            }
            if let Some((_, signal)) = world.interrupt_at.take_if(|(at, _)| *at == count) {
                self.interrupt = Some(signal);
            }
        }
        let result = if self.fault == Fault::None || self.remaining > 0 {
            if self.remaining != usize::MAX {
                self.remaining = self.remaining.saturating_sub(1);
            }
            effect(&mut self.node)
        } else {
            self.remaining = usize::MAX;
            match self.fault {
                Fault::None | Fault::Fails => Err(anyhow::anyhow!("injected")),
                Fault::DiesAfter => {
                    effect(&mut self.node)?;
                    self.die();
                    Err(anyhow::anyhow!("dead"))
                }
            }
        };
        self.world.borrow_mut().sync();
        result
    }
}

impl Effects for Life {
    fn make_directory(&mut self, path: &Path, metadata: &Metadata) -> anyhow::Result<()> {
        self.effect(|node| node.make_directory(path, metadata))
    }
    fn replace_file(&mut self, path: &Path, file: &FileState) -> anyhow::Result<()> {
        self.effect(|node| node.replace_file(path, file))
    }
    fn remove_file(&mut self, path: &Path) -> anyhow::Result<()> {
        self.effect(|node| node.remove_file(path))
    }
    fn remove_empty_directory(&mut self, path: &Path) -> anyhow::Result<bool> {
        self.effect(|node| node.remove_empty_directory(path))
    }
    fn move_file(&mut self, from: &Path, to: &Path) -> anyhow::Result<Moved> {
        self.effect(|node| node.move_file(from, to))
    }
    fn exchange_files(&mut self, one: &Path, other: &Path) -> anyhow::Result<()> {
        self.effect(|node| node.exchange_files(one, other))
    }
}

impl Machine for Life {
    fn node(&self) -> &Node {
        &self.node
    }

    fn api_servers(&mut self) -> anyhow::Result<Vec<Process>> {
        anyhow::ensure!(!self.is_dead, "dead");
        Ok(self.world.borrow().processes())
    }

    fn has_pod_directory(&mut self, uid: &str) -> anyhow::Result<bool> {
        Ok(self.world.borrow().pods.iter().any(|pod| pod.uid == uid))
    }

    fn ask(&mut self, ask: &Ask) -> Answer {
        let world = self.world.borrow();
        let address = ask.endpoint.address;
        let Some(pod) = world.reached(address.port(), address.ip().is_loopback()) else {
            return Answer::Nobody("connection refused".to_owned());
        };
        if let (Some(id), Some(log), false) = (&ask.audit_id, &pod.log, world.is_mute) {
            let log = world.place(log);
            let mut text = fs::read_to_string(&log).unwrap_or_default();
            writeln!(text, "{{\"auditID\":\"{id}\"}}").unwrap();
            fs::write(log, text).unwrap();
        }
        Answer::Status { code: 200, body: String::new() }
    }

    fn wait_for_exit(&mut self, process: &Process, limit: Duration) -> anyhow::Result<bool> {
        anyhow::ensure!(!self.is_dead, "dead");
        let lives = |world: &World| world.processes().contains(process);
        if !lives(&self.world.borrow()) {
            return Ok(true);
        }
        self.pause(limit);
        let lives = lives(&self.world.borrow());
        Ok(!lives)
    }

    fn kill(&mut self, process: &Process) -> anyhow::Result<()> {
        let world = Rc::clone(&self.world);
        self.effect(|_| {
            let mut world = world.borrow_mut();
            let now = world.now;
            for pod in &mut world.pods {
                if matches!(pod.state, State::Ending { pid, .. } if pid == process.pid) {
                    pod.state = State::Cleaning { until: now + CLEAN_UP };
                }
            }
            Ok(())
        })
    }

    fn last_words(&mut self, _pod: &str, uid: Option<&str>) -> LastWords {
        let world = self.world.borrow();
        let broken = world.pods.iter().any(|pod| pod.is_broken && uid.is_none_or(|uid| pod.uid == uid));
        let container = if broken { vec![LAST_LINE.to_owned()] } else { Vec::new() };
        LastWords { container, kubelet: Vec::new() }
    }

    fn steer(&mut self, server: &Process, port: u16, rule: &Rule) -> anyhow::Result<()> {
        let world = Rc::clone(&self.world);
        self.effect(|_| {
            let mut world = world.borrow_mut();
            anyhow::ensure!(world.processes().contains(server), "no process {}", server.pid);
            world.steering = Some((port, rule.clone()));
            Ok(())
        })
    }

    fn exempt_own(&mut self, exempt: bool) -> anyhow::Result<()> {
        let world = Rc::clone(&self.world);
        self.effect(|_| {
            if let Some((_, rule)) = &mut world.borrow_mut().steering {
                rule.exempt_own = exempt;
            }
            Ok(())
        })
    }

    fn stop_steering(&mut self) -> bool {
        !self.is_dead && self.world.borrow_mut().steering.take().is_some()
    }

    fn fresh_id(&mut self) -> anyhow::Result<String> {
        let world = self.world.borrow();
        Ok(format!("00000000-0000-4000-8000-{:012}", world.now.as_millis()))
    }

    fn pause(&mut self, duration: Duration) {
        let mut world = self.world.borrow_mut();
        let to = world.now + duration;
        world.advance(to);
    }

    fn clock(&self) -> Duration {
        self.world.borrow().now
    }

    fn interrupt(&self) -> Option<Interrupt> {
        self.interrupt
    }
}

/// Every file of the tree but kaudit's own and the log; directories only where they hold one.
pub(crate) fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(root: &Path, directory: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
                continue;
            }
            let name = path.strip_prefix(root).unwrap().to_path_buf();
            if !name.starts_with("var") {
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

//! The cases of the steering test.

use super::load::during;
use super::peers::{Peer, ask, ask_from, greeting, is_answered, process};
use kaudit::node::{Addresses, Node, Rule, Steering, Unsupported};
use std::net::TcpStream;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// All cases by name. Each uses its own ports.
pub(crate) const CASES: &[(&str, fn())] = &[
    ("new_connections_of_both_families_are_steered", families),
    ("connections_that_exist_stay", existing),
    ("own_connections_are_exempt_when_asked", own),
    ("only_listed_addresses_are_steered", only),
    ("one_address_of_either_family_is_enough", one_address),
    ("a_socket_gets_no_connection_of_a_family_it_is_not_open_for", family_of_socket),
    ("nothing_fails_during_100_attachments", cycles),
    ("nothing_fails_while_the_switch_is_turned", switching),
    ("nothing_fails_while_a_server_is_replaced", replacement),
    ("a_killed_process_steers_no_more", killed),
    ("a_socket_that_is_closed_is_steered_to_no_more", closed),
    ("the_first_attachment_wins", sequence),
    ("the_kernels_bound_is_named", bound),
    ("a_server_with_mptcp_is_found_and_refused", mptcp),
    ("a_server_in_another_namespace_is_refused", namespace),
    ("a_server_that_does_not_listen_is_refused", not_listening),
    ("the_probe_says_what_is_missing", probe),
];

fn node() -> Node {
    Node::at("/")
}

fn any(port: u16, exempt_own: bool) -> Rule {
    Rule { port, addresses: Addresses::Any, exempt_own }
}

fn to(server: &Peer, port: u16, rule: &Rule) -> Steering {
    node().steer(&server.process(), port, rule).unwrap()
}

/// A server `A` and a server `B`, each on all addresses: `A` on this port, `B` on the next one.
fn servers(port: u16) -> (Peer, Peer) {
    let everywhere = |port: u16| format!("[::]:{port}");
    (Peer::server("A", &[&everywhere(port)]), Peer::server("B", &[&everywhere(port + 1)]))
}

/// The server that answers at each kind of address of this machine: IPv4, IPv6, and their loopback addresses.
fn who(port: u16) -> String {
    places(port).iter().map(|place| ask(place).unwrap()).collect()
}

fn places(port: u16) -> [String; 4] {
    ["10.9.0.1", "[fd09::1]", "127.0.0.1", "[::1]"].map(|address| format!("{address}:{port}"))
}

fn families() {
    let (_a, b) = servers(7000);
    assert_eq!(who(7000), "AAAA");
    let steering = to(&b, 7001, &any(7000, false));
    assert_eq!(who(7000), "BBBB");
    assert_eq!(who(7001), "BBBB");
    drop(steering);
    assert_eq!(who(7000), "AAAA");
}

fn existing() {
    let (_a, b) = servers(7010);
    let connect = || {
        let mut stream = TcpStream::connect("10.9.0.1:7010").unwrap();
        let name = greeting(&mut stream).unwrap();
        (stream, name)
    };
    let (mut before, name) = connect();
    assert_eq!(name, 'A');
    let steering = to(&b, 7011, &any(7010, false));
    assert!(is_answered(&mut before));
    let (mut during, name) = connect();
    assert_eq!(name, 'B');
    drop(steering);
    assert!(is_answered(&mut before));
    assert!(is_answered(&mut during));
    assert_eq!(connect().1, 'A');
}

fn own() {
    let (_a, b) = servers(7020);
    let steering = to(&b, 7021, &any(7020, true));
    assert_eq!(who(7020), "BBAA");
    assert_eq!(ask_from("10.9.0.2", "127.0.0.9:7020").unwrap(), 'A');
    steering.exempt_own(false).unwrap();
    assert_eq!(who(7020), "BBBB");
    steering.exempt_own(true).unwrap();
    assert_eq!(who(7020), "BBAA");
}

fn only() {
    let a = Peer::server("A", &["10.9.0.1:7030", "[fd09::1]:7030"]);
    let _c = Peer::server("C", &["10.9.0.2:7030", "[fd09::2]:7030", "127.0.0.1:7030"]);
    let b = Peer::server("B", &["[::]:7031"]);
    let sockets = node().listeners(7030).unwrap();
    let of_a: Vec<_> = sockets.iter().filter(|one| one.pids == [a.pid()]).map(|one| one.address).collect();
    let rule = Rule { port: 7030, addresses: Addresses::of(&of_a), exempt_own: true };
    let steering = to(&b, 7031, &rule);
    for (from, place, exempt, not_exempt) in [
        ("10.9.0.2", "10.9.0.1:7030", 'B', 'B'),
        ("10.9.0.1", "10.9.0.1:7030", 'A', 'B'),
        ("10.9.0.1", "10.9.0.2:7030", 'C', 'C'),
        ("127.0.0.1", "127.0.0.1:7030", 'C', 'C'),
        ("fd09::2", "[fd09::1]:7030", 'B', 'B'),
        ("fd09::1", "[fd09::1]:7030", 'A', 'B'),
        ("fd09::1", "[fd09::2]:7030", 'C', 'C'),
    ] {
        for (is_exempt, expected) in [(true, exempt), (false, not_exempt)] {
            steering.exempt_own(is_exempt).unwrap();
            assert_eq!(ask_from(from, place).unwrap(), expected, "{from} {place} {is_exempt}");
        }
    }
    steering.exempt_own(true).unwrap();
    // By default, a client of this node has the same address as the server.
    assert_eq!(ask("10.9.0.1:7030").unwrap(), 'A');
}

fn one_address() {
    for (port, address, from) in [(7130, "10.9.0.1", "10.9.0.2"), (7140, "[fd09::1]", "fd09::2")] {
        let place = format!("{address}:{port}");
        let a = Peer::server("A", &[&place]);
        let b = Peer::server("B", &[&format!("[::]:{}", port + 1)]);
        let of_a: Vec<_> = node().listeners(port).unwrap().iter().map(|one| one.address).collect();
        assert_eq!(of_a.len(), 1, "of {}: {of_a:?}", a.pid());
        let rule = Rule { port, addresses: Addresses::of(&of_a), exempt_own: true };
        let steering = to(&b, port + 1, &rule);
        assert_eq!((ask_from(from, &place).unwrap(), ask(&place).unwrap()), ('B', 'A'));
        drop(steering);
        assert_eq!(ask_from(from, &place).unwrap(), 'A');
    }
}

fn family_of_socket() {
    let _a = Peer::server("A", &["[::]:7040"]);
    let b = Peer::server("B", &["0.0.0.0:7041"]);
    let _steering = to(&b, 7041, &any(7040, false));
    assert_eq!(who(7040), "BABA");
}

fn cycles() {
    let (_a, b) = servers(7050);
    let answers = during(&places(7050), || {
        for _ in 0..100 {
            let steering = to(&b, 7051, &any(7050, false));
            sleep(Duration::from_millis(20));
            drop(steering);
            sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(answers.failures, [""; 0], "{:?}", answers.by);
    assert!(answers.total() > 2000 && answers.by.len() == 2, "{answers:?}");
    println!("100 attachments: {:?}", answers.by);
}

fn switching() {
    let (_a, b) = servers(7060);
    let steering = to(&b, 7061, &any(7060, true));
    let [.., loopback] = places(7060);
    let answers = during(&[loopback], || {
        for turn in 0..1000 {
            steering.exempt_own(turn % 2 == 0).unwrap();
            sleep(Duration::from_millis(1));
        }
    });
    assert_eq!(answers.failures, [""; 0]);
    assert!(answers.by.len() == 2, "{answers:?}");
    println!("1000 turns of the switch: {:?}", answers.by);
}

fn replacement() {
    let (a, b) = servers(7070);
    // It must exist while the clients run.
    let mut again = None;
    let answers = during(&places(7070), || {
        let steering = to(&b, 7071, &any(7070, false));
        // Earlier connections are answered.
        sleep(Duration::from_millis(200));
        a.kill();
        sleep(Duration::from_millis(500));
        again = Some(Peer::server("a", &["[::]:7070"]));
        sleep(Duration::from_millis(200));
        drop(steering);
        sleep(Duration::from_millis(500));
    });
    drop(again);
    assert_eq!(answers.failures, [""; 0], "{:?}", answers.by);
    assert!(answers.by.len() >= 2, "{answers:?}");
    println!("a server replaced: {:?}", answers.by);
}

fn killed() {
    let (_a, b) = servers(7080);
    let steering = Peer::steering(&b, 7081, 7080);
    assert_eq!(who(7080), "BBBB");
    steering.kill();
    assert_eq!(who(7080), "AAAA");
}

fn closed() {
    let (_a, b) = servers(7090);
    let _steering = to(&b, 7091, &any(7090, false));
    assert_eq!(who(7090), "BBBB");
    b.kill();
    assert_eq!(who(7090), "AAAA");
}

fn sequence() {
    let (_a, b) = servers(7100);
    let c = Peer::server("C", &["[::]:7102"]);
    let first = to(&b, 7101, &any(7100, true));
    let second = to(&c, 7102, &any(7100, false));
    assert_eq!(who(7100), "BBCC");
    drop(first);
    assert_eq!(who(7100), "CCCC");
    drop(second);
}

fn bound() {
    let (_a, b) = servers(7110);
    let all: Vec<Steering> = (0..64).map(|_| to(&b, 7111, &any(7110, false))).collect();
    let error = node().steer(&b.process(), 7111, &any(7110, false)).unwrap_err();
    assert!(format!("{error:#}").starts_with("the maximum number of programs (64)"), "{error:#}");
    drop(all);
    let _steering = to(&b, 7111, &any(7110, false));
}

fn mptcp() {
    for (place, port) in [("[::]:7120", 7120), ("10.9.0.1:7121", 7121)] {
        let server = Peer::mptcp_server(place);
        let found = node().listeners(port).unwrap();
        let [found] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (found.address.to_string(), found.pids.as_slice()),
            (place.to_owned(), [server.pid()].as_slice())
        );
        assert_eq!(node().free_port(port..=port + 10).unwrap(), Some(port + 1));
        let error = node().steer(&server.process(), port, &any(7129, false)).unwrap_err();
        assert!(error.to_string().contains("GODEBUG=multipathtcp=0"), "{error:#}");
    }
}

fn namespace() {
    let mut other = Command::new("unshare").args(["--net", "sleep", "300"]).spawn().unwrap();
    let pid = other.id().try_into().unwrap();
    wait_for_own_namespace(other.id());
    let error = node().steer(&process(pid), 7130, &any(7131, false)).unwrap_err();
    let refused = node().probe_steering(pid, &any(1, true)).unwrap_err();
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(error.to_string().contains("a different network namespace"), "{error:#}");
    assert_eq!(refused, Unsupported::OtherNamespace);
}

/// Waits until `unshare` has created a network namespace for process `pid`, which takes time on a busy machine.
fn wait_for_own_namespace(pid: u32) {
    let namespace = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/net")).unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    while namespace(&pid.to_string()) == namespace("self") {
        assert!(Instant::now() < deadline, "process {pid} got no network namespace of its own");
        sleep(Duration::from_millis(10));
    }
}

fn not_listening() {
    let (a, b) = servers(7140);
    let error = node().steer(&b.process(), 7140, &any(7140, false)).unwrap_err();
    assert!(error.to_string().ends_with("does not listen on port 7140"), "{error:#}");
    let mut another = a.process();
    another.start += 1;
    let error = node().steer(&another, 7140, &any(7140, false)).unwrap_err();
    assert!(error.to_string().ends_with("has ended"), "{error:#}");
    let two = Peer::server("2", &["10.9.0.1:7142", "10.9.0.2:7142"]);
    let error = node().steer(&two.process(), 7142, &any(7140, false)).unwrap_err();
    assert!(error.to_string().contains("with 2 sockets"), "{error:#}");
}

fn probe() {
    let (a, _b) = servers(7150);
    node().probe_steering(a.pid(), &any(1, true)).unwrap();
    node().probe_steering(std::process::id().try_into().unwrap(), &any(1, true)).unwrap();
    assert_eq!(who(7150), "AAAA");
    let nobody = Command::new(std::env::current_exe().unwrap()).arg("probe-as-nobody").output().unwrap();
    let said = String::from_utf8(nobody.stdout).unwrap();
    assert_eq!(
        said,
        "kaudit is not permitted to create BPF maps: it lacks CAP_BPF or CAP_SYS_ADMIN and CAP_NET_ADMIN; run it as root\n"
    );
}

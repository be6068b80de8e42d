//! A policy that is edited manually on the node: which command activates it, what is recorded, and that it is never lost.

use crate::support::{Ended, Tree};

const POLICY: &str = "/etc/kubernetes/audit/policy.yaml";
const LOG: &str = "/var/log/kubernetes/audit/audit.log";
const EDITED: &[u8] = b"apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Request}]\n";
const AGAIN: &[u8] = b"apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None}]\n";

/// A node with audit logging on.
fn enabled() -> Tree {
    let tree = Tree::with_manifest(include_bytes!("../../templates/sample-node/kube-apiserver.yaml"));
    done(&tree, &["enable", "--policy", "default", "--log-path", LOG]);
    tree
}

fn done(tree: &Tree, arguments: &[&str]) -> Ended {
    let ended = tree.run(arguments);
    assert_eq!(ended.code, 0, "{arguments:?}: {}", ended.stderr);
    ended
}

fn policy(tree: &Tree) -> Vec<u8> {
    tree.read(POLICY).unwrap()
}

fn note(generation: u64) -> String {
    format!(
        "note: {POLICY} was edited by hand since generation {generation}: this change activates the edit\n"
    )
}

#[test]
fn a_restart_and_an_enable_adopt_the_edit_and_say_so_once() {
    for arguments in [&["restart"][..], &["enable", "--log-maxage", "60"], &["enable"]] {
        let tree = enabled();
        let preset = policy(&tree);
        tree.write(POLICY, EDITED);
        let taken = done(&tree, arguments);
        assert!(taken.stderr.contains(&note(1)), "{arguments:?}: {}", taken.stderr);
        assert!(!taken.stderr.contains("since the manifest was written"), "{}", taken.stderr);
        let again = done(&tree, &["restart"]);
        assert!(!again.stderr.contains("edited"), "{}", again.stderr);

        // Both ways: back to what it was before the edit, and to the edit.
        done(&tree, &["rollback", "--to", "1"]);
        assert_eq!(policy(&tree), preset, "{arguments:?}");
        done(&tree, &["rollback", "--to", "2"]);
        assert_eq!(policy(&tree), EDITED, "{arguments:?}");
        let status = done(&tree, &["status"]);
        assert!(status.stdout.contains("Drift:         none"), "{}", status.stdout);
    }
}

#[test]
fn an_edit_that_is_replaced_is_not_adopted() {
    let tree = enabled();
    tree.write(POLICY, EDITED);
    let replaced = done(&tree, &["enable", "--policy", "metadata"]);
    assert!(!replaced.stderr.contains("edited by hand"), "{}", replaced.stderr);
    assert!(replaced.stdout.contains("-rules: [{level: Request}]"), "{}", replaced.stdout);
}

#[test]
fn a_rollback_loses_no_edit_unless_it_is_told_to() {
    let tree = enabled();
    let preset = policy(&tree);
    done(&tree, &["enable", "--policy", "metadata"]);
    tree.write(POLICY, EDITED);
    let before = tree.manifest();
    let refused = tree.run(&["rollback"]);
    assert_eq!(refused.code, 3);
    for words in [
        &format!("error: {POLICY} was edited since generation 2"),
        "help: show what would be lost: kaudit rollback --dry-run --discard-edits",
        "help: to activate the edit and record it as a generation: kaudit restart",
    ] {
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    assert_eq!((policy(&tree), tree.manifest()), (EDITED.to_vec(), before));
    let to = tree.run(&["rollback", "--to", "0"]);
    assert!(
        to.stderr.contains("to roll back nevertheless: kaudit rollback --to 0 --discard-edits"),
        "{}",
        to.stderr
    );

    let forced = done(&tree, &["rollback", "--discard-edits"]);
    let kept = format!("{POLICY} was edited since generation 2: the present content is kept in generation 3");
    assert!(forced.stderr.contains(&kept), "{}", forced.stderr);
    assert_eq!(policy(&tree), preset);
    let record = tree.place("/var/lib/kaudit/generations/3");
    let is_kept =
        std::fs::read_dir(record).unwrap().any(|file| std::fs::read(file.unwrap().path()).unwrap() == EDITED);
    assert!(is_kept);
}

#[test]
fn a_file_that_is_gone_or_would_stay_as_it_is_keeps_no_rollback() {
    let tree = enabled();
    let preset = policy(&tree);
    done(&tree, &["enable", "--policy", "metadata"]);
    std::fs::remove_file(tree.place(POLICY)).unwrap();
    done(&tree, &["rollback"]);
    assert_eq!(policy(&tree), preset);

    done(&tree, &["rollback"]);
    tree.write(POLICY, &preset);
    done(&tree, &["rollback", "--to", "1"]);
    assert_eq!(policy(&tree), preset);
}

#[test]
fn a_policy_that_disable_left_is_not_said_to_come_into_force() {
    let tree = enabled();
    tree.write(POLICY, EDITED);
    done(&tree, &["disable"]);
    assert_eq!(policy(&tree), EDITED);
    let restarted = done(&tree, &["restart"]);
    assert!(!restarted.stderr.contains("edited"), "{}", restarted.stderr);
    let refused = tree.run(&["rollback"]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(!refused.stderr.contains("kaudit restart"), "{}", refused.stderr);
}

#[test]
fn a_plain_rollback_goes_behind_restarts() {
    let tree = enabled();
    done(&tree, &["enable", "--log-maxage", "60"]);
    let long = tree.manifest();
    done(&tree, &["restart"]);
    tree.write(POLICY, EDITED);
    done(&tree, &["restart"]);
    tree.write(POLICY, AGAIN);
    done(&tree, &["restart"]);
    let restarted = tree.manifest();

    // The last restart took an edit: that is what goes.
    done(&tree, &["rollback"]);
    assert_eq!(policy(&tree), EDITED);
    done(&tree, &["rollback", "--to", "2"]);
    assert_eq!(tree.manifest(), long);
    done(&tree, &["restart"]);
    let back = done(&tree, &["rollback"]);
    let note = "generation 6, the newest that differs by more than a restart, is restored";
    assert!(back.stderr.contains(note), "{}", back.stderr);
    assert_eq!(policy(&tree), EDITED);
    assert_ne!(tree.manifest(), restarted);
}

#[test]
fn where_only_restarts_were_made_a_rollback_undoes_the_last() {
    let tree = Tree::with_manifest(include_bytes!("../../templates/sample-node/kube-apiserver.yaml"));
    let before = tree.manifest();
    done(&tree, &["restart"]);
    done(&tree, &["rollback"]);
    assert_eq!(tree.manifest(), before);
}

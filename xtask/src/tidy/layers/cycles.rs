//! Files that import each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// From each file to the files that it imports from, with the line of the first such import.
pub(super) type Graph = BTreeMap<String, BTreeMap<String, usize>>;

/// The sets of files in which each one reaches every other one by imports, of more than one file each.
///
/// Files that lead to no cycle are left out first; what can be reached is looked up for each of the others.
pub(super) fn cycles(graph: &Graph) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        leading_to_cycles(graph).into_iter().map(|file| (file, reach(graph, file))).collect();
    let mut cycles: Vec<BTreeSet<String>> = Vec::new();
    for (file, ahead) in &reached {
        if cycles.iter().any(|cycle| cycle.contains(*file)) {
            continue;
        }
        let returns = |other: &&&str| reached.get(**other).is_some_and(|back| back.contains(file));
        let mut cycle: BTreeSet<String> =
            ahead.iter().filter(returns).map(|other| (*other).to_owned()).collect();
        cycle.insert((*file).to_owned());
        if cycle.len() > 1 {
            cycles.push(cycle);
        }
    }
    cycles
}

/// A shortest way from the first file of `cycle` back to it: files, each with the line that imports the next one.
pub(super) fn example<'a>(graph: &'a Graph, cycle: &'a BTreeSet<String>) -> Vec<(&'a str, usize)> {
    let Some(first) = cycle.first() else { return Vec::new() };
    // By the file: the file before it on the way, with the line.
    let mut before: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    let mut queue = VecDeque::from([first.as_str()]);
    while let Some(file) = queue.pop_front() {
        for (next, line) in graph.get(file).into_iter().flatten().filter(|(next, _)| cycle.contains(*next)) {
            if !before.contains_key(next.as_str()) {
                before.insert(next, (file, *line));
                queue.push_back(next);
            }
        }
    }
    let mut way = Vec::new();
    let mut at = first.as_str();
    while let Some((file, line)) = before.get(at).copied() {
        way.insert(0, (file, line));
        at = file;
        if at == first {
            break;
        }
    }
    way
}

/// The files from which a cycle can be reached.
fn leading_to_cycles(graph: &Graph) -> BTreeSet<&str> {
    let mut left: BTreeSet<&str> = graph.keys().map(String::as_str).collect();
    loop {
        let leads_on = |file: &&str| {
            graph
                .get(*file)
                .is_some_and(|targets| targets.keys().any(|target| left.contains(target.as_str())))
        };
        let next: BTreeSet<&str> = left.iter().copied().filter(|file| leads_on(file)).collect();
        if next.len() == left.len() {
            return next;
        }
        left = next;
    }
}

fn reach<'a>(graph: &'a Graph, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut stack: Vec<&str> =
        graph.get(from).into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
    while let Some(file) = stack.pop() {
        if reached.insert(file) {
            stack.extend(graph.get(file).into_iter().flat_map(BTreeMap::keys).map(String::as_str));
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::new();
        for (from, to) in edges {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned(), 7);
            graph.entry((*to).to_owned()).or_default();
        }
        graph
    }

    #[test]
    fn finds_cycles() {
        let graph =
            graph(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "d"), ("f", "a")]);
        let found: Vec<Vec<String>> =
            cycles(&graph).into_iter().map(|cycle| cycle.into_iter().collect()).collect();
        assert_eq!(found, [vec!["a", "b", "c"], vec!["d", "e"]]);
        assert_eq!(example(&graph, &cycles(&graph)[0]), [("a", 7), ("b", 7), ("c", 7)]);
    }

    #[test]
    fn finds_none_where_there_is_none() {
        assert_eq!(cycles(&graph(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])), []);
    }
}

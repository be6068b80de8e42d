//! The API server's command line, changed flag by flag.

use crate::audit::argv;
use crate::manifest::{ApiServer, Argument, FlagList};

/// The arguments of kube-apiserver; they may be in both `command` and `args`.
#[derive(Debug, Clone)]
pub(super) struct CommandLine {
    words: Vec<Argument>,
    /// Where the first flag goes when there is none.
    list: FlagList,
}

impl CommandLine {
    /// That of an API server.
    pub(super) fn of(api_server: &ApiServer) -> Self {
        Self { words: api_server.words.clone(), list: api_server.list }
    }

    /// Sets a flag: once, in place of its last occurrence.
    pub(super) fn set(&mut self, flag: &str, value: &str) {
        let text = format!("--{flag}={value}");
        let (at, list) = match self.remove(flag) {
            Some(place) => place,
            // Before all others: an argument after `--`, or after a flag without its value, is not a flag.
            None => (0, self.words.first().map_or(self.list, |word| word.list)),
        };
        self.words.insert(at.min(self.words.len()), Argument { list, index: 0, text });
    }

    /// Removes every occurrence of a flag, and returns the place of the last one.
    pub(super) fn remove(&mut self, flag: &str) -> Option<(usize, FlagList)> {
        let mut place = None;
        loop {
            let words: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
            // The first one, so that the place of the last one accounts for the removed ones before it.
            let found = argv::scan(&words).into_iter().find(|found| found.flag == flag);
            let Some(found) = found else { return place };
            let removed: Vec<Argument> = self.words.drain(found.item..found.item + found.items).collect();
            place = removed.first().map(|word| (found.item, word.list));
        }
    }

    /// The items of `list` as they are now. `before` are its original items; `api_server` tells which of them were flags.
    pub(super) fn items(&self, list: FlagList, api_server: &ApiServer, before: &[String]) -> Vec<String> {
        let own = api_server.words.iter().filter(|word| word.list == list).count();
        let program = before.iter().take(before.len().saturating_sub(own)).cloned();
        let words = self.words.iter().filter(|word| word.list == list).map(|word| word.text.clone());
        program.chain(words).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Items of `command`, then of `args`, the program first.
    fn command_line(command: &[&str], args: &[&str]) -> (ApiServer, [Vec<String>; 2]) {
        let lists = [(FlagList::Command, command), (FlagList::Args, args)];
        let words: Vec<Argument> = lists
            .iter()
            .flat_map(|(list, items)| {
                items.iter().enumerate().map(|(index, text)| Argument {
                    list: *list,
                    index,
                    text: (*text).to_owned(),
                })
            })
            .skip(1)
            .collect();
        let list = words.last().map_or(FlagList::Command, |word| word.list);
        let api_server =
            ApiServer { container: 0, image: String::new(), words, list, first: 0, len: args.len() };
        (api_server, lists.map(|(_, items)| items.iter().map(|text| (*text).to_owned()).collect()))
    }

    fn after(command: &[&str], args: &[&str], change: impl Fn(&mut CommandLine)) -> String {
        let (api_server, [command, args]) = command_line(command, args);
        let mut line = CommandLine::of(&api_server);
        change(&mut line);
        let command = line.items(FlagList::Command, &api_server, &command);
        let args = line.items(FlagList::Args, &api_server, &args);
        format!("{} | {}", command.join(" "), args.join(" "))
    }

    #[test]
    fn a_flag_is_set_once_wherever_it_stands() {
        let set = |command: &[&str], args: &[&str]| after(command, args, |line| line.set("secure-port", "7"));
        for (command, args, expected) in [
            (&["k"][..], &[][..], "k --secure-port=7 | "),
            (&["k", "--a"], &["--b"], "k --secure-port=7 --a | --b"),
            (&["k"], &["--b", "--", "c"], "k | --secure-port=7 --b -- c"),
            (&["k", "--a", "--secure-port=6", "--c"], &[], "k --a --secure-port=7 --c | "),
            (&["k", "--secure_port", "6", "--c"], &[], "k --secure-port=7 --c | "),
            (&["k", "--secure-port"], &["6", "--c"], "k --secure-port=7 | --c"),
            (&["k", "--secure-port=5", "--c"], &["--secure-port", "6"], "k --c | --secure-port=7"),
            (&["k", "--", "--secure-port=6"], &[], "k --secure-port=7 -- --secure-port=6 | "),
        ] {
            assert_eq!(set(command, args), expected);
        }
    }

    #[test]
    fn a_flag_is_removed_with_its_value() {
        let remove = |command: &[&str], args: &[&str]| {
            after(command, args, |line| {
                line.remove("a");
            })
        };
        assert_eq!(remove(&["k", "--a", "1", "--b", "--a=2"], &["--a"]), "k --b | ");
        assert_eq!(remove(&["k", "--b"], &[]), "k --b | ");
    }
}

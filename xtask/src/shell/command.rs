//! Starting commands: each is printed as a shell command line, and errors name it.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// Runs `command` with this terminal's streams.
///
/// # Errors
///
/// When it cannot be started or does not succeed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = show(command);
    println!("$ {line}");
    let status = command.status().with_context(|| format!("starting `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Runs `command` and returns what it wrote to stdout; its stderr goes to this terminal.
///
/// # Errors
///
/// When it cannot be started, does not succeed, or writes something that is not UTF-8.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let line = show(command);
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("starting `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` ended with {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("reading the output of `{line}`"))
}

/// `command` as a readable line, with the variables that were set for it. Arguments with blanks are quoted.
pub(crate) fn show(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| {
        value.map(|value| format!("{}={}", name.to_string_lossy(), value.to_string_lossy()))
    });
    // The name of cargo is enough; its full path is not helpful.
    let program = command.get_program();
    let program = std::path::Path::new(program).file_name().unwrap_or(program).to_string_lossy().into_owned();
    let words = command.get_args().map(|word| {
        let word = word.to_string_lossy();
        if word.contains([' ', '"', '*']) { format!("'{word}'") } else { word.into_owned() }
    });
    variables.chain([program]).chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_a_command_as_it_could_be_typed() {
        let mut command = Command::new("/opt/bin/cargo");
        command.args(["test", "--test", "yaml_*"]).env("CASES", "7").env_remove("OTHER");
        assert_eq!(show(&command), "CASES=7 cargo test --test 'yaml_*'");
    }

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c 'exit 3'` ended with exit status: 3");
    }
}

//! A check of the sources: a log line passes an error through `error_chain`, which adds the causes.
//!
//! `%error` and `?error` print the outermost error only, such as "internal error". An error without a source may be
//! logged like that if [`WITHOUT_SOURCE`] names it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The crates that log errors of the database and of the vault.
const CRATES: [&str; 5] = ["vault", "worker", "api", "cli", "storage"];

/// Log fields of errors whose type has no source: the file and the field.
const WITHOUT_SOURCE: [(&str, &str); 1] = [
    // The error number of a system call.
    ("installation.rs", "%error"),
];

/// An argument that contains this prints the causes, too.
const WITH_CAUSES: &str = "error_chain(";

const MACROS: [&str; 6] = [
    "error!(", "warn!(", "info!(", "debug!(", "trace!(", "event!(",
];

#[test]
fn every_log_line_of_an_error_uses_the_error_chain() {
    let (mut report, mut chained) = (Vec::new(), 0);
    for file in CRATES.iter().flat_map(|it| sources(&source_folder(it))) {
        let text = fs::read_to_string(&file).expect("a source file is text");
        let names = error_names(&text);
        let is_allowed = |field: &&str| {
            let mut allowed = WITHOUT_SOURCE.iter();
            allowed.any(|(name, it)| file.ends_with(name) && it == field)
        };
        for arguments in log_calls(product_code(&text)) {
            chained += usize::from(arguments.iter().any(|it| it.contains("error_chain(")));
            let faulty = arguments.into_iter().filter(|it| is_faulty(it, &names));
            let faulty = faulty.filter(|it| !is_allowed(it));
            report.extend(faulty.map(|it| format!("{}: {it}", file.display())));
        }
    }
    assert!(
        report.is_empty(),
        "log these errors with error_chain:\n{}",
        report.join("\n")
    );
    assert!(chained >= 10, "{chained} log lines of errors were found");
}

#[test]
fn the_source_check_finds_an_error_without_its_cause() {
    let names = error_names("match it { Err(broken) => {} Err(Error::Stale) => {} }");
    for argument in [
        "error = %error",
        "cause = ?std::error::Error::source(&error)",
        "%error",
        "?broken",
        "why = %broken",
        "error = broken.to_string()",
        "\"it failed: {error}\"",
        "\"it failed: {broken:?}\"",
    ] {
        assert!(is_faulty(argument, &names), "{argument}");
    }
    for argument in [
        "error = &*error_chain(&error)",
        "tenant.id = %scope.tenant()",
        "\"the broken error is logged\"",
    ] {
        assert!(!is_faulty(argument, &names), "{argument}");
    }
    let calls = log_calls(r#"Err(it) => warn!(a = f(b, "(x"), "it, {}", [c, d]); my_error!(e) }"#);
    assert_eq!(calls, [[r#"a = f(b, "(x")"#, r#""it, {}""#, "[c, d]"]]);
}

fn source_folder(name: &str) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.join("../crates").join(name).join("src")
}

/// The source files of a folder, without files of tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder exists") {
        let path = entry.expect("an entry").path();
        let name = path.to_string_lossy();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if name.ends_with(".rs")
            && !name.ends_with("tests.rs")
            && !name.ends_with("_test.rs")
        {
            files.push(path);
        }
    }
    files
}

/// A source file without the module of tests at its end.
fn product_code(text: &str) -> &str {
    let mut modules = text.match_indices("#[cfg(test)]\nmod ");
    let inline = modules.find(|(at, _)| {
        let declaration = text[*at..].lines().nth(1);
        declaration.is_some_and(|it| it.ends_with('{'))
    });
    inline.map_or(text, |(at, _)| &text[..at])
}

/// The names of errors in a file: the usual ones, and each name in an `Err(name)`.
fn error_names(text: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::from(["error", "err", "cause", "source"]);
    for bound in text.split("Err(").skip(1) {
        if let Some((name, _)) = bound.split_once(')')
            && !name.is_empty()
            && name.chars().all(is_of_identifier)
        {
            names.insert(name);
        }
    }
    names
}

/// The arguments of each log macro in a text.
fn log_calls(text: &str) -> Vec<Vec<&str>> {
    let mut calls = Vec::new();
    for name in MACROS {
        for (at, _) in text.match_indices(name) {
            if !text[..at].ends_with(is_of_identifier) {
                calls.push(read_arguments(&text[at + name.len()..]));
            }
        }
    }
    calls
}

/// The arguments at the start of a text, up to the bracket that ends them.
fn read_arguments(text: &str) -> Vec<&str> {
    let (mut arguments, mut start) = (Vec::new(), 0);
    let (mut depth, mut is_quoted, mut is_escaped) = (0_u32, false, false);
    for (at, it) in text.char_indices() {
        match it {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ')' | ',' if depth == 0 => {
                arguments.push(text[start..at].trim());
                start = at + 1;
                if it == ')' {
                    break;
                }
            }
            _ => {}
        }
    }
    arguments.retain(|it| !it.is_empty());
    arguments
}

/// Whether an argument of a log macro prints an error without its causes.
fn is_faulty(argument: &str, names: &BTreeSet<&str>) -> bool {
    if argument.contains(WITH_CAUSES) {
        return false;
    }
    if argument.starts_with('"') {
        let mut inline = argument.split('{').skip(1);
        return inline.any(|it| {
            it.split(['}', ':'])
                .next()
                .is_some_and(|it| names.contains(it))
        });
    }
    let mut identifiers = argument.split(|it| !is_of_identifier(it));
    identifiers.any(|it| names.contains(it))
}

fn is_of_identifier(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}

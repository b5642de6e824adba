//! What every file of the repository keeps to. A rule that fails names the file, the line and what to do.
//!
//! Exceptions are listed by name and may only become fewer and smaller: one that is no longer needed is a failure too.

mod lexer;
mod tree;

use tree::{RustFile, rust_files, text, texts};

/// A line is at most so wide.
const COLUMNS_MAX: usize = 120;
/// A file is at most so long.
const FILE_LINES_MAX: usize = 600;
/// A function is at most so long.
const FUNCTION_LINES_MAX: usize = 60;
/// Longer functions, and how long they are.
const LONG_FUNCTIONS: [(&str, &str, usize); 0] = [];
/// What says nothing about what is inside.
const EMPTY_NAMES: [&str; 4] = ["utils", "helpers", "common", "manager"];
/// Each crate with those of the workspace it may know.
const MAY_KNOW: [(&str, &[&str]); 6] = [
    ("domain", &[]),
    ("store", &[]),
    ("actors", &["domain", "store"]),
    ("http", &["domain", "actors"]),
    ("simulation", &["domain", "store", "actors"]),
    ("fuzz", &["domain", "store", "actors", "http"]),
];
/// Who may know whom in tests alone: an engine is started with the options and the disk of its store.
const MAY_KNOW_IN_TESTS: [(&str, &str); 1] = [("http", "store")];

fn report(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}\n", findings.join("\n  "));
}

/// Each place of a file's code where one of these stands as whole words.
fn places(code: &str, path: &str, wanted: &[&str]) -> Vec<String> {
    let is_word = |known: char| known.is_alphanumeric() || known == '_';
    let mut found = Vec::new();
    for (number, line) in (1..).zip(code.lines()) {
        for &what in wanted {
            let whole = line.match_indices(what).any(|(place, _)| {
                let before = line[..place].chars().next_back();
                let after = line[place + what.len()..].chars().next();
                let opens = what.starts_with(is_word) && before.is_some_and(is_word);
                let goes_on = what.ends_with(is_word) && after.is_some_and(is_word);
                !opens && !goes_on
            });
            if whole {
                found.push(format!("{path}:{number}: {what}"));
            }
        }
    }
    found
}

fn places_in(files: &[RustFile], wanted: &[&str], code: impl Fn(&RustFile) -> &str) -> Vec<String> {
    files.iter().flat_map(|file| places(code(file), &file.path, wanted)).collect()
}

fn is_source(path: &str) -> bool {
    path.starts_with("src/") || path.contains("/src/")
}

#[test]
fn lines_are_at_most_120_columns_wide() {
    let mut wide = Vec::new();
    for file in rust_files() {
        for (number, line) in (1..).zip(file.text.lines()) {
            let columns = line.chars().count();
            if columns > COLUMNS_MAX {
                wide.push(format!("{}:{number}: {columns} columns", file.path));
            }
        }
    }
    report("break these lines", &wide);
}

#[test]
fn files_are_at_most_600_lines_long() {
    let measured = rust_files().into_iter().map(|file| (file.text.lines().count(), file.path));
    let long: Vec<_> = measured
        .filter(|(lines, _)| *lines > FILE_LINES_MAX)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    report("split these files by subject", &long);
}

#[test]
fn functions_are_at_most_60_lines_long() {
    let mut findings = Vec::new();
    let mut excepted = Vec::new();
    for file in rust_files() {
        for function in
            lexer::functions(&file.code).into_iter().filter(|known| known.lines > FUNCTION_LINES_MAX)
        {
            let (path, lexer::Function { name, line, lines }) = (&file.path, function);
            let known =
                LONG_FUNCTIONS.iter().find(|(in_path, of_name, _)| in_path == path && *of_name == name);
            match known {
                None => findings.push(format!("{path}:{line}: {name} has {lines} lines")),
                Some((_, _, most)) if lines != *most => {
                    findings
                        .push(format!("{path}:{line}: {name} has {lines} lines and is listed with {most}"));
                }
                Some(known) => excepted.push(known),
            }
        }
    }
    let over = LONG_FUNCTIONS.iter().filter(|known| !excepted.contains(known));
    findings.extend(over.map(|(path, name, _)| format!("{path}: {name} is listed and needs no exception")));
    report("divide these functions, or bring the list down", &findings);
}

#[test]
fn nothing_unwraps_outside_tests() {
    let files = rust_files();
    report(
        "answer an error, or name the invariant with expect",
        &places_in(&files, &[".unwrap()"], |file| &file.production),
    );
}

#[test]
fn nothing_is_left_to_do() {
    let wanted = ["todo!(", "unimplemented!(", "dbg!("];
    report("finish these", &places_in(&rust_files(), &wanted, |file| &file.code));
}

#[test]
fn the_domain_asks_no_clock_and_knows_no_binary_floating_point() {
    let files: Vec<_> =
        rust_files().into_iter().filter(|file| file.path.starts_with("domain/src/")).collect();
    assert!(files.len() > 20, "the domain is where it is looked for");
    let wanted = [
        "SystemTime::now",
        "Instant::now",
        "Utc::now",
        "Zoned::now",
        "Timestamp::now",
        "now_v7",
        "new_v4",
        "f32",
        "f64",
    ];
    report(
        "time and ids come in by the context; amounts are integers",
        &places_in(&files, &wanted, |file| &file.code),
    );
}

#[test]
fn dependencies_go_one_way() {
    let mut findings = Vec::new();
    for (name, may_know) in MAY_KNOW {
        let path = format!("{name}/Cargo.toml");
        for Dependency { line, name: known, for_tests } in dependencies(&text(&path)) {
            let of_workspace = MAY_KNOW.iter().map(|(name, _)| *name).find(|name| {
                known == *name
                    || known == format!("laurel-{name}")
                    || line.contains(&format!("\"../{name}\""))
            });
            let may = |other: &str| {
                may_know.contains(&other) || for_tests && MAY_KNOW_IN_TESTS.contains(&(name, other))
            };
            if let Some(other) = of_workspace.filter(|other| !may(other)) {
                findings.push(format!("{path}: {name} may not know {other}"));
            }
            if known == "laurel" {
                findings.push(format!("{path}: {name} may not know the program"));
            }
        }
    }
    report("turn the dependency around", &findings);
}

/// A dependency in a manifest.
struct Dependency<'a> {
    line: &'a str,
    name: &'a str,
    for_tests: bool,
}

/// The dependencies of a manifest, of any kind.
fn dependencies(manifest: &str) -> Vec<Dependency<'_>> {
    let (mut found, mut inside, mut for_tests) = (Vec::new(), false, false);
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_end_matches(']');
            inside = header.ends_with("dependencies");
            for_tests = header.contains("dev-dependencies");
            if let Some((_, name)) = header.split_once("dependencies.") {
                found.push(Dependency { line, name, for_tests });
            }
        } else if inside && let Some((name, _)) = line.split_once(['.', '=']) {
            found.push(Dependency { line, name: name.trim(), for_tests });
        }
    }
    found
}

#[test]
fn every_kind_of_dependency_is_seen() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\n\
                    [dev-dependencies]\nb = { path = \"../b\" }\n\
                    [target.'cfg(unix)'.dependencies.c]\nversion = \"1\"\n[lints]\nworkspace = true\n";
    let found = dependencies(manifest);
    let names: Vec<_> = found.iter().map(|known| (known.name, known.for_tests)).collect();
    assert_eq!(names, [("a", false), ("b", true), ("c", false)]);
}

#[test]
fn the_encoding_is_named_in_one_file() {
    let files: Vec<_> = rust_files().into_iter().filter(|file| file.path != "store/src/codec.rs").collect();
    let mut findings = places_in(&files, &["bincode"], |file| &file.code);
    for name in ["domain", "actors", "http"] {
        let path = format!("{name}/Cargo.toml");
        let named = dependencies(&text(&path)).into_iter().any(|known| known.name.starts_with("bincode"));
        findings.extend(named.then(|| format!("{path}: bincode")));
    }
    report("use store::codec", &findings);
}

#[test]
fn modules_are_named_for_what_they_own() {
    let mut findings = Vec::new();
    for file in rust_files() {
        let named = file.path.trim_end_matches(".rs").split('/').any(|part| EMPTY_NAMES.contains(&part));
        findings.extend(named.then(|| file.path.clone()));
        let inline = EMPTY_NAMES.map(|name| format!("mod {name}"));
        findings.extend(places(&file.code, &file.path, &inline.each_ref().map(String::as_str)));
    }
    report("find the name of the subject", &findings);
}

#[test]
fn every_source_begins_with_what_it_owns() {
    let sources = rust_files().into_iter().filter(|file| is_source(&file.path));
    let silent: Vec<_> = sources.filter(|file| !file.text.starts_with("//!")).map(|file| file.path).collect();
    report("begin with //! and what the module owns", &silent);
}

#[test]
fn texts_speak_of_the_product_alone() {
    let mut findings = Vec::new();
    // The rules name what they forbid.
    for file in texts().into_iter().filter(|file| !file.path.starts_with("tests/tidy/")) {
        for (number, line) in (1..).zip(file.text.lines()) {
            if let Some(what) = foreign(line) {
                findings.push(format!("{}:{number}: {what}", file.path));
            }
        }
    }
    report("say it without", &findings);
}

/// What in a line is not about the product: how it was made, or a place on one machine.
fn foreign(line: &str) -> Option<&'static str> {
    const FOLDERS: [&str; 6] = ["/home/", "/root/", "/tmp/", "/work/", "/Users/", "C:\\"];
    let lower = line.to_lowercase();
    // The platform whose protocol is spoken is called SessionM, and one of its members `is_session_m`.
    let of_platform = |rest: &str| rest.starts_with('m') || rest.starts_with("_m");
    let speaks =
        lower.match_indices("session").any(|(place, word)| !of_platform(&lower[place + word.len()..]));
    if speaks {
        return Some("session");
    }
    if lower.contains("issue #") {
        return Some("issue #");
    }
    let begins = |place: usize| {
        let before = line[..place].chars().next_back();
        before.is_none_or(|known| !(known.is_alphanumeric() || matches!(known, '/' | '.' | '_' | '-' | '}')))
    };
    FOLDERS.into_iter().find(|folder| line.match_indices(folder).any(|(place, _)| begins(place)))
}

#[test]
fn foreign_words_are_seen_and_others_are_not() {
    assert_eq!(foreign("as agreed in an earlier Session"), Some("session"));
    assert_eq!(foreign("`SessionM_ID`: the platform's id"), None);
    assert_eq!(foreign("is_session_m"), None);
    assert_eq!(foreign("see Issue #12"), Some("issue #"));
    assert_eq!(foreign("data in `/tmp/x`"), Some("/tmp/"));
    assert_eq!(foreign("https://example.com/home/x and target/tmp/x"), None);
}

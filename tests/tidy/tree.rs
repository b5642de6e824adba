//! The files of the repository that the rules are about.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::lexer::{block_length, code_of};

/// Folders with Rust sources, besides the documents at the top.
const FOLDERS: [&str; 11] =
    ["src", "domain", "store", "actors", "http", "simulation", "fuzz", "tests", "benches", "docs", "demo"];
/// What the rules look into; anything else is data.
const ENDINGS: [&str; 4] = ["rs", "md", "toml", "py"];

/// A file with Rust code.
pub struct RustFile {
    /// From the top of the repository, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
    /// Without comments and literals.
    pub code: String,
    /// Without the parts that are only built for tests. Empty for tests, benches and examples.
    pub production: String,
}

/// A text of any kind.
pub struct TextFile {
    /// From the top of the repository, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// The top of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All texts.
pub fn texts() -> Vec<TextFile> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root()).expect("the repository can be read") {
        let path = entry.expect("the repository can be read").path();
        if path.is_file() {
            add(&path, &mut files);
        }
    }
    for folder in FOLDERS {
        add_folder(&root().join(folder), &mut files);
    }
    assert!(files.len() > 100, "the repository is where it is looked for");
    files.sort_by(|left, right| left.path.cmp(&right.path));
    files
}

/// The text of one file.
pub fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All Rust files.
pub fn rust_files() -> Vec<RustFile> {
    let files: Vec<_> = texts().into_iter().filter(|file| file.path.ends_with(".rs")).collect();
    let codes: Vec<_> = files.iter().map(|file| code_of(&file.text)).collect();
    let mut only_for_tests = Vec::new();
    for (file, code) in files.iter().zip(&codes) {
        only_for_tests.extend(test_modules(code).into_iter().map(|name| module_path(&file.path, &name)));
    }
    let is_production = |path: &str| {
        let sources = path.starts_with("src/") || path.contains("/src/");
        sources
            && !only_for_tests.iter().any(|module| {
                path.starts_with(&format!("{module}.rs")) || path.starts_with(&format!("{module}/"))
            })
    };
    let made = files.into_iter().zip(codes).map(|(TextFile { path, text }, code)| {
        let production = if is_production(&path) { without_tests(&code) } else { String::new() };
        RustFile { path, text, code, production }
    });
    made.collect()
}

fn add_folder(folder: &Path, files: &mut Vec<TextFile>) {
    // A folder may not be there yet.
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("the repository can be read").path();
        let is_built = path.file_name().is_some_and(|name| name == "target" || name == "laurel-data");
        if path.is_dir() && !is_built {
            add_folder(&path, files);
        } else if path.is_file() {
            add(&path, files);
        }
    }
}

fn add(path: &PathBuf, files: &mut Vec<TextFile>) {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if ENDINGS.contains(&ending) {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let path = path.strip_prefix(root()).expect("the file is in the repository");
        files.push(TextFile { path: path.to_string_lossy().replace('\\', "/"), text });
    }
}

const TEST_ONLY: &str = "#[cfg(test)]";

/// The names of modules in files of their own that are only built for tests.
fn test_modules(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (place, _) in code.match_indices(TEST_ONLY) {
        let item = code[place + TEST_ONLY.len()..].trim_start();
        let name = item.trim_start_matches("pub ").strip_prefix("mod ").and_then(|rest| rest.split_once(';'));
        names.extend(name.map(|(name, _)| name.trim().to_owned()).filter(|name| !name.contains('{')));
    }
    names
}

/// Where a module of a file is, without its ending.
fn module_path(parent: &str, name: &str) -> String {
    let (folder, file) = parent.rsplit_once('/').unwrap_or(("", parent));
    match file {
        "mod.rs" | "lib.rs" | "main.rs" => format!("{folder}/{name}"),
        _ => format!("{}/{name}", parent.trim_end_matches(".rs")),
    }
}

/// The code with the items that are only built for tests made blank.
fn without_tests(code: &str) -> String {
    let mut left = code.to_owned();
    while let Some(place) = left.find(TEST_ONLY) {
        let (open, end) = (left[place..].find('{'), left[place..].find(';'));
        let length = match (open, end) {
            (Some(open), end) if end.is_none_or(|end| open < end) => {
                open + block_length(&left[place + open..]).unwrap_or(1)
            }
            (_, Some(end)) => end + 1,
            (_, None) => TEST_ONLY.len(),
        };
        let blank: String = left[place..place + length]
            .chars()
            .map(|known| if known == '\n' { known } else { ' ' })
            .collect();
        left.replace_range(place..place + length, &blank);
    }
    left
}

#[test]
fn test_code_is_told_from_production() {
    let code = "fn a() { x.unwrap() }\n#[cfg(test)]\nmod tests {\n fn b() { y }\n}\n\
                #[cfg(test)]\nmod fake;\nfn c() {}\n";
    let left = without_tests(code);
    assert_eq!(left.lines().count(), code.lines().count());
    assert!(
        left.contains("unwrap") && left.contains("fn c()") && !left.contains('y') && !left.contains("fake")
    );
    assert_eq!(test_modules(code), ["fake"]);
    assert_eq!(module_path("src/delivery/mod.rs", "fake"), "src/delivery/fake");
    assert_eq!(module_path("src/delivery.rs", "fake"), "src/delivery/fake");
}

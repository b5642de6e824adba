//! Rust text without its comments and literals, so that what is looked for is found in code alone, and braces match.
//!
//! Knows only as much of the language as that takes. Every line keeps its number and its width.

/// What a place of a source file is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    LineComment,
    /// Nested so deep.
    BlockComment(usize),
    Text,
    /// Ended by a quotation mark and so many number signs.
    RawText(usize),
}

/// The text with comments, string and character literals made blank.
pub fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let (mut code, mut at, mut part) = (String::with_capacity(text.len()), 0, Part::Code);
    while at < chars.len() {
        let (next, taken) = step(&chars, at, part);
        let blank = part != Part::Code || next != Part::Code;
        let character = part == Part::Code && next == Part::Code && taken > 1;
        for &taken in &chars[at..(at + taken).min(chars.len())] {
            code.push(if taken == '\n' || !(blank || character) { taken } else { ' ' });
        }
        at += taken;
        part = next;
    }
    code
}

/// What comes next, and how many characters belong to the step. A step over several characters of code is a character
/// literal.
fn step(chars: &[char], at: usize, part: Part) -> (Part, usize) {
    let here =
        |text: &str| text.chars().enumerate().all(|(place, wanted)| chars.get(at + place) == Some(&wanted));
    match part {
        Part::Code => step_in_code(chars, at),
        Part::LineComment if chars[at] == '\n' => (Part::Code, 1),
        Part::BlockComment(depth) if here("/*") => (Part::BlockComment(depth + 1), 2),
        Part::BlockComment(1) if here("*/") => (Part::Code, 2),
        Part::BlockComment(depth) if here("*/") => (Part::BlockComment(depth - 1), 2),
        Part::Text if chars[at] == '\\' => (Part::Text, 2),
        Part::Text if chars[at] == '"' => (Part::Code, 1),
        Part::RawText(signs) if chars[at] == '"' && count_signs(chars, at + 1) >= signs => {
            (Part::Code, 1 + signs)
        }
        Part::LineComment | Part::BlockComment(_) | Part::Text | Part::RawText(_) => (part, 1),
    }
}

fn step_in_code(chars: &[char], at: usize) -> (Part, usize) {
    let next = chars.get(at + 1).copied();
    match chars[at] {
        '/' if next == Some('/') => (Part::LineComment, 2),
        '/' if next == Some('*') => (Part::BlockComment(1), 2),
        '"' => (Part::Text, 1),
        'r' if !ends_word(chars, at) => {
            let signs = count_signs(chars, at + 1);
            match chars.get(at + 1 + signs) {
                Some('"') => (Part::RawText(signs), 2 + signs),
                _ => (Part::Code, 1),
            }
        }
        '\'' => (Part::Code, character_length(chars, at)),
        _ => (Part::Code, 1),
    }
}

/// The place continues a word, so a letter there begins no literal; but `br` and `cr` do.
fn ends_word(chars: &[char], at: usize) -> bool {
    let is_word =
        |place: usize| chars.get(place).is_some_and(|known| known.is_alphanumeric() || *known == '_');
    let Some(before) = at.checked_sub(1).filter(|&before| is_word(before)) else { return false };
    let prefix = matches!(chars[before], 'b' | 'c');
    !prefix || before.checked_sub(1).is_some_and(is_word)
}

fn count_signs(chars: &[char], from: usize) -> usize {
    chars.iter().skip(from).take_while(|&&sign| sign == '#').count()
}

/// The length of a character literal, or 1 for the mark of a lifetime.
fn character_length(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => {
            let end = chars.iter().skip(at + 3).take(12).position(|&known| known == '\'');
            end.map_or(1, |end| end + 4)
        }
        (Some(_), Some('\'')) => 3,
        _ => 1,
    }
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line it begins on, from 1.
    pub line: usize,
    /// From the line with its name to the line that closes it.
    pub lines: usize,
}

/// All functions with a body, those inside others included. Takes the code alone.
pub fn functions(code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("fn ") {
        let before = code[..start].chars().next_back();
        if before.is_some_and(|known| known.is_alphanumeric() || known == '_') {
            continue;
        }
        let rest = &code[start + 3..];
        let name: String =
            rest.chars().take_while(|known| known.is_alphanumeric() || *known == '_').collect();
        let Some(open) = body_of(rest).filter(|_| !name.is_empty()) else { continue };
        let Some(length) = block_length(&rest[open..]) else { continue };
        let line = 1 + code[..start].matches('\n').count();
        let lines = 1 + rest[..open + length].matches('\n').count();
        found.push(Function { name, line, lines });
    }
    found
}

/// Where the body of a function begins; none: it has no body.
fn body_of(signature: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, known) in signature.char_indices() {
        match known {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.checked_sub(1)?,
            '{' if depth == 0 => return Some(place),
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// How long a block is that begins with its brace.
pub fn block_length(code: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, known) in code.char_indices() {
        match known {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(place + 1),
            '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

#[test]
fn comments_and_literals_are_blank_and_lines_stay() {
    let text =
        "let a = \"} // \\\" {\"; // }\nlet b = '{'; let c = br#\"\"}\"#; /* { /* } */ */ f::<'a>();\n";
    let code = code_of(text);
    assert_eq!(code.lines().count(), 2);
    assert!(!code.contains(['{', '}', '"']), "{code}");
    assert!(code.contains("let a =") && code.contains("let c = b") && code.contains("f::<'a>();"), "{code}");
    assert_eq!(code_of("let d = '\\u{1F980}'; x"), format!("let d = {}; x", " ".repeat(11)));
}

#[test]
fn functions_are_measured() {
    let code = "trait T { fn no_body(&self);\n fn short() {} }\n\
                fn long(\n a: [u8; 3],\n) -> u8 {\n if x { 1 } else { 2 }\n}\n";
    let measured: Vec<_> =
        functions(code).into_iter().map(|found| (found.name, found.line, found.lines)).collect();
    assert_eq!(measured, [("short".to_owned(), 2, 1), ("long".to_owned(), 3, 5)]);
}

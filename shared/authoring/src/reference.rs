//! The reference of the language as documents: every YAML block in it.

const TEXT: &str = include_str!("../../../docs/program-language.md");

/// What the examples of tests take for granted, as the reference's own test document does.
const HEAD: &str = "partner: p
background: {associations: [{kind: partner-of-record, customers: all, from: 2020-01-01}]}
tests:
";

/// The documents of the reference, each named after the line it begins on. Blocks that are no whole
/// document hold tests.
pub fn documents() -> Vec<(String, String)> {
    blocks(TEXT, "yaml")
        .into_iter()
        .map(|(line, block)| (format!("program-language.md:{line}"), whole(line, block)))
        .collect()
}

fn whole(line: usize, block: String) -> String {
    if block.starts_with("language: 1") {
        return block;
    }
    let cases: String =
        block.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect();
    format!("language: 1\nkind: Tests\nid: acme/examples-{line}\n{HEAD}{cases}")
}

/// The blocks of a text in this language, each with the line, from 1, on which it begins.
pub fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (place, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(word), false) if word == language => {
                found.push((place + 2, String::new()));
                open = true;
            }
            (Some(""), true) => open = false,
            (_, true) => {
                if let Some((_, block)) = found.last_mut() {
                    block.push_str(line);
                    block.push('\n');
                }
            }
            _ => {}
        }
    }
    found
}

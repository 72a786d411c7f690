//! The tutorial, command by command: files are written, changes made, commands run, and every line that it
//! shows is printed.

mod terminal;

use std::path::Path;

use terminal::command;

const TEXT: &str = include_str!("../../../docs/tutorial.md");

/// A paragraph or a block of the tutorial.
enum Part {
    Prose(String),
    Block(String, String),
}

fn parts() -> Vec<Part> {
    let mut parts = Vec::new();
    let mut block: Option<(String, String)> = None;
    let mut prose = String::new();
    for line in TEXT.lines() {
        match (block.take(), line.strip_prefix("```")) {
            (None, Some(language)) => block = Some((language.to_owned(), String::new())),
            (Some((language, text)), Some("")) => parts.push(Part::Block(language, text)),
            (Some((language, text)), _) => block = Some((language, format!("{text}{line}\n"))),
            (None, None) if line.is_empty() => parts.push(Part::Prose(std::mem::take(&mut prose))),
            (None, None) => prose.push_str(&format!("{line} ")),
        }
    }
    parts
}

/// What stands between back quotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Words as a shell takes them: quotes keep spaces together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            letter => {
                if let Some(word) = words.last_mut() {
                    word.push(letter);
                }
            }
        }
    }
    words
}

fn change(folder: &Path, from: &str, to: &str, file: &str) {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).expect("a file of the tutorial");
    assert_eq!(text.matches(from).count(), 1, "`{from}` in {file}");
    std::fs::write(&path, text.replace(from, to)).expect("the folder is ours");
}

/// Runs the lines of a block; paths of the tutorial are in its folder.
fn printed(folder: &Path, block: &str) -> String {
    let mut all = String::new();
    for line in block.lines() {
        let mut words = words(line);
        assert_eq!(words.drain(..2).collect::<Vec<_>>(), ["accolade", "program"], "{line}");
        for word in &mut words {
            if word == "birch" || word == "facts.ndjson" {
                *word = folder.join(&*word).display().to_string();
            }
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match command(&words) {
            Ok((text, _)) => all.push_str(&text),
            Err(error) => all.push_str(&error),
        }
    }
    all
}

#[test]
fn every_command_of_the_tutorial_answers_as_it_says() {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let (mut prose, mut output) = (String::new(), String::new());
    let (mut written, mut run, mut shown) = (0, 0, 0);
    for part in parts() {
        match part {
            Part::Prose(text) => {
                if text.starts_with("Change ")
                    && let [from, to, file] = quoted(&text).as_slice()
                {
                    change(folder.path(), from, to, file);
                }
                if !text.is_empty() {
                    prose = text;
                }
            }
            Part::Block(language, text) if language == "sh" => {
                output = printed(folder.path(), &text);
                run += 1;
            }
            Part::Block(language, text) if language == "text" => {
                for line in text.lines() {
                    assert!(output.contains(line.trim_end()), "`{line}` is not in\n{output}");
                    shown += 1;
                }
            }
            Part::Block(_, text) => {
                let files = quoted(&prose);
                assert!(prose.starts_with("Write `"), "a file has no name: {prose}");
                let path = folder.path().join(files[0]);
                std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is ours");
                std::fs::write(path, text).expect("the folder is ours");
                written += 1;
            }
        }
    }
    assert_eq!(written, 6, "files");
    assert!(run >= 10 && shown >= 25, "{run} commands, {shown} lines");
}

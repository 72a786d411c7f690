//! The layout of documents: one way to indent, whatever somebody's editor did.
//!
//! Two spaces a level, lists below their key, line feeds, no spaces at the end of a line, at most one empty
//! line. Comments stay where they are and keys keep their order; what is inside braces, brackets and
//! quotes is left alone, because tables are aligned by hand. Only a layout of the same meaning is ever
//! returned.

use crate::parse::yaml::{Node, Value, read};
use crate::problem::Problem;

/// Spaces a level.
const STEP: usize = 2;

/// The text in its layout.
///
/// # Errors
///
/// What keeps the text from being read, or that no layout of the same meaning was found.
pub fn format(file: &str, text: &str) -> Result<String, Problem> {
    let problem = |line: usize, column: usize, message: String| Problem {
        file: file.to_owned(),
        line,
        column,
        path: String::new(),
        message,
        suggestion: None,
    };
    let read = |text: &str| read(text).map_err(|stop| problem(stop.mark.line, stop.mark.column, stop.message));
    let plain = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let before = read(&plain)?;
    let mut layout = Layout::new(&plain);
    for document in &before {
        layout.node(document, 0);
    }
    let formatted = layout.written();
    let after = read(&formatted)?;
    let same = before.len() == after.len() && before.iter().zip(&after).all(|(a, b)| equal(a, b));
    if same { Ok(formatted) } else { Err(problem(1, 1, "no layout of the same meaning was found".to_owned())) }
}

/// Whether two trees say the same in the same order.
fn equal(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Text { text: a, quoted: x }, Value::Text { text: b, quoted: y }) => a == b && x == y,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k.text == l.text && equal(a, b))
        }
        _ => false,
    }
}

struct Layout<'t> {
    lines: Vec<&'t str>,
    /// The new indentation of lines that begin with a key or a list's item.
    indents: Vec<Option<usize>>,
    /// Lines that begin with a list's item: one space follows the dash.
    items: Vec<bool>,
}

impl<'t> Layout<'t> {
    fn new(text: &'t str) -> Layout<'t> {
        let lines: Vec<&str> = text.split('\n').collect();
        Layout { indents: vec![None; lines.len()], items: vec![false; lines.len()], lines }
    }

    /// The column, from 1, of the first letter of a line, from 1.
    fn begins(&self, line: usize) -> Option<usize> {
        let text = self.lines.get(line.checked_sub(1)?)?;
        text.chars().position(|letter| letter != ' ').map(|column| column + 1)
    }

    fn letter(&self, line: usize, column: usize) -> Option<char> {
        self.lines.get(line.checked_sub(1)?)?.chars().nth(column.checked_sub(1)?)
    }

    fn set(&mut self, line: usize, indent: usize) {
        if let Some(slot) = line.checked_sub(1).and_then(|line| self.indents.get_mut(line)) {
            *slot = Some(indent);
        }
    }

    /// Whether a collection is written in braces or brackets.
    fn flows(&self, node: &Node) -> bool {
        matches!(self.letter(node.mark.line, node.mark.column), Some('{' | '['))
    }

    fn node(&mut self, node: &Node, depth: usize) {
        if self.flows(node) {
            return;
        }
        match &node.value {
            Value::Map(entries) => {
                for (key, child) in entries {
                    if self.begins(key.mark.line) == Some(key.mark.column) {
                        self.set(key.mark.line, depth * STEP);
                    }
                    self.node(child, depth + 1);
                }
            }
            Value::List(items) => {
                for item in items {
                    let line = item.mark.line;
                    if self.begins(line).and_then(|column| self.letter(line, column)) == Some('-') {
                        self.set(line, depth * STEP);
                        self.items[line - 1] = true;
                    }
                    self.node(item, depth + 1);
                }
            }
            Value::Text { .. } => {}
        }
    }

    /// Every line with its new indentation. A comment goes with the line below it, what continues a line
    /// with that line.
    fn written(&self) -> String {
        let old = |place: usize| self.begins(place + 1).map_or(0, |column| column - 1);
        let mut out = String::new();
        let mut shift: isize = 0;
        let mut empty = 0;
        for (place, line) in self.lines.iter().enumerate() {
            let line = line.trim_end();
            if line.is_empty() {
                empty += 1;
                continue;
            }
            let comment = line.trim_start().starts_with('#');
            let next = (place..self.lines.len()).find(|place| self.indents[*place].is_some());
            let indent = match (self.indents[place], next.filter(|_| comment)) {
                (Some(indent), _) => {
                    shift = indent as isize - old(place) as isize;
                    indent
                }
                (None, Some(next)) if old(next) == old(place) => self.indents[next].unwrap_or_default(),
                (None, _) => usize::try_from(old(place) as isize + shift).unwrap_or_default(),
            };
            if empty > 0 && !out.is_empty() {
                out.push('\n');
            }
            empty = 0;
            out.push_str(&" ".repeat(indent));
            let content = line.trim_start_matches(' ');
            match content.strip_prefix('-').filter(|_| self.items[place]) {
                Some(rest) => out.push_str(&format!("- {}", rest.trim_start())),
                None => out.push_str(content),
            }
            out.push('\n');
        }
        out
    }
}

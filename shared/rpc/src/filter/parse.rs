//! The grammar: a scanner into words and operators, and recursive descent over them.

use super::{Comparison, Field, Filter, Op, Type, Value};
use crate::fault::{Fault, Kind, SHARED_DOMAIN};

/// The longest filter in characters.
const MAX_LENGTH: usize = 4_096;
/// How deep parentheses and negations may nest.
const MAX_DEPTH: usize = 20;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Op(Op),
    Open,
    Close,
    Minus,
}

/// Where and why a filter cannot be read.
struct Problem {
    at: usize,
    what: String,
}

type Parsed<T> = Result<T, Problem>;

fn problem<T>(at: usize, what: impl Into<String>) -> Parsed<T> {
    Err(Problem { at, what: what.into() })
}

pub(super) fn parse(text: &str, fields: &[Field]) -> Result<Filter, Fault> {
    if text.len() > MAX_LENGTH {
        return Err(refused(format!("must have at most {MAX_LENGTH} bytes")));
    }
    scan(text)
        .and_then(|tokens| {
            let mut reader = Reader { tokens, next: 0, end: text.len(), fields };
            if reader.tokens.is_empty() { Ok(Filter::All) } else { reader.whole() }
        })
        .map_err(|problem| refused(format!("at character {}: {}", problem.at + 1, problem.what)))
}

fn refused(message: String) -> Fault {
    Fault::new(Kind::InvalidArgument, SHARED_DOMAIN, "INVALID_FILTER", message.clone()).violating("filter", message)
}

fn scan(text: &str) -> Parsed<Vec<(usize, Token)>> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some(&(at, first)) = rest.peek() {
        rest.next();
        let token = match first {
            _ if first.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '=' => Token::Op(Op::Equal),
            ':' => Token::Op(Op::Has),
            '<' if rest.next_if(|it| it.1 == '=').is_some() => Token::Op(Op::LessOrEqual),
            '<' => Token::Op(Op::Less),
            '>' if rest.next_if(|it| it.1 == '=').is_some() => Token::Op(Op::GreaterOrEqual),
            '>' => Token::Op(Op::Greater),
            '!' if rest.next_if(|it| it.1 == '=').is_some() => Token::Op(Op::NotEqual),
            '!' => return problem(at, "`!` must be followed by `=`"),
            '"' | '\'' => {
                let mut value = String::new();
                loop {
                    match rest.next() {
                        Some((_, it)) if it == first => break,
                        Some((_, '\\')) => match rest.next() {
                            Some((_, it)) => value.push(it),
                            None => return problem(at, "the quote is not closed"),
                        },
                        Some((_, it)) => value.push(it),
                        None => return problem(at, "the quote is not closed"),
                    }
                }
                Token::Quoted(value)
            }
            '-' if rest.peek().is_none_or(|it| !it.1.is_ascii_digit()) => Token::Minus,
            _ => {
                let mut word = String::from(first);
                while let Some((_, it)) = rest.next_if(|it| !it.1.is_whitespace() && !"()=:<>!\"',".contains(it.1)) {
                    word.push(it);
                }
                Token::Word(word)
            }
        };
        tokens.push((at, token));
    }
    Ok(tokens)
}

struct Reader<'a> {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
    fields: &'a [Field],
}

impl Reader<'_> {
    fn whole(&mut self) -> Parsed<Filter> {
        let filter = self.conjunction(0)?;
        match self.tokens.get(self.next) {
            None => Ok(filter),
            Some((at, _)) => problem(*at, "expected AND, OR or the end"),
        }
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |it| it.0)
    }

    fn keyword(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.next), Some((_, Token::Word(have))) if have == word);
        self.next += usize::from(found);
        found
    }

    fn eat(&mut self, token: &Token) -> bool {
        let found = self.tokens.get(self.next).is_some_and(|it| it.1 == *token);
        self.next += usize::from(found);
        found
    }

    fn conjunction(&mut self, depth: usize) -> Parsed<Filter> {
        if depth > MAX_DEPTH {
            return problem(self.at(), format!("nested deeper than {MAX_DEPTH}"));
        }
        let mut parts = vec![self.disjunction(depth)?];
        while self.keyword("AND") {
            parts.push(self.disjunction(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::And(parts) })
    }

    fn disjunction(&mut self, depth: usize) -> Parsed<Filter> {
        let mut parts = vec![self.term(depth)?];
        while self.keyword("OR") {
            parts.push(self.term(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Or(parts) })
    }

    fn term(&mut self, depth: usize) -> Parsed<Filter> {
        if self.keyword("NOT") || self.eat(&Token::Minus) {
            if depth >= MAX_DEPTH {
                return problem(self.at(), format!("nested deeper than {MAX_DEPTH}"));
            }
            return Ok(Filter::Not(Box::new(self.term(depth + 1)?)));
        }
        if self.eat(&Token::Open) {
            let inner = self.conjunction(depth + 1)?;
            if !self.eat(&Token::Close) {
                return problem(self.at(), "expected `)`");
            }
            return Ok(inner);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Parsed<Filter> {
        let at = self.at();
        let Some((_, Token::Word(name))) = self.tokens.get(self.next).cloned() else {
            return problem(at, "expected a field");
        };
        let Some(field) = self.fields.iter().find(|field| field.name == name).copied() else {
            let known: Vec<_> = self.fields.iter().map(|field| field.name).collect();
            return problem(at, format!("`{name}` cannot be filtered; one of: {}", known.join(", ")));
        };
        self.next += 1;
        let Some((op_at, Token::Op(op))) = self.tokens.get(self.next).cloned() else {
            return problem(self.at(), "expected an operator: = != < <= > >= :");
        };
        self.next += 1;
        let ordered = matches!(field.kind, Type::Integer | Type::Decimal | Type::Instant | Type::Date);
        if !ordered && matches!(op, Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual) {
            return problem(op_at, format!("`{name}` has no order"));
        }
        let at = self.at();
        let (text, quoted) = match self.tokens.get(self.next).cloned() {
            Some((_, Token::Word(text))) => (text, false),
            Some((_, Token::Quoted(text))) => (text, true),
            _ => return problem(at, "expected a value"),
        };
        self.next += 1;
        let value = read_value(field, text, quoted, at)?;
        if matches!(value, Value::Prefix(_)) && !matches!(op, Op::Equal | Op::NotEqual | Op::Has) {
            return problem(at, "`*` needs `=`, `!=` or `:`");
        }
        Ok(Filter::Compare(Comparison { field: field.name, op, value }))
    }
}

fn read_value(field: Field, text: String, quoted: bool, at: usize) -> Parsed<Value> {
    let or =
        |value: Option<Value>, what: &str| value.map_or_else(|| problem(at, format!("`{text}` is not {what}")), Ok);
    match field.kind {
        Type::Text => Ok(match text.strip_suffix('*') {
            Some(start) => Value::Prefix(start.to_owned()),
            None => Value::Text(text),
        }),
        Type::Choice(names) => {
            if names.contains(&text.as_str()) {
                return Ok(Value::Text(text));
            }
            problem(at, format!("`{text}` is not one of: {}", names.join(", ")))
        }
        Type::Integer => or(text.parse().ok().map(Value::Integer), "a whole number"),
        Type::Decimal => or(text.parse().ok().map(Value::Decimal), "a number"),
        Type::Boolean if !quoted => or(text.parse().ok().map(Value::Boolean), "true or false"),
        Type::Boolean => or(None, "true or false without quotes"),
        Type::Instant => or(text.parse().ok().map(Value::Instant), "a time in quotes, as 2024-09-30T12:00:00Z"),
        Type::Date => or(text.parse().ok().map(Value::Date), "a day, as 2024-09-30"),
    }
}

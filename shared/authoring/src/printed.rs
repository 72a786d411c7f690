//! What a command answers.

use serde_json::Value;

/// A result, once for people and once for machines.
#[derive(Clone, Debug)]
pub struct Printed {
    /// For people, ending with a line break.
    pub text: String,
    /// The same for machines.
    pub json: Value,
    /// 0: all is well. 1: something failed or was found.
    pub code: u8,
}

impl Printed {
    /// The result as asked for, ending with a line break.
    pub fn shown(&self, json: bool) -> String {
        match json {
            true => format!("{:#}\n", self.json),
            false => self.text.clone(),
        }
    }
}

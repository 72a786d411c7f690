//! Configuration: defaults, then a file, then the environment, then flags.

use std::path::PathBuf;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What every environment variable of ours starts with. `__` descends: `ACCOLADE_DATABASE__URL`.
pub const ENV_PREFIX: &str = "ACCOLADE_";

/// Where a configuration is read from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// A TOML file; one that is named must exist.
    pub file: Option<PathBuf>,
    /// Settings given by flags: dotted keys and their texts. They win over everything.
    pub flags: Vec<(String, String)>,
    /// Variables under our prefix that are not configuration, without the prefix.
    pub foreign: &'static [&'static str],
}

/// Why there is no configuration. The message names every source and key that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The named file is not there.
    #[error("the configuration file {} does not exist", .0.display())]
    NoSuchFile(PathBuf),
    /// A key is unknown or its value has the wrong form.
    #[error("the configuration is wrong:{}", lines(.0))]
    Wrong(Vec<String>),
}

fn lines(all: &[String]) -> String {
    all.iter().map(|line| format!("\n  {line}")).collect()
}

/// Reads a configuration. `T` denies unknown fields, so that a misspelt key is an error and not ignored.
///
/// # Errors
/// [`ConfigError`], with every wrong value that the reader could find at once.
pub fn load<T: DeserializeOwned + Serialize + Default>(sources: &Sources) -> Result<T, ConfigError> {
    if let Some(file) = sources.file.as_ref().filter(|file| !file.is_file()) {
        return Err(ConfigError::NoSuchFile(file.clone()));
    }
    let mut figment = Figment::from(Serialized::defaults(T::default()));
    if let Some(file) = &sources.file {
        figment = figment.merge(Toml::file_exact(file));
    }
    figment = figment.merge(Env::prefixed(ENV_PREFIX).ignore(sources.foreign).split("__"));
    for (key, text) in &sources.flags {
        figment = figment.merge(Serialized::default(key, parsed(text)));
    }
    figment.extract().map_err(|errors| ConfigError::Wrong(errors.into_iter().map(|error| error.to_string()).collect()))
}

/// A flag's text as the value it looks like, as the environment does it.
fn parsed(text: &str) -> figment::value::Value {
    text.parse().unwrap_or_else(|never| match never {})
}

/// The effective configuration as TOML, secrets hidden.
///
/// # Errors
/// When the configuration has no form in TOML.
pub fn render<T: Serialize>(config: &T) -> Result<String, ConfigError> {
    let value =
        figment::value::Value::serialize(config).map_err(|error| ConfigError::Wrong(vec![error.to_string()]))?;
    let mut text = String::new();
    write_table(&mut text, "", &value);
    Ok(text)
}

fn write_table(text: &mut String, path: &str, value: &figment::value::Value) {
    use figment::value::Value;
    let Value::Dict(_, entries) = value else { return };
    let is_table = |value: &Value| matches!(value, Value::Dict(..));
    for (key, value) in entries.iter().filter(|(_, value)| !is_table(value)) {
        text.push_str(&format!("{key} = {}\n", scalar(value)));
    }
    for (key, value) in entries.iter().filter(|(_, value)| is_table(value)) {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        text.push_str(&format!("\n[{path}]\n"));
        write_table(text, &path, value);
    }
}

fn scalar(value: &figment::value::Value) -> String {
    use figment::value::Value;
    match value {
        Value::String(_, text) => format!("{text:?}"),
        Value::Bool(_, truth) => truth.to_string(),
        Value::Char(_, letter) => format!("\"{letter}\""),
        Value::Num(_, number) => {
            number.to_i128().map_or_else(|| number.to_f64().unwrap_or_default().to_string(), |n| n.to_string())
        }
        Value::Array(_, all) => format!("[{}]", all.iter().map(scalar).collect::<Vec<_>>().join(", ")),
        Value::Empty(..) | Value::Dict(..) => "\"\"".to_owned(),
    }
}

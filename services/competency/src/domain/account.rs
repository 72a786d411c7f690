//! A partner account as it is now.

/// A partner account: a global account, or a location below one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub partner: String,
    /// The global account above it; none for a global account.
    pub parent: Option<String>,
    /// The name under which the company trades.
    pub display_name: String,
    /// The country, two letters of ISO 3166-1.
    pub region_code: String,
    /// How it serves: its business types, lower case with hyphens.
    pub roles: Vec<String>,
    /// Whether it is a member in good standing; others show no badges.
    pub active: bool,
}

impl Account {
    /// The account that is evaluated for this one: skills and recognition roll up.
    pub fn root(&self) -> &str {
        self.parent.as_deref().unwrap_or(&self.partner)
    }
}

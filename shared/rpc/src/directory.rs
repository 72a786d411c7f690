//! Where the services are: the only thing that differs between one process and many.

use std::collections::BTreeMap;

use crate::client::Channel;
use crate::fault::Fault;

/// Names of services and the channels to them. A channel connects when it is first used and again
/// when it was lost, so a directory can be made before any server runs.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    channels: BTreeMap<String, Channel>,
}

impl Directory {
    /// Knows nobody.
    pub fn new() -> Directory {
        Directory::default()
    }

    /// Adds a service.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, channel: Channel) -> Directory {
        self.channels.insert(name.into(), channel);
        self
    }

    /// The channel to a service.
    ///
    /// # Errors
    /// A defect of the configuration when the name is unknown.
    pub fn get(&self, name: &str) -> Result<Channel, Fault> {
        let channel = self.channels.get(name).cloned();
        channel.ok_or_else(|| Fault::bug(format!("the directory does not know the service `{name}`")))
    }

    /// The names it knows.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.channels.keys().map(String::as_str)
    }

    /// The same services, called as somebody else: a service's own directory carries its identity.
    #[must_use]
    pub fn acting_for(&self, identity: &crate::client::Identity) -> Directory {
        let channels = self.channels.iter();
        Directory { channels: channels.map(|(name, it)| (name.clone(), it.acting_for(identity.clone()))).collect() }
    }
}

//! A PostgreSQL cluster to measure with.

use std::path::{Path, PathBuf};
use std::process::Child;

use super::cluster::{After, Cluster, binaries, guarded, start};

/// A cluster of PostgreSQL's own settings: every commit waits for the disk, and survives a loss of power. Only its
/// memory, and how much it writes between two checkpoints, are those that its manual gives a machine of some gigabytes.
/// It stops with the process, however that ends.
#[derive(Debug)]
pub struct LastingCluster {
    cluster: Cluster,
    guard: Child,
}

/// What differs from PostgreSQL's own settings.
const SETTINGS: [&str; 1] = ["-c shared_buffers=1GB -c max_wal_size=8GB"];

impl LastingCluster {
    /// Starts the cluster of a folder, which is made where it is missing and stays; without a folder one that is
    /// removed with the cluster. None where PostgreSQL is not installed. The folder's path has at most 80 characters.
    ///
    /// # Panics
    /// When the cluster cannot be started, or somebody uses it.
    pub fn start(folder: Option<&Path>) -> Option<LastingCluster> {
        let binaries = binaries()?;
        let private = || std::env::temp_dir().join(format!("accolade-lasting-{}", std::process::id()));
        let after = if folder.is_some() { After::Keep } else { After::Remove };
        let folder: PathBuf = folder.map_or_else(private, Path::to_path_buf);
        // The guard of a second one would stop the first.
        let user = server_of(&folder).filter(|server| Path::new("/proc").join(server.to_string()).exists());
        assert!(user.is_none(), "somebody uses the cluster of {folder:?}: process {user:?}");
        let guard = guarded(&folder, after);
        let cluster = start(&binaries, &folder, &SETTINGS);
        Some(LastingCluster { cluster, guard })
    }

    /// The URL of a database, whether it exists or not.
    pub fn url(&self, database: &str) -> String {
        self.cluster.url(database)
    }

    /// The number of the server's first process, whose children the others are; none when it has gone.
    pub fn server(&self) -> Option<u32> {
        server_of(self.cluster.folder())
    }

    /// Makes a fresh, empty database of this name, whatever stood under it before.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn create_database(&self, name: &str) -> String {
        let dropped = self.cluster.run_sql(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        dropped.unwrap_or_else(|error| panic!("`{name}` cannot be dropped: {error}"));
        let created = self.cluster.create_database(name).await;
        created.unwrap_or_else(|error| panic!("`{name}` cannot be made: {error}"));
        self.url(name)
    }
}

fn server_of(folder: &Path) -> Option<u32> {
    let file = std::fs::read_to_string(folder.join("data/postmaster.pid")).ok()?;
    file.lines().next()?.trim().parse().ok()
}

impl Drop for LastingCluster {
    fn drop(&mut self) {
        // The end of its input lets the guard stop the cluster.
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

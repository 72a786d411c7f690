//! A private PostgreSQL cluster of this process, and the folder of its files.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use sqlx::{Connection, Executor};

/// A running cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    socket: PathBuf,
}

/// Stops the cluster and removes the folder, or keeps it, when its input ends, which happens when the
/// process ends in any way. It ignores the signals of a terminal, because it must outlive us.
const GUARD: &str = r#"
trap '' INT TERM HUP
cat > /dev/null
if [ -f "$1/data/postmaster.pid" ]; then
    kill -"$2" "$(head -n 1 "$1/data/postmaster.pid")"
    tries=0
    while [ -f "$1/data/postmaster.pid" ] && [ $tries -lt "$3" ]; do sleep 0.05; tries=$((tries + 1)); done
fi
[ "$4" = keep ] || rm -rf "$1"
"#;

/// What becomes of a folder when nobody needs its cluster any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Its files are kept, written to the end, for a minute at most.
    Keep,
    /// It is removed.
    Remove,
}

/// The folder of this process's test databases, removed when the process ends.
pub(super) fn run_folder() -> &'static Path {
    static FOLDER: OnceLock<(PathBuf, Child)> = OnceLock::new();
    let (folder, _guard) = FOLDER.get_or_init(|| {
        // Paths of sockets are limited to about 100 characters.
        let folder = std::env::temp_dir().join(format!("accolade-tests-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let guard = guarded(&folder, After::Remove);
        (folder, guard)
    });
    folder
}

/// Makes the folder, where it is missing, and the guard of its cluster.
pub(super) fn guarded(folder: &Path, after: After) -> Child {
    std::fs::create_dir_all(folder).unwrap_or_else(|error| panic!("no folder {folder:?}: {error}"));
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(folder, open).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let orders = match after {
        After::Keep => ["INT", "1200", "keep"],
        After::Remove => ["QUIT", "100", "remove"],
    };
    Command::new("sh")
        .args(["-c", GUARD, "guard"])
        .arg(folder)
        .args(orders)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap_or_else(|error| panic!("no guard for {folder:?}: {error}"))
}

/// The cluster, started at the first call; none when PostgreSQL is not installed.
pub(super) fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    CLUSTER.get_or_init(|| binaries().map(|binaries| start(&binaries, run_folder(), &CARELESS))).as_ref()
}

/// The newest installed version's programs.
pub(super) fn binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<(u32, PathBuf)> = versions
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder)| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
        .collect();
    found.sort();
    found.pop().map(|(_, folder)| folder)
}

/// Nothing waits for any disk, and many small databases fit in.
const CARELESS: [&str; 3] = [
    "-c fsync=off -c synchronous_commit=off -c full_page_writes=off",
    "-c max_connections=500 -c shared_buffers=64MB -c max_wal_size=2GB",
    "-c log_min_messages=fatal -c log_min_error_statement=panic",
];

/// Starts the cluster of a folder, made where it is missing.
pub(super) fn start(binaries: &Path, folder: &Path, settings: &[&str]) -> Cluster {
    let data = folder.join("data");
    if !data.join("PG_VERSION").exists() {
        run(as_postgres(&binaries.join("initdb"))
            .args(["--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C"])
            .arg("--pgdata")
            .arg(&data));
    }
    let place = format!("-c listen_addresses='' -c unix_socket_directories='{}'", folder.display());
    run(as_postgres(&binaries.join("pg_ctl"))
        .args(["start", "-w", "-s"])
        .arg("-D")
        .arg(&data)
        .arg("-l")
        .arg(folder.join("log"))
        .arg("-o")
        .arg(format!("{place} {}", settings.join(" "))));
    Cluster { socket: folder.to_path_buf() }
}

/// A command that runs as the user `postgres` when we are root, because PostgreSQL refuses root.
fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    if number_of(&["-u"]) == Some(0)
        && let (Some(user), Some(group)) = (number_of(&["-u", "postgres"]), number_of(&["-g", "postgres"]))
    {
        command.uid(user).gid(group);
    }
    command
}

fn number_of(arguments: &[&str]) -> Option<u32> {
    let told = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(told.stdout).ok()?.trim().parse().ok()
}

fn run(command: &mut Command) {
    match command.stderr(Stdio::inherit()).status() {
        Ok(status) if status.success() => {}
        outcome => panic!("{command:?}: {outcome:?}"),
    }
}

impl Cluster {
    pub(super) fn folder(&self) -> &Path {
        &self.socket
    }

    pub(super) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.socket.display())
    }

    pub(super) async fn create_database(&self, name: &str) -> Result<(), sqlx::Error> {
        self.run_sql(format!("CREATE DATABASE {name}")).await
    }

    pub(super) async fn copy_database(&self, name: &str, from: &str) -> Result<(), sqlx::Error> {
        self.run_sql(format!("CREATE DATABASE {name} TEMPLATE {from}")).await
    }

    pub(super) async fn run_sql(&self, sql: String) -> Result<(), sqlx::Error> {
        let mut connection = sqlx::PgConnection::connect(&self.url("postgres")).await?;
        connection.execute(sqlx::AssertSqlSafe(sql)).await?;
        connection.close().await
    }
}

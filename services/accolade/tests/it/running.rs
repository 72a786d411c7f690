//! A running binary: its lines as they come, and its end.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// The binary, with these arguments, run in `folder` with nothing of ours in its environment.
pub fn accolade(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_accolade"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ACCOLADE_") {
            command.env_remove(name);
        }
    }
    command
}

/// What a process printed, and how it ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the binary to its end.
pub fn run(folder: &Path, arguments: &[&str]) -> Ended {
    let output = accolade(folder, arguments).output().expect("the binary was built with its tests");
    Ended {
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A process that runs, killed when it is dropped.
pub struct Running {
    child: Child,
    /// The lines of its standard error as they come.
    pub lines: Receiver<String>,
}

impl Running {
    /// Starts the binary.
    pub fn start(folder: &Path, arguments: &[&str]) -> Running {
        let mut child = accolade(folder, arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary was built with its tests");
        let (sender, lines) = channel();
        let stderr = child.stderr.take().expect("it is piped");
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                // Nobody may be listening any more; the pipe is emptied all the same.
                let _ = sender.send(line);
            }
        });
        Running { child, lines }
    }

    /// Ends it as a power failure of the process does: no signal handler runs.
    pub fn kill(mut self) {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it is our child");
    }

    /// Waits for its end.
    pub fn end(mut self) -> (ExitStatus, String) {
        let mut stdout = String::new();
        let mut pipe = self.child.stdout.take().expect("it is piped");
        pipe.read_to_string(&mut stdout).expect("it prints text");
        (self.child.wait().expect("it is our child"), stdout)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

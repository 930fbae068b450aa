//! Where the programs are, and what happens when one is not there.

use std::{
    env,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A program by its name, on the path or where system programs are.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/libexec", "/usr/lib/openldap"].map(PathBuf::from);
    env::split_paths(&path).chain(system).map(|folder| folder.join(name)).find(|it| it.is_file())
}

/// Says that a test did not run; where servers are required that is a failure.
pub(crate) fn not_run(what: &str) {
    say(what);
    let required = env::var_os("LANYARD_REQUIRE_SERVERS").is_some_and(|it| !it.is_empty());
    assert!(!required, "not run, but required: {what}");
}

/// Says that a test did not run, for a reason that is none of ours.
pub(crate) fn say(why: &str) {
    let thread = std::thread::current();
    let line = format!("not run: {}: {why}\n", thread.name().unwrap_or("servers"));
    // Not a print macro: those are swallowed where tests pass.
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Runs a program that must succeed, and returns what it wrote.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}: {error}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// A server that ends with the test.
#[derive(Debug)]
pub(crate) struct Server(Child);

impl Server {
    /// Starts servers until one keeps running and answers: another process
    /// may take the port between our choice and its start.
    pub(crate) fn start(
        mut command: impl FnMut(u16) -> Command,
        answers: impl Fn(u16) -> bool,
    ) -> (Self, u16) {
        for _attempt in 0..5 {
            let port = free_port();
            let mut server = Self(command(port).spawn().unwrap());
            while server.exited().is_none() {
                if answers(port) {
                    return (server, port);
                }
                std::thread::yield_now();
            }
        }
        panic!("{:?} does not stay up", command(0));
    }

    fn exited(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A port of the loopback address that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

//! A real PostgreSQL in a private folder on a loopback port.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use super::super::{PostgresStore, Settings, Tls, connect};

/// Whom the tests are to the server.
const USER: &str = "lanyard";
/// A database with the tables of the store, that others are copies of.
const TEMPLATE: &str = "lanyard_template";

pub(super) struct Server {
    programs: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    running: Option<Child>,
    databases: AtomicU32,
}

impl Server {
    /// None, after saying so, when PostgreSQL is not installed.
    pub(super) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            let reason = "PostgreSQL is not installed";
            assert!(std::env::var_os("LANYARD_REQUIRE_SERVERS").is_none(), "{reason}");
            eprintln!("not run: {reason}");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let mut server =
            Self { programs, folder, port: 0, running: None, databases: AtomicU32::new(0) };
        own(server.folder.path());
        let mut init = server.program("initdb");
        init.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--no-locale", "-U", USER]);
        let made = init.arg("-D").arg(server.data()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server.serve();
        Some(server)
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Has a file in the folder be the server's own, which it insists on.
    pub(super) fn own(&self, file: &str) {
        own(&self.folder.path().join(file));
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// PostgreSQL does not run as root.
    fn program(&self, name: &str) -> Command {
        // It ends with whoever tests, however that ends.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "QUIT"]);
        if rustix::process::geteuid().is_root() {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        }
        command.arg(self.programs.join(name));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Starts it where it was before, if it was.
    pub(super) fn serve(&mut self) {
        for _ in 0..5 {
            if self.port == 0 {
                self.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            }
            let mut command = self.program("postgres");
            command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
            let port = self.port.to_string();
            command.args(["-p", &port, "-h", "127.0.0.1"]);
            for setting in ["fsync=off", "shared_buffers=16MB", "max_connections=60"] {
                command.args(["-c", setting]);
            }
            if self.folder.path().join("server.crt").exists() {
                for (setting, file) in
                    [("ssl_cert_file", "server.crt"), ("ssl_key_file", "server.key")]
                {
                    let file = self.folder.path().join(file);
                    command.arg("-c").arg(format!("{setting}={}", file.display()));
                }
                command.args(["-c", "ssl=on"]);
            }
            command.stdout(Stdio::null()).stderr(Stdio::null());
            self.running = Some(command.spawn().unwrap());
            if self.answers() {
                return;
            }
            self.stop();
            self.port = 0;
        }
        panic!("PostgreSQL does not start");
    }

    fn answers(&mut self) -> bool {
        let until = Instant::now() + Duration::from_secs(30);
        let settings = self.settings("postgres");
        while Instant::now() < until {
            if apart(|| connect::connect(&settings).is_ok()) {
                return true;
            }
            if self.running.as_mut().unwrap().try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::yield_now();
        }
        false
    }

    /// At once, as when the machine loses its power.
    pub(super) fn stop(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        let pid = rustix::process::Pid::from_child(&running);
        rustix::process::kill_process(pid, rustix::process::Signal::QUIT).unwrap();
        drop(running.wait());
    }

    pub(super) fn settings(&self, database: &str) -> Settings {
        Settings {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            database: database.to_owned(),
            user: USER.to_owned(),
            password: None,
            tls: Tls::Off,
            connections: 3,
            patience: Duration::ZERO,
        }
    }

    /// Has SQL done in a database, beside the store.
    pub(super) fn sql(&self, database: &str, sql: &str) {
        let settings = self.settings(database);
        apart(|| connect::connect(&settings).unwrap().batch(sql).unwrap());
    }

    /// A database of one's own, without any tables.
    pub(super) fn empty(&self) -> Settings {
        let name = format!("empty_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.settings(&name)
    }

    /// A database of one's own, with the tables of the store.
    pub(super) async fn fresh(&self) -> Settings {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        if number == 0 {
            self.sql("postgres", &format!("CREATE DATABASE {TEMPLATE}"));
            drop(PostgresStore::open(self.settings(TEMPLATE)).await.unwrap());
        }
        let name = format!("fresh_{number}");
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}"));
        self.settings(&name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The folder of PostgreSQL's programs, the newest first.
fn programs() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = installed.map(|it| it.path().join("bin")).collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path);
    let is_there = |folder: &PathBuf| {
        ["postgres", "initdb"].iter().all(|program| folder.join(program).is_file())
    };
    folders.into_iter().rev().chain(on_path).find(is_there)
}

/// What the server's user may write.
fn own(folder: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let owned = Command::new("chown").arg("postgres:postgres").arg(folder).status().unwrap();
    assert!(owned.success());
}

/// A connection waits by itself, which no task may.
pub(super) fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

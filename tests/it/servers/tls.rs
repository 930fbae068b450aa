//! Certificates of a private authority, made by `openssl` for one test.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::programs;

pub(crate) struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// None, after saying so, when there is no `openssl`.
    pub(crate) fn make() -> Option<Self> {
        let Some(openssl) = programs::find("openssl") else {
            programs::not_run("openssl is not installed");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let made = Self { folder };
        made.authority(&openssl, "ca");
        made.authority(&openssl, "other");
        let run = |arguments: &str| {
            let arguments = arguments.split_whitespace();
            programs::run(Command::new(&openssl).args(arguments).current_dir(made.folder.path()));
        };
        fs::write(made.path("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
        run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=directory \
             -keyout server.key -out server.csr");
        run("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
             -extfile names -out server.pem");
        Some(made)
    }

    fn authority(&self, openssl: &Path, name: &str) {
        let arguments = format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
             -subj /CN={name} -keyout {name}.key -out {name}.pem"
        );
        let arguments = arguments.split_whitespace();
        programs::run(Command::new(openssl).args(arguments).current_dir(self.folder.path()));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The authority that signed the server's certificate.
    pub(crate) fn authority_file(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// An authority that has nothing to do with it.
    pub(crate) fn other_authority_file(&self) -> PathBuf {
        self.path("other.pem")
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.path("server.pem")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.path("server.key")
    }
}

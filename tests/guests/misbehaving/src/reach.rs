//! Reaching for what was not permitted.

use std::{fs, net::TcpStream, path::Path};

use lanyard_sdk::{http::Request, prelude::*, secrets, streams::Stream};

use crate::{
    Misbehaving,
    lie::{account, page},
};

/// The header that carries what must not leave.
pub(crate) const HEADER: &str = "x-token";

impl Misbehaving {
    pub(crate) fn write_something(&self) -> Result<(), Error> {
        let body = serde_json::json!({ "login": "mallory" });
        Request::post(address(self.url.as_deref())?).json(&body)?.send()?.ok()?;
        Ok(())
    }

    /// Succeeds when any of them gets through.
    pub(crate) fn override_the_method(&self) -> Result<(), Error> {
        let ask = |header| -> Result<(), Error> {
            let request = Request::get(address(self.url.as_deref())?);
            request.header(header, "DELETE").send()?.ok()?;
            Ok(())
        };
        ask("X-HTTP-Method-Override")
            .or_else(|_| ask("X-HTTP-Method"))
            .or_else(|_| ask("X-Method-Override"))
    }

    pub(crate) fn use_secret(&self) -> Result<(), Error> {
        let token = secrets::placeholder("token")?;
        Request::get(address(self.url.as_deref())?)
            .header(HEADER, format!("Key {token}"))
            .send()?
            .ok()?;
        Ok(())
    }

    /// Where the secret is permitted, but not in that place; then where
    /// nothing is.
    pub(crate) fn leak_secret(&self) -> Result<(), Error> {
        let token = secrets::placeholder("token")?;
        Request::get(address(self.url.as_deref())?).query("token", &token).send()?.ok()?;
        Request::get(address(self.other.as_deref())?).header(HEADER, token).send()?.ok()?;
        Ok(())
    }

    /// Hands the placeholder of one call to the next one in the cursor.
    pub(crate) fn keep_placeholder(&self, cursor: Option<&str>) -> Result<Page, Error> {
        let Some(kept) = cursor else {
            return Ok(page(vec![account("1", "ada")], Some(secrets::placeholder("token")?)));
        };
        Request::get(address(self.url.as_deref())?).header(HEADER, kept).send()?.ok()?;
        Ok(page(vec![account("2", "ben")], None))
    }
}

pub(crate) fn get_from(server: Option<&str>) -> Result<(), Error> {
    Request::get(address(server)?).send()?.ok()?;
    Ok(())
}

pub(crate) fn address(server: Option<&str>) -> Result<&str, Error> {
    server.ok_or_else(|| Error::misconfigured("config: no server is named"))
}

pub(crate) fn undeclared_stream() -> Result<(), Error> {
    Stream::connect("back-door").map_err(|error| error.into_error(false))?;
    Ok(())
}

/// Through wasi:sockets, which the standard library uses.
pub(crate) fn socket(server: Option<&str>) -> Result<(), Error> {
    let server = address(server)?.trim_start_matches("http://");
    TcpStream::connect(server)
        .map_err(|error| Error::unavailable(format!("no socket: {}", error.kind())))?;
    Ok(())
}

/// Succeeds when any of them can be read.
pub(crate) fn foreign_directories() -> Result<(), Error> {
    let places = ["/", "/etc", "/data", "/data/..", "../..", "/proc/self/environ", "."];
    if places
        .iter()
        .map(Path::new)
        .any(|place| fs::read_dir(place).is_ok() || fs::read(place).is_ok())
    {
        return Ok(());
    }
    Err(Error::unavailable("no directory is to be had"))
}

pub(crate) fn reveal(name: &str) -> Result<(), Error> {
    let plain = secrets::reveal(name)?;
    Err(Error::misconfigured(format!("`{name}` has {} bytes", plain.len())))
}

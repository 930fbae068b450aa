//! Byte streams for protocols other than HTTP.
//!
//! The host resolves, checks, connects, does TLS and signs in; the connector
//! gets a stream that is ready to use.
//!
//! ```
//! use std::io::{Read, Write};
//! use lanyard_sdk::{streams::Stream, testing::Host};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let _host = Host::new()
//!     .stream("echo", |sent| sent.iter().rev().copied().collect())
//!     .install();
//! let mut stream = Stream::connect("echo")?;
//! stream.write_all(b"abc")?;
//! let mut answer = [0; 3];
//! stream.read_exact(&mut answer)?;
//! assert_eq!(&answer, b"cba");
//! # Ok(())
//! # }
//! ```

use std::{fmt, io};

use crate::{host, types::Error};

/// Why a stream failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamError {
    /// Says what the operator has to permit.
    Denied(String),
    /// Certainly nothing was sent.
    Unreachable(String),
    Tls(String),
    /// The system refused the sign-in: its code and words.
    SignInRefused(String),
    /// What was written before may or may not have had an effect.
    Closed,
    Timeout,
    /// More was asked than the limits of a call allow.
    TooLarge,
    Named(String),
}

impl StreamError {
    /// The error of a call that stopped here; `sent` tells whether a write
    /// may already have reached the system.
    pub fn into_error(self, sent: bool) -> Error {
        let message = self.to_string();
        match self {
            Self::Denied(_) => Error::misconfigured(message),
            Self::SignInRefused(_) => Error::invalid_credentials(message),
            Self::Unreachable(_) => Error::unavailable(message),
            Self::Tls(_) | Self::Closed | Self::Timeout | Self::TooLarge | Self::Named(_) => {
                Error::broken_answer(sent, message)
            }
        }
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(why) => write!(f, "the stream is not permitted: {why}"),
            Self::Unreachable(why) => write!(f, "cannot connect: {why}"),
            Self::Tls(why) => write!(f, "TLS failed: {why}"),
            Self::SignInRefused(why) => write!(f, "the sign-in was refused: {why}"),
            Self::Closed => f.write_str("the peer closed the stream"),
            Self::Timeout => f.write_str("the peer did not answer in time"),
            Self::TooLarge => f.write_str("more was asked than the limits of a call allow"),
            Self::Named(why) => write!(f, "the stream failed: {why}"),
        }
    }
}

impl std::error::Error for StreamError {}

/// An I/O error that carries the stream's own; [`from_io`] takes it out again.
impl From<StreamError> for io::Error {
    fn from(error: StreamError) -> Self {
        let kind = match error {
            StreamError::Denied(_) | StreamError::SignInRefused(_) => {
                io::ErrorKind::PermissionDenied
            }
            StreamError::Unreachable(_) => io::ErrorKind::ConnectionRefused,
            StreamError::Closed => io::ErrorKind::ConnectionReset,
            StreamError::Timeout => io::ErrorKind::TimedOut,
            StreamError::Tls(_) | StreamError::TooLarge | StreamError::Named(_) => {
                io::ErrorKind::Other
            }
        };
        Self::new(kind, error)
    }
}

/// The [`StreamError`] inside an I/O error; an unexpected end is `Closed`.
pub fn from_io(error: io::Error) -> StreamError {
    let kind = error.kind();
    match error.downcast::<StreamError>() {
        Ok(inner) => inner,
        Err(_) if kind == io::ErrorKind::UnexpectedEof => StreamError::Closed,
        Err(other) => StreamError::Named(other.to_string()),
    }
}

/// How a stream is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    Off,
    StartTls,
    Tls,
}

/// One connection, closed when dropped.
pub struct Stream(host::Connection);

impl Stream {
    /// Connects by the name the manifest asks for.
    pub fn connect(name: &str) -> Result<Self, StreamError> {
        host::connect(name).map(Self)
    }

    pub fn tls(&self) -> TlsMode {
        self.0.tls()
    }

    /// Begins TLS on a `start-tls` stream of a protocol the host does not
    /// know.
    pub fn upgrade(&mut self) -> Result<(), StreamError> {
        self.0.upgrade()
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stream").field(&self.tls()).finish()
    }
}

/// Bytes asked of the host at once.
const READ_MAX: usize = 64 * 1024;

impl io::Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let want = u32::try_from(buffer.len().min(READ_MAX)).unwrap_or(u32::MAX);
        let bytes = self.0.read(want)?;
        let (Some(room), true) = (buffer.get_mut(..bytes.len()), bytes.len() <= want as usize)
        else {
            return Err(StreamError::Named("the host gave more than asked".to_owned()).into());
        };
        room.copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl io::Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ErrorKind;

    #[test]
    fn a_stream_error_survives_the_way_through_io() {
        let refused = StreamError::SignInRefused("49 invalid credentials".to_owned());
        assert_eq!(from_io(refused.clone().into()), refused);
        assert_eq!(from_io(io::ErrorKind::UnexpectedEof.into()), StreamError::Closed);
        assert_eq!(refused.into_error(true).kind, ErrorKind::InvalidCredentials);
    }

    #[test]
    fn what_broke_after_a_write_is_unknown_and_after_a_read_unavailable() {
        assert!(matches!(StreamError::Closed.into_error(true).kind, ErrorKind::OutcomeUnknown(_)));
        assert!(matches!(StreamError::Closed.into_error(false).kind, ErrorKind::Unavailable(_)));
        let never_sent = StreamError::Unreachable("refused".to_owned()).into_error(true);
        assert!(matches!(never_sent.kind, ErrorKind::Unavailable(_)));
    }
}

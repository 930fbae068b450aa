//! Structured logging.  Never put secrets, bodies or personal data into it.
//!
//! ```
//! lanyard_sdk::info!("read a page", rows = 20, cursor = "a1");
//! ```

use crate::host;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// Writes one line with its fields; the macros are shorter.
pub fn write(level: Level, message: &str, fields: &[(&str, String)]) {
    host::log(level, message, fields);
}

#[macro_export]
macro_rules! debug {
    ($message:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::log::write($crate::log::Level::Debug, $message,
            &[$((stringify!($key), ::std::string::ToString::to_string(&$value))),*])
    };
}

#[macro_export]
macro_rules! info {
    ($message:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::log::write($crate::log::Level::Info, $message,
            &[$((stringify!($key), ::std::string::ToString::to_string(&$value))),*])
    };
}

#[macro_export]
macro_rules! warn {
    ($message:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::log::write($crate::log::Level::Warn, $message,
            &[$((stringify!($key), ::std::string::ToString::to_string(&$value))),*])
    };
}

//! A password that was just made: kept nowhere, shown nowhere.

use std::fmt;

use zeroize::Zeroizing;

/// Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// For whoever has to know it.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What somebody said, without it.
    pub fn out_of(&self, text: &str) -> String {
        text.replace(self.0.as_str(), "•••")
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_in_nothing_that_is_printed() {
        let password = Password::new("open sesame".to_owned());
        assert_eq!(format!("{password:?}"), "Password(…)");
        assert_eq!(password.out_of("I set open sesame"), "I set •••");
    }
}

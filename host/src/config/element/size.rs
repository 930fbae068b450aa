//! `"64MiB"`: an amount of memory.

use std::{fmt, str::FromStr};

use super::text_element;

const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// Bytes, more than none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Size(pub(in crate::config) u64);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::config) enum SizeError {
    #[error("needs a whole number with a unit: `512KiB`, `64MiB` or `1GiB`")]
    Form,
    #[error("must be at least `64KiB` (one page of memory) and at most `4GiB`")]
    Bounds,
}

impl FromStr for Size {
    type Err = SizeError;
    fn from_str(text: &str) -> Result<Self, SizeError> {
        let (number, bytes) = UNITS
            .iter()
            .find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)))
            .ok_or(SizeError::Form)?;
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SizeError::Form);
        }
        let number: u64 = number.parse().map_err(|_| SizeError::Bounds)?;
        number
            .checked_mul(bytes)
            .filter(|bytes| (64 << 10..=4 << 30).contains(bytes))
            .map(Self)
            .ok_or(SizeError::Bounds)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, bytes)| self.0.is_multiple_of(*bytes)) {
            Some((name, bytes)) => write!(f, "{}{name}", self.0 / bytes),
            None => self.0.fmt(f),
        }
    }
}

text_element!(
    Size,
    "Size",
    "a size like \"512KiB\", \"64MiB\" or \"1GiB\"",
    "^[0-9]+(KiB|MiB|GiB)$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_and_bounds() {
        assert_eq!("64MiB".parse::<Size>().unwrap().0, 64 << 20);
        assert_eq!("1024MiB".parse::<Size>().unwrap().to_string(), "1GiB");
        assert_eq!("64".parse::<Size>(), Err(SizeError::Form));
        assert_eq!("64MB".parse::<Size>(), Err(SizeError::Form));
        assert_eq!("0MiB".parse::<Size>(), Err(SizeError::Bounds));
        assert_eq!("99999999999999GiB".parse::<Size>(), Err(SizeError::Bounds));
    }
}

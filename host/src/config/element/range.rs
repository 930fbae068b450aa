//! `"10.0.0.0/8"`: a range of addresses.

use std::{fmt, net::IpAddr, str::FromStr};

use super::text_element;
use crate::config::permissions::AddressRange;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Range(pub(in crate::config) AddressRange);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::config) enum RangeError {
    #[error("needs an address range like `10.0.0.0/8` or `fd00::/8`")]
    Form,
    #[error("an IPv4 prefix has at most 32 bits, an IPv6 prefix at most 128")]
    Prefix,
    #[error("has bits set behind its prefix; the range is `{0}`")]
    HostBits(String),
}

impl FromStr for Range {
    type Err = RangeError;
    fn from_str(text: &str) -> Result<Self, RangeError> {
        let (network, prefix) = text.split_once('/').ok_or(RangeError::Form)?;
        let network: IpAddr = network.parse().map_err(|_| RangeError::Form)?;
        if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(RangeError::Form);
        }
        let bits = if network.is_ipv4() { 32 } else { 128 };
        let prefix =
            prefix.parse().ok().filter(|prefix| *prefix <= bits).ok_or(RangeError::Prefix)?;
        let start = first_address(network, prefix);
        if start != network {
            return Err(RangeError::HostBits(format!("{start}/{prefix}")));
        }
        Ok(Self(AddressRange { network, prefix }))
    }
}

fn first_address(address: IpAddr, prefix: u8) -> IpAddr {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            IpAddr::V6((u128::from(address) & mask).into())
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.network, self.0.prefix)
    }
}

text_element!(
    Range,
    "AddressRange",
    "an address range like \"10.0.0.0/8\"",
    "^[0-9a-fA-F.:]+/[0-9]+$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_contains_its_addresses_and_no_other() {
        let range: Range = "10.1.0.0/16".parse().unwrap();
        assert!(range.0.contains("10.1.255.1".parse().unwrap()));
        assert!(!range.0.contains("10.2.0.1".parse().unwrap()));
        assert!("0.0.0.0/0".parse::<Range>().unwrap().0.contains("9.9.9.9".parse().unwrap()));
        assert_eq!("fd00::/8".parse::<Range>().unwrap().to_string(), "fd00::/8");
    }

    #[test]
    fn a_wrong_range_says_why() {
        assert_eq!("10.0.0.1".parse::<Range>(), Err(RangeError::Form));
        assert_eq!("10.0.0.0/33".parse::<Range>(), Err(RangeError::Prefix));
        assert_eq!("10.0.0.0/300".parse::<Range>(), Err(RangeError::Prefix));
        assert_eq!(
            "10.0.0.1/8".parse::<Range>(),
            Err(RangeError::HostBits("10.0.0.0/8".to_owned()))
        );
    }
}

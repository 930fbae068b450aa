//! A password that was just made: kept nowhere, shown nowhere.

use std::{collections::BTreeSet, fmt};

use zeroize::Zeroizing;

/// None that is taken for another on paper.
const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijkmnpqrstuvwxyz";
const DIGITS: &[u8] = b"23456789";

/// Characters between two hyphens, which make it readable.
const GROUP: usize = 4;

/// Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// One that nobody can guess: so many random letters and digits, in
    /// groups, some of each kind.
    ///
    /// # Errors
    /// When this machine has no randomness.
    pub fn random(length: u16) -> Result<Self, getrandom::Error> {
        loop {
            let password = Self::drawn(usize::from(length), || {
                let mut byte = [0_u8];
                getrandom::fill(&mut byte)?;
                let [byte] = byte;
                Ok(byte)
            })?;
            if password.has_each_kind() {
                return Ok(password);
            }
        }
    }

    fn drawn<E>(length: usize, mut draw: impl FnMut() -> Result<u8, E>) -> Result<Self, E> {
        let alphabet: Vec<u8> = [UPPER, LOWER, DIGITS].concat();
        // Each character as often as any other.
        let fair = u8::MAX - u8::MAX % u8::try_from(alphabet.len()).unwrap_or(1);
        let mut text = Zeroizing::new(String::with_capacity(length + length / GROUP));
        let mut drawn = 0;
        while drawn < length {
            let byte = draw()?;
            let place = usize::from(byte) % alphabet.len();
            let Some(character) = alphabet.get(place).filter(|_| byte < fair) else { continue };
            if drawn > 0 && drawn % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(*character));
            drawn += 1;
        }
        Ok(Self(text))
    }

    fn has_each_kind(&self) -> bool {
        let kinds: BTreeSet<usize> = [UPPER, LOWER, DIGITS]
            .iter()
            .enumerate()
            .filter(|(_, kind)| self.0.bytes().any(|byte| kind.contains(&byte)))
            .map(|(index, _)| index)
            .collect();
        kinds.len() == 3
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
    fn a_password_is_random_readable_and_has_some_of_each_kind() {
        let passwords: BTreeSet<String> =
            (0..64).map(|_| Password::random(16).unwrap().text().to_owned()).collect();
        assert_eq!(passwords.len(), 64);
        for password in passwords {
            assert_eq!(password.len(), 19, "{password}");
            assert!(password.split('-').all(|group| group.len() == GROUP), "{password}");
            assert!(!password.contains(['0', 'O', 'o', '1', 'l', 'I']), "{password}");
            assert!(Password::new(password).has_each_kind());
        }
    }

    #[test]
    fn no_character_is_drawn_more_often_than_another() {
        let mut bytes = (0..=u8::MAX).cycle();
        let all = UPPER.len() + LOWER.len() + DIGITS.len();
        let fair = usize::from(u8::MAX) / all * all;
        let drawn = Password::drawn(fair, || bytes.next().ok_or(())).unwrap();
        let count = |character: char| drawn.text().matches(character).count();
        assert_eq!(count('A'), fair / all);
        assert_eq!(count('9'), fair / all);
    }

    #[test]
    fn a_password_is_in_nothing_that_is_printed() {
        let password = Password::new("open sesame".to_owned());
        assert_eq!(format!("{password:?}"), "Password(…)");
        assert_eq!(password.out_of("I set open sesame"), "I set •••");
    }
}

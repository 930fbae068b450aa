//! Folding text to ASCII for login names and addresses.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// `text` in ASCII, or the first character that has no folding.
///
/// Letters lose their marks (`é` → `e`, `ü` → `u`) unless the language writes
/// them otherwise; letters that are no letter with a mark are written out
/// (`ß` → `ss`, `Ł` → `L`).
pub(super) fn fold(text: &str, language: Language) -> Result<String, char> {
    let mut folded = String::with_capacity(text.len());
    for character in text.nfc() {
        match language.writes(character) {
            Some(written) => folded.push_str(written),
            None => fold_one(character, &mut folded)?,
        }
    }
    Ok(folded)
}

fn fold_one(character: char, folded: &mut String) -> Result<(), char> {
    for part in std::iter::once(character).nfkd().filter(|c| !is_combining_mark(*c)) {
        match part {
            ascii if ascii.is_ascii() => folded.push(ascii),
            other => folded.push_str(written_out(other).ok_or(other)?),
        }
    }
    Ok(())
}

/// `text` in ASCII, whatever script it is in, by the tables of `deunicode`:
/// Chinese by its Mandarin reading, Japanese kanji too.
///
/// # Errors
/// The first character that even those leave out.
pub(super) fn transliterate(text: &str, language: Language) -> Result<String, char> {
    let mut written = String::with_capacity(text.len());
    for character in text.nfc() {
        let before = written.len();
        if let Some(own) = language.writes(character) {
            written.push_str(own);
        } else if fold_one(character, &mut written).is_err() {
            written.truncate(before);
            written.push_str(deunicode::deunicode_char(character).ok_or(character)?);
        }
    }
    Ok(written)
}

/// Whose way of writing letters without their marks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Language {
    /// Marks are left out.
    #[default]
    Any,
    /// `ä` → `ae`, `ö` → `oe`, `ü` → `ue`.
    German,
    /// `å` → `aa`, `æ` → `ae`, `ø` → `oe`.
    Danish,
    /// `å` → `aa`, `ä` → `ae`, `ö` → `oe`.
    Swedish,
}

impl Language {
    /// By its ISO 639-1 code; none for one whose way is not known.
    pub(super) fn of(code: &str) -> Option<Self> {
        Some(match code {
            "de" => Self::German,
            "da" | "no" | "nb" | "nn" => Self::Danish,
            "sv" | "fi" => Self::Swedish,
            _ => return None,
        })
    }

    fn writes(self, character: char) -> Option<&'static str> {
        Some(match (self, character) {
            (Self::German | Self::Swedish, 'ä') => "ae",
            (Self::German | Self::Swedish, 'Ä') => "Ae",
            (Self::German | Self::Swedish, 'ö') | (Self::Danish, 'ø') => "oe",
            (Self::German | Self::Swedish, 'Ö') | (Self::Danish, 'Ø') => "Oe",
            (Self::German, 'ü') => "ue",
            (Self::German, 'Ü') => "Ue",
            (Self::Danish | Self::Swedish, 'å') => "aa",
            (Self::Danish | Self::Swedish, 'Å') => "Aa",
            _ => return None,
        })
    }
}

fn written_out(character: char) -> Option<&'static str> {
    Some(match character {
        'ß' => "ss",
        'ẞ' => "SS",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'ø' => "o",
        'Ø' => "O",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'ħ' => "h",
        'Ħ' => "H",
        'ı' => "i",
        'ĸ' => "k",
        'ł' => "l",
        'Ł' => "L",
        'ŋ' => "ng",
        'Ŋ' => "NG",
        'þ' => "th",
        'Þ' => "TH",
        'ŧ' => "t",
        'Ŧ' => "T",
        '‘' | '’' | 'ʼ' | 'ʻ' | '′' => "'",
        '“' | '”' | '„' => "\"",
        '‐' | '‑' | '–' | '—' => "-",
        // Soft hyphen and zero-width characters, which nobody sees.
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => "",
        _ => return None,
    })
}

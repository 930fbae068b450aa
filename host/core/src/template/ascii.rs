//! Folding text to ASCII for login names and addresses.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// `text` in ASCII, or the first character that has no folding.
///
/// Letters lose their marks (`é` → `e`, `ü` → `u`); letters that are no
/// letter with a mark are written out (`ß` → `ss`, `Ł` → `L`).
pub(super) fn fold(text: &str) -> Result<String, char> {
    let mut folded = String::with_capacity(text.len());
    for character in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match character {
            ascii if ascii.is_ascii() => folded.push(ascii),
            other => folded.push_str(written_out(other).ok_or(other)?),
        }
    }
    Ok(folded)
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

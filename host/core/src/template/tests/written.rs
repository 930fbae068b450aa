//! Letters, comments, quotes and numbers, however they are written.

use super::*;

#[test]
fn capital_letters_and_letters_of_their_own_are_written_out_too() {
    for (source, expected) in [
        ("{{ 'Übel Ärger Öl' | ascii('de') }}", "Uebel Aerger Oel"),
        ("{{ 'Übel' | transliterate('de') }}", "Uebel"),
        ("{{ 'Guðþór' | slug }}", "gudthor"),
    ] {
        assert_eq!(render(source).as_deref(), Ok(expected), "{source}");
    }
}

#[test]
fn nothing_in_a_comment_is_refused() {
    assert_eq!(render("{# was {{ job | nonsense }} #}x{{ suffix }}").as_deref(), Ok("x2"));
}

#[test]
fn braces_in_quotes_end_no_code_and_what_follows_them_is_still_a_number() {
    assert_eq!(render("{{ '}}' if level > 90 else 'x' }}").as_deref(), Ok("x"));
}

#[test]
fn a_comparison_without_spaces_reads_a_number_and_an_assignment_compares_nothing() {
    assert_eq!(holds("suffix<3"), Ok(true));
    assert_eq!(holds("suffix>3"), Ok(false));
    assert_eq!(render("{% set x = 1 %}{{ x }}").as_deref(), Ok("1"));
}

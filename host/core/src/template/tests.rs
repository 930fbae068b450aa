mod written;

use proptest::prelude::*;

use super::*;
use crate::value::Value;

fn scope() -> Scope {
    let mut scope = Scope::new();
    let text = |text: &str| vec![Value::Text(text.to_owned())];
    scope.fact("name", &text("Łukasz Ærø-Groß"));
    scope.fact("job", &text("910#HR Consultant"));
    scope.fact("level", &text("10"));
    scope.fact("hired", &text("07.03.2024"));
    scope.fact("kanji", &text("山"));
    scope.fact("empty", &[]);
    scope.fact("mails", &[Value::Text("a@x".into()), Value::Text("b@x".into())]);
    scope.known("state", "active");
    scope.own("suffix", "2");
    scope.record([("First Name", text("Ada").as_slice())].into_iter());
    scope
}

fn render(source: &str) -> Result<String, String> {
    let mut expressions = Expressions::new();
    let template = expressions.template(source).map_err(|error| error.to_string())?;
    expressions.render(&template, &scope()).map_err(|error| error.problem)
}

fn holds(source: &str) -> Result<bool, String> {
    let mut expressions = Expressions::new();
    let condition = expressions.condition(source).map_err(|error| error.to_string())?;
    expressions.holds(&condition, &scope()).map_err(|error| error.problem)
}

#[test]
fn filters_do_what_mappings_need() {
    for (source, expected) in [
        ("{{ name | ascii }}", "Lukasz AEro-Gross"),
        ("{{ name | slug }}", "lukasz-aero-gross"),
        ("{{ '  --A  b' | slug }}", "a-b"),
        ("{{ 'O’Brien Ðóra Þór œuvre ﬁ' | ascii }}", "O'Brien Dora THor oeuvre fi"),
        ("{{ 'e\u{301}' | ascii }}", "e"),
        ("{{ 'Jürgen Größe' | ascii('de') }}", "Juergen Groesse"),
        ("{{ 'Ju\u{308}rgen' | ascii('de') }}", "Juergen"),
        ("{{ 'Åse Bjørn' | ascii('da') }}", "Aase Bjoern"),
        ("{{ 'Åsa Öberg Müller' | ascii('sv') }}", "Aasa Oeberg Muller"),
        ("{{ kanji | transliterate | slug }}", "shan"),
        ("{{ 'Łukasz Юрий Größe' | transliterate('de') }}", "Lukasz Iurii Groesse"),
        ("{{ hired | date('%d.%m.%Y') }}", "2024-03-07"),
        ("{{ empty | date('%d.%m.%Y') }}", ""),
        ("{{ name | truncate(3) }}", "Łuk"),
        ("{{ job | split('#') | last }}", "HR Consultant"),
        ("{{ job | split('#') | first }}", "910"),
        ("{{ mails | join(', ') }}", "a@x, b@x"),
        ("{{ nobody | default('x') }}{{ suffix }}", "x2"),
        ("{% if nobody is defined %}a{% else %}b{% endif %}", "b"),
        ("{{ job | lower | replace('#', ' ') | trim | upper }}", "910 HR CONSULTANT"),
        ("{{ record['First Name'] }}", "Ada"),
        ("{% if level > 9 %}senior{% endif %}", "senior"),
        ("{% if level == 10 and not level < 3 %}{{ '}} 3' }}{% endif %}", "}} 3"),
    ] {
        assert_eq!(render(source).as_deref(), Ok(expected), "{source}");
    }
}

#[test]
fn a_template_that_cannot_be_evaluated_says_why_and_shows_no_value() {
    for (source, expected) in [
        ("{{ nobody }}", "needs `nobody`, which is not known"),
        ("{{ nobody | ascii }}{{ job }}", "needs `nobody`, which is not known"),
        ("{{ record.Town }}", "reads something that is not there"),
        (
            "{{ kanji | slug }}",
            "has a character that `slug` cannot write in ASCII (U+5C71); give a fact for it \
             (such as `login_name`) and use that instead, or `transliterate`, which writes every \
             script",
        ),
        (
            "{{ kanji | ascii('xx') }}",
            "asks for the letters of `xx`, which are not known; `de`, `da`, `no`, `sv`, `fi` are",
        ),
        (
            "{{ '\u{e000}' | transliterate }}",
            "has a character that nobody can write in ASCII (U+E000); give a fact for it",
        ),
        ("{{ job | date('%Y') }}", "has text that is not a date of the format `%Y`"),
        ("{{ mails }}", "has several values where one is needed; add `| first` or `| join(', ')`"),
        (
            "{% for i in range(9999) %}{% for j in range(9999) %}x{% endfor %}{% endfor %}",
            "takes too many steps",
        ),
        ("{% set x = [] + 1 %}{{ x }}", "cannot be evaluated: invalid operation"),
        ("{% if job > 3 %}{% endif %}", "compares something with a number that is no number"),
    ] {
        assert_eq!(render(source), Err(expected.to_owned()), "{source}");
    }
}

#[test]
fn output_is_bounded() {
    let long = format!("{{% for i in range(50) %}}{}{{% endfor %}}", "x".repeat(400));
    assert_eq!(render(&long), Err("gives more than 16 KiB of text".to_owned()));
    assert_eq!(render(&"x".repeat(16 << 10)).map(|text| text.len()), Ok(16 << 10));
}

#[test]
fn a_comparison_with_a_number_reads_text_as_a_number() {
    assert_eq!(holds("level >= 3"), Ok(true));
    assert_eq!(holds("level >= 30"), Ok(false));
    assert_eq!(holds("level == 10 and level != -10"), Ok(true));
    assert_eq!(holds("job | split('#') | first < 911.5"), Ok(true));
    assert_eq!(holds("level == '10'"), Ok(true));
    assert_eq!(
        holds("3 <= level"),
        Err("a comparison has its number on the right: write `fact >= 3`".to_owned())
    );
    assert_eq!(holds("(level | int) + 1 > (level | int)"), Ok(true));
    assert_eq!(
        holds("level in [9, 10]"),
        Err("facts are text: write `'9'` in the list".to_owned())
    );
    assert_eq!(holds("level in ['9', '10']"), Ok(true));
}

#[test]
fn a_condition_is_true_or_false_and_nothing_else() {
    assert_eq!(holds("state == 'active' and 'a@x' in mails"), Ok(true));
    assert_eq!(holds("nobody is not defined"), Ok(true));
    assert_eq!(
        holds("job"),
        Err("is neither true nor false; compare it with something".to_owned())
    );
    assert_eq!(holds("nobody == 'x'"), Err("needs `nobody`, which is not known".to_owned()));
}

#[test]
fn mistakes_are_found_when_the_file_is_read_and_point_at_their_place() {
    let mut expressions = Expressions::new();
    let mut place = |source: &str| {
        let error = expressions.template(source).expect_err("must be refused");
        (error.message, error.range.and_then(|range| source.get(range).map(str::to_owned)))
    };
    assert_eq!(
        place("{{ job | ascci }}"),
        ("unknown filter `ascci`".to_owned(), Some("ascci".to_owned()))
    );
    assert_eq!(
        place("{% if job is not definde %}{% endif %}"),
        ("unknown test `definde`".to_owned(), Some("definde".to_owned()))
    );
    assert_eq!(place("{{ a b }}").1.as_deref(), Some("b"));
    assert!(place("{{ a").0.contains("end of"), "{:?}", place("{{ a"));
    assert!(place("{% include 'x' %}").0.contains("include"));
    assert!(place("{% raw %}{{ x > 3 }}{% endraw %}").0.contains("raw"));
    for source in ["a }}{{ b", "a %}{% set b = 1", "", "a ==", "a if"] {
        assert!(expressions.condition(source).is_err(), "{source}");
    }
}

#[test]
fn a_template_says_what_it_reads() {
    let mut expressions = Expressions::new();
    let template = expressions
        .template("{% for i in range(3) %}{{ i }}{% endfor %}{{ a.b }}{{ c | default('') }}")
        .expect("is correct");
    assert_eq!(template.reads().iter().collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(expressions.condition("x > 1").expect("is correct").reads().len(), 1);
}

#[test]
fn every_filter_and_test_that_may_be_written_exists() {
    let environment = Expressions::new().environment;
    for filter in filters::FILTERS.split(' ') {
        let source = format!("{{{{ '{filter}' is filter }}}}");
        assert_eq!(environment.render_str(&source, ()).as_deref().ok(), Some("true"), "{filter}");
    }
    for test in filters::TESTS.split(' ') {
        let source = format!("{{{{ '{test}' is test }}}}");
        assert_eq!(environment.render_str(&source, ()).as_deref().ok(), Some("true"), "{test}");
    }
}

/// Pieces of expressions in any order, most of them nonsense.
fn nonsense() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{{", "}}", "{%", "%}", "{#", "#}", "if", "endif", "for", "in", "not", "is", "defined",
        "level", "mails", "empty", "nobody", "record", "|", "slug", "date", "'%d'", "\"é", "'",
        "(", ")", "[", "]", "3", "-", ".", ",", "<", ">=", "==", "~", "*", "\\", "raw", "endraw",
        "set", "=", "range", "山", "\n",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #[test]
    fn nothing_that_can_be_written_panics(source in nonsense()) {
        let (_, _) = (render(&source), render(&format!("{{{{ {source} }}}}")));
        let (_, _) = (holds(&source), render(&format!("{{% if {source} %}}x{{% endif %}}")));
        let error = Expressions::new().condition(&source).err();
        if let Some(range) = error.and_then(|error| error.range) {
            prop_assert!(source.get(range).is_some());
        }
    }
}

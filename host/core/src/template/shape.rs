//! What the text of a template looks like, whatever the facts are.

use super::{Template, tokens};
use crate::pattern::Pattern;

impl Template {
    /// Every text it can give matches; others may as well.
    pub fn shape(&self) -> Pattern {
        let source = self.source();
        let parts = tokens::code_parts(source);
        let mut shape = String::new();
        let mut at = 0;
        for part in &parts {
            shape.push_str(&literal(source.get(at..part.start - 2).unwrap_or_default()));
            shape.push('*');
            // What a statement leaves out or repeats cannot be told.
            let statement = source.get(..part.start).is_some_and(|it| it.ends_with("{%"));
            if statement {
                return Pattern::new(shape);
            }
            at = part.end + 2;
        }
        shape.push_str(&literal(source.get(at..).unwrap_or_default()));
        Pattern::new(shape)
    }
}

/// Text between code, without spaces that code may eat and without comments.
fn literal(text: &str) -> String {
    let Some((before, rest)) = text.split_once("{#") else { return text.trim().to_owned() };
    let after = rest.rsplit_once("#}").map_or("", |(_, after)| after);
    format!("{}*{}", before.trim(), after.trim())
}

#[cfg(test)]
mod tests {
    use crate::template::Expressions;

    #[test]
    fn a_shape_keeps_what_no_fact_changes() {
        for (source, shape) in [
            ("approve", "approve"),
            ("approve-{{ site }}", "approve-*"),
            ("{{ site }}", "*"),
            ("CN={{ a }}-{{ b | lower }},OU=x", "cn=*-*,ou=x"),
            ("a {{- b -}} c", "a*c"),
            ("a{% if b is defined %}b{% endif %}c", "a*"),
            ("a{# no #}b{{ c }}", "a*b*"),
        ] {
            let template = Expressions::new().template(source).unwrap();
            assert_eq!(template.shape().as_str(), shape, "{source}");
        }
    }
}

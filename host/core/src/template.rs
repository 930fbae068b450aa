//! Templates and conditions: the one expression language of the file.
//!
//! MiniJinja, strict (a name that is not there is an error), fuelled, without
//! loaders, includes or escaping.  Everything is compiled once, when the file
//! is read, and evaluated many times.

mod ascii;
mod filters;
mod scope;
mod shape;
mod tokens;

use std::{
    collections::BTreeSet,
    fmt,
    io::{self, Write},
    ops::Range,
    sync::Arc,
};

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};

pub use scope::Scope;

/// Instructions one evaluation may use.  Templates of real files use below
/// 100; this stops a loop within a few milliseconds.
const FUEL: u64 = 20_000;

/// Bytes one evaluation may write: no attribute of a directory or SCIM
/// service that a person reads is longer.
const OUTPUT_BYTES: usize = 16 << 10;

/// Nesting of one expression, far above what is readable.
const NESTING: usize = 64;

/// Holds every compiled template and condition.
#[derive(Debug)]
pub struct Expressions {
    environment: Environment<'static>,
}

/// A compiled template; cheap to clone.
#[derive(Debug, Clone)]
pub struct Template(Arc<Compiled>);

/// A compiled condition; cheap to clone.
#[derive(Debug, Clone)]
pub struct Expression(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    /// In the environment; made from the source, so that a handle can never
    /// mean something else.
    name: String,
    source: String,
    reads: BTreeSet<String>,
}

impl Template {
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The variables it takes from the scope.
    pub fn reads(&self) -> &BTreeSet<String> {
        &self.0.reads
    }

    /// The names after `reference.`, of people whose accounts it speaks of.
    pub fn references(&self) -> BTreeSet<String> {
        tokens::members(&self.0.source, "reference")
    }
}

impl Expression {
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The variables it takes from the scope.
    pub fn reads(&self) -> &BTreeSet<String> {
        &self.0.reads
    }
}

/// Why a template or condition in the file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    pub message: String,
    /// Bytes of the source it is about, where known.
    pub range: Option<Range<usize>>,
}

/// Why a template or condition has no result for somebody.  Names what it
/// needs, and no value of a fact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{expression}` {problem}")]
pub struct EvaluationError {
    pub expression: String,
    pub problem: String,
}

impl Default for Expressions {
    fn default() -> Self {
        Self::new()
    }
}

impl Expressions {
    pub fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(NESTING);
        // Places of errors come with it; its output is never shown.
        environment.set_debug(true);
        // It prints every fact in scope.
        environment.remove_global("debug");
        filters::register(&mut environment);
        Self { environment }
    }

    /// # Errors
    /// What is wrong with `source`, and where.
    pub fn template(&mut self, source: &str) -> Result<Template, ExpressionError> {
        let parts = tokens::code_parts(source);
        let compiled = self.compile("value", source, &parts, |code| code)?;
        Ok(Template(Arc::new(compiled)))
    }

    /// # Errors
    /// What is wrong with `source`, and where.
    pub fn condition(&mut self, source: &str) -> Result<Expression, ExpressionError> {
        // As an expression first: the wrapped form would let a second
        // statement through and would point at the wrong place.
        self.environment
            .compile_expression_owned(source.to_owned())
            .map(drop)
            .map_err(|error| refused(&error, source))?;
        let whole = 0..source.len();
        let compiled = self.compile("condition", source, std::slice::from_ref(&whole), |code| {
            format!("{{{{ {code} }}}}")
        })?;
        Ok(Expression(Arc::new(compiled)))
    }

    fn compile(
        &mut self,
        kind: &str,
        source: &str,
        parts: &[Range<usize>],
        wrap: impl Fn(String) -> String,
    ) -> Result<Compiled, ExpressionError> {
        // The original first, so that errors point into what was written.
        if kind == "value" {
            self.environment
                .template_from_named_str("", source)
                .map_err(|e| refused(&e, source))?;
        }
        let code = wrap(tokens::checked(source, parts)?);
        let name = format!("{kind} {source}");
        self.environment
            .add_template_owned(name.clone(), code)
            .map_err(|error| refused(&error, source))?;
        let reads = self
            .environment
            .get_template(&name)
            .map_err(|error| refused(&error, source))?
            .undeclared_variables(false)
            .into_iter()
            .filter(|variable| self.environment.globals().all(|(global, _)| global != variable))
            .collect();
        Ok(Compiled { name, source: source.to_owned(), reads })
    }

    /// The text of a template for somebody.
    ///
    /// # Errors
    /// When it reads what is not there, or cannot be evaluated.
    pub fn render(&self, template: &Template, scope: &Scope) -> Result<String, EvaluationError> {
        self.evaluate(&template.0, scope)
    }

    /// Whether a condition holds for somebody.
    ///
    /// # Errors
    /// When it reads what is not there, cannot be evaluated, or its result is
    /// neither true nor false.
    pub fn holds(&self, condition: &Expression, scope: &Scope) -> Result<bool, EvaluationError> {
        match self.evaluate(&condition.0, scope)?.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(EvaluationError {
                expression: condition.source().to_owned(),
                problem: "is neither true nor false; compare it with something".to_owned(),
            }),
        }
    }

    /// Whether a template has no result without the variable `name`, whatever
    /// the others are; what cannot be told by trying is not needed.
    pub fn needs(&self, template: &Template, name: &str) -> bool {
        let mut scope = Scope::new();
        for other in template.reads().iter().filter(|other| *other != name) {
            scope.own(other, "1");
        }
        let tried = self
            .environment
            .get_template(&template.0.name)
            .and_then(|it| it.render_captured_to(scope.context(), &mut Bounded::default()));
        tried.is_err_and(|error| error.kind() == ErrorKind::UndefinedError)
    }

    fn evaluate(&self, compiled: &Compiled, scope: &Scope) -> Result<String, EvaluationError> {
        let mut bounded = Bounded::default();
        let rendered = self.environment.get_template(&compiled.name).and_then(|template| {
            template.render_captured_to(scope.context(), &mut bounded).map(drop)
        });
        let problem = match rendered {
            _ if bounded.full => format!("gives more than {} KiB of text", OUTPUT_BYTES >> 10),
            Err(error) => problem(&error, compiled, scope),
            Ok(()) => match String::from_utf8(bounded.bytes) {
                Ok(text) => return Ok(text),
                Err(_) => "gives no text".to_owned(),
            },
        };
        Err(EvaluationError { expression: compiled.source.clone(), problem })
    }
}

/// What stopped an evaluation, without any value of a fact.
fn problem(error: &minijinja::Error, compiled: &Compiled, scope: &Scope) -> String {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(filter) = inner.downcast_ref::<filters::Unfit>() {
            return filter.to_string();
        }
        source = inner.source();
    }
    match error.kind() {
        ErrorKind::UndefinedError => {
            let missing: Vec<String> = compiled
                .reads
                .iter()
                .filter(|name| !scope.has(name))
                .map(|name| format!("`{name}`"))
                .collect();
            match missing.as_slice() {
                [] => "reads something that is not there".to_owned(),
                [one] => format!("needs {one}, which is not known"),
                many => format!("needs {}, which are not known", many.join(", ")),
            }
        }
        ErrorKind::OutOfFuel => "takes too many steps".to_owned(),
        kind => format!("cannot be evaluated: {kind}"),
    }
}

fn refused(error: &minijinja::Error, source: &str) -> ExpressionError {
    let range = error.range().filter(|range| source.get(range.clone()).is_some());
    let message = match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    };
    ExpressionError { message, range }
}

/// Output that ends at [`OUTPUT_BYTES`].
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    full: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > OUTPUT_BYTES {
            self.full = true;
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source())
    }
}

#[cfg(test)]
mod tests;

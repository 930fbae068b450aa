//! A connector that does one wrong thing, chosen by its configuration:
//! what the tests of the sandbox are run against.  It asks for more than any
//! test permits, as a connector of a stranger would.

mod exhaust;
mod keys;
mod lie;
mod reach;

use lanyard_sdk::prelude::*;
use serde::Deserialize;

const USER: &str = "user";

/// The operator's `config` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Misbehaving {
    behaviour: Behaviour,
    /// A server the manifest asks for.
    url: Option<String>,
    /// A server it asks for as well, and no test permits.
    other: Option<String>,
    /// How much it wants, for those that want memory.
    #[serde(default)]
    mebibytes: usize,
}

/// What it does in `list`, unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Behaviour {
    /// Nothing wrong at all.
    Behaves,
    /// Computes for ever.
    Spins,
    /// Sleeps for an hour.
    Sleeps,
    /// Keeps `mebibytes` in memory, then answers.
    EatsMemory,
    /// Calls itself for ever.
    Recurses,
    /// Panics, with somebody's data in the message.
    TrapsInList,
    /// Panics in `create`.
    TrapsInCreate,
    /// Logs ten thousand lines.
    FloodsTheLog,
    /// Answers one text of `mebibytes`.
    AnswersTooMuch,
    /// In `get`: answers another account than asked for.
    AnswersAnotherId,
    /// Answers one account more than asked for.
    AnswersALargerPage,
    /// Every page has a next one.
    HasEndlessPages,
    /// A date that is not in any calendar.
    AnswersAnInvalidDate,
    /// Fails with control characters in its message.
    FailsWithControlCharacters,
    /// GET to a server nobody permitted.
    CallsAForbiddenHost,
    /// POST in `list`, in `get`, in `find` and in `check`.
    WritesWhilePlanning,
    /// GET with each header by which some servers take it for a DELETE.
    OverridesTheMethod,
    /// Opens a stream its manifest does not ask for.
    OpensAnUndeclaredStream,
    /// Opens a socket of its own to `other`.
    OpensASocket,
    /// Reads directories it was not given.
    ReadsForeignDirectories,
    /// Asks to see a secret that its manifest asks to reveal.
    RevealsASecret,
    /// Asks to see a secret that it may only use.
    RevealsWhatItMayUse,
    /// Sends a placeholder to `url` where it belongs: in a header.
    UsesASecret,
    /// Sends a placeholder to `url` in the query, and to `other` in a header.
    LeaksASecret,
    /// Sends a placeholder of the page before.
    KeepsAPlaceholder,
    /// Tells everybody the password it is handed.
    TellsAPassword,
    /// Panics with the password it is handed.
    DiesOfAPassword,
    /// Asks to see a password in calls that it is handed none in.
    AsksForAPassword,
    /// Counts its calls in memory and answers how many it remembers.
    KeepsState,
}

const CONFIG_SCHEMA: &str = r#"{
  "type": "object",
  "required": ["behaviour"],
  "additionalProperties": false,
  "properties": {
    "behaviour": { "type": "string" },
    "url": { "type": "string" },
    "other": { "type": "string" },
    "mebibytes": { "type": "integer", "minimum": 0 }
  }
}"#;

impl Connector for Misbehaving {
    fn describe() -> Description {
        let methods = ["GET", "POST"];
        Description::new("dev.lanyard.misbehaving", env!("CARGO_PKG_VERSION"), "Misbehaving")
            .config_schema(CONFIG_SCHEMA)
            .request("{config.url}", &methods, "/", "whatever it does")
            .request("{config.other}", &methods, "/", "what no test permits")
            .secret("token", "signs requests in", false)
            .revealed_secret("pin", "wants to see it", false)
            .object(ObjectDef::account(USER, "login").anchor("key").can([
                Capability::Create,
                Capability::FullList,
                Capability::FindBy("login".to_owned()),
                Capability::Credentials(CredentialAbilities::all()),
            ]))
    }

    fn check(&self, _depth: CheckDepth) -> Result<CheckReport, Error> {
        if self.behaviour == Behaviour::WritesWhilePlanning {
            self.write_something()?;
        }
        Ok(CheckReport::of([CheckFinding::ok("config", "nothing to see here")]))
    }
}

impl Directory for Misbehaving {
    fn list(&self, _object_type: &str, request: &PageRequest) -> Result<Page, Error> {
        match self.behaviour {
            Behaviour::Behaves
            | Behaviour::TrapsInCreate
            | Behaviour::AnswersAnotherId
            | Behaviour::TellsAPassword
            | Behaviour::DiesOfAPassword => {}
            Behaviour::AsksForAPassword => reach::reveal(keys::PASSWORD)?,
            Behaviour::Spins => exhaust::spin(),
            Behaviour::Sleeps => exhaust::sleep(),
            Behaviour::EatsMemory => exhaust::eat(self.mebibytes),
            Behaviour::Recurses => exhaust::recurse(),
            Behaviour::TrapsInList => exhaust::trap(),
            Behaviour::FloodsTheLog => exhaust::flood(),
            Behaviour::AnswersTooMuch => return Ok(lie::too_much(self.mebibytes)),
            Behaviour::AnswersALargerPage => return Ok(lie::larger_page(request.limit)),
            Behaviour::HasEndlessPages => return Ok(lie::endless(request.cursor.as_deref())),
            Behaviour::AnswersAnInvalidDate => return Ok(lie::invalid_date()),
            Behaviour::FailsWithControlCharacters => return Err(lie::control_characters()),
            Behaviour::CallsAForbiddenHost => reach::get_from(self.other.as_deref())?,
            Behaviour::WritesWhilePlanning => self.write_something()?,
            Behaviour::OverridesTheMethod => self.override_the_method()?,
            Behaviour::OpensAnUndeclaredStream => reach::undeclared_stream()?,
            Behaviour::OpensASocket => reach::socket(self.other.as_deref())?,
            Behaviour::ReadsForeignDirectories => reach::foreign_directories()?,
            Behaviour::RevealsASecret => reach::reveal("pin")?,
            Behaviour::RevealsWhatItMayUse => reach::reveal("token")?,
            Behaviour::UsesASecret => self.use_secret()?,
            Behaviour::LeaksASecret => self.leak_secret()?,
            Behaviour::KeepsAPlaceholder => {
                return self.keep_placeholder(request.cursor.as_deref());
            }
            Behaviour::KeepsState => return Ok(lie::remember()),
        }
        Ok(lie::page(vec![lie::account("1", "ada")], None))
    }

    fn get(&self, wanted: &ObjectRef, _want: &Projection) -> Result<Account, Error> {
        match self.behaviour {
            Behaviour::AnswersAnotherId => return Ok(lie::account("2", "ben")),
            Behaviour::WritesWhilePlanning => self.write_something()?,
            _ => {}
        }
        Ok(lie::account(&wanted.uid, "ada"))
    }

    fn find(&self, _type: &str, _by: &Lookup, _want: &Projection) -> Result<Vec<Account>, Error> {
        if self.behaviour == Behaviour::WritesWhilePlanning {
            self.write_something()?;
        }
        Ok(vec![lie::account("1", "ada")])
    }
}

impl Provisioning for Misbehaving {
    fn create(
        &self,
        _context: &OperationContext,
        _request: &CreateRequest,
    ) -> Result<Outcome, Error> {
        match self.behaviour {
            Behaviour::TrapsInCreate => exhaust::trap(),
            Behaviour::WritesWhilePlanning => self.write_something()?,
            _ => {}
        }
        Ok(Outcome::applied().with_account(lie::account("1", "ada")))
    }

    fn update(
        &self,
        _context: &OperationContext,
        _account: &ObjectRef,
        _request: &UpdateRequest,
    ) -> Result<Outcome, Error> {
        Ok(Outcome::unchanged())
    }

    fn enable(&self, _context: &OperationContext, _account: &ObjectRef) -> Result<Outcome, Error> {
        Ok(Outcome::unchanged())
    }

    fn disable(&self, _context: &OperationContext, _account: &ObjectRef) -> Result<Outcome, Error> {
        Ok(Outcome::unchanged())
    }

    fn delete(
        &self,
        _context: &OperationContext,
        _account: &ObjectRef,
        _mode: DeleteMode,
    ) -> Result<Outcome, Error> {
        Ok(Outcome::unchanged())
    }
}

impl Step for Misbehaving {
    fn plan(&self, _request: &StepRequest) -> Result<Vec<String>, Error> {
        match self.behaviour {
            Behaviour::Spins => exhaust::spin(),
            Behaviour::TrapsInList => exhaust::trap(),
            Behaviour::WritesWhilePlanning => self.write_something()?,
            Behaviour::AnswersTooMuch => return Ok(lie::endless_lines(self.mebibytes)),
            Behaviour::FailsWithControlCharacters => return Err(lie::control_characters()),
            _ => {}
        }
        Ok(vec!["does nothing".to_owned()])
    }

    fn run(&self, _context: &OperationContext, _request: &StepRequest) -> Result<Outcome, Error> {
        match self.behaviour {
            Behaviour::Spins => exhaust::spin(),
            Behaviour::TrapsInCreate => exhaust::trap(),
            Behaviour::EatsMemory => exhaust::eat(self.mebibytes),
            Behaviour::WritesWhilePlanning => self.write_something()?,
            _ => {}
        }
        Ok(Outcome::applied())
    }

    fn poll(&self, _context: &OperationContext, _ticket: &str) -> Result<Outcome, Error> {
        self.write_something()?;
        Ok(Outcome::applied())
    }
}

lanyard_sdk::export!(Misbehaving: meta, directory, provisioning, credentials, step);

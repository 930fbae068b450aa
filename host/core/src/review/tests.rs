//! Which answers count.

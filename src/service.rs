//! The module as FreeSWITCH runs it: what `load` makes and `shutdown` takes apart, and the hands that carry out what the
//! table decides. Everything else is below.

pub(crate) mod effects;
pub(crate) mod recovery;
pub(crate) mod registrations;
pub(crate) mod start;
pub(crate) mod worker;

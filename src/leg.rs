//! One call in the switch: whose leg it is, how it came, how it is parked, kept and handed over.

pub(crate) mod after_bridge;
pub(crate) mod attended;
pub(crate) mod behind;
pub(crate) mod caller_id;
pub(crate) mod departed;
pub(crate) mod errand;
pub(crate) mod expand;
pub(crate) mod feature_codes;
pub(crate) mod handover;
pub(crate) mod hold;
pub(crate) mod keys;
pub(crate) mod midcall;
pub(crate) mod origin;
pub(crate) mod parked;
pub(crate) mod parker;
pub(crate) mod parting;
pub(crate) mod party;
pub(crate) mod pickup_tone;
pub(crate) mod recordings;
pub(crate) mod replaces;
pub(crate) mod request;
pub(crate) mod standing;
pub(crate) mod through;
pub(crate) mod transfer_budget;

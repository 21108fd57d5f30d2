//! Channel states and flags, by FreeSWITCH's names and numbers.

pub const CS_NEW: u32 = 0;
pub const CS_INIT: u32 = 1;
pub const CS_ROUTING: u32 = 2;
pub const CS_SOFT_EXECUTE: u32 = 3;
pub const CS_EXECUTE: u32 = 4;
pub const CS_EXCHANGE_MEDIA: u32 = 5;
pub const CS_PARK: u32 = 6;
pub const CS_CONSUME_MEDIA: u32 = 7;
pub const CS_HIBERNATE: u32 = 8;
pub const CS_RESET: u32 = 9;
pub const CS_HANGUP: u32 = 10;
pub const CS_REPORTING: u32 = 11;
pub const CS_DESTROY: u32 = 12;

/// The names of the states.
pub const STATES: [&str; 13] = [
    "CS_NEW",
    "CS_INIT",
    "CS_ROUTING",
    "CS_SOFT_EXECUTE",
    "CS_EXECUTE",
    "CS_EXCHANGE_MEDIA",
    "CS_PARK",
    "CS_CONSUME_MEDIA",
    "CS_HIBERNATE",
    "CS_RESET",
    "CS_HANGUP",
    "CS_REPORTING",
    "CS_DESTROY",
];

pub const CF_ANSWERED: usize = 1;
pub const CF_EARLY_MEDIA: usize = 3;
pub const CF_TRANSFER: usize = 6;
pub const CF_REDIRECT: usize = 8;
pub const CF_BRIDGED: usize = 9;
pub const CF_BREAK: usize = 23;
pub const CF_BROADCAST: usize = 24;
pub const CF_RESET: usize = 29;
pub const CF_DIALPLAN: usize = 62;
pub const CF_ARRANGED_BRIDGE: usize = 164;

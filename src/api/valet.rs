//! The command `valet_info` of mod_valet_parking: which calls are in which slots.

use std::ffi::CStr;

use crate::module::Module;
use crate::render;
use crate::switch::Session;
use crate::switch::module::Command;
use crate::switch::stream::Stream;

/// The command.
pub(crate) struct ValetInfo;

impl Command for ValetInfo {
    const NAME: &'static CStr = c"valet_info";
    const SHORT: &'static CStr = c"Valet Parking Info";
    const SYNTAX: &'static CStr = c"[<lot name>]";

    fn run(arguments: &str, stream: &mut Stream, _: Option<Session<'_>>) {
        let calls = Module::running().map(|module| module.calls(None)).unwrap_or_default();
        stream.write(&render::valet_info(&calls, arguments.trim()));
    }
}

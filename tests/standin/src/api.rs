//! The commands of the event socket: a few of FreeSWITCH's, and the module's.

use std::ffi::CString;

use crate::held::Held;
use crate::state::CF_BREAK;
use crate::strings::separate;
use crate::switch::switch;
use crate::{bridge, causes, console, live, loader, originate};

const MANAGER_REQUEST: u32 = 703;
const NO_SUCH_CHANNEL: &str = "-ERR No such channel!\n";

/// Runs a command, which need not be text.
pub fn run(line: &[u8]) -> Vec<u8> {
    let line = line.trim_ascii_start();
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let (name, arguments) = (String::from_utf8_lossy(&line[..end]), line.get(end + 1..));
    let words = String::from_utf8_lossy(arguments.unwrap_or_default());
    if let Some(answer) = own(&name, &words) {
        return answer.into_bytes();
    }
    // A NUL ends it, as it does in C.
    let arguments =
        arguments.map(|bytes| bytes.split(|byte| *byte == 0).next().unwrap_or_default());
    let arguments = arguments.map(|bytes| CString::new(bytes).unwrap_or_default());
    let answer = loader::run_command(&name, arguments.as_deref(), std::ptr::null_mut());
    answer.unwrap_or_else(|| format!("-ERR {name} Command not found!\n").into_bytes())
}

fn own(name: &str, words: &str) -> Option<String> {
    if let Some(answer) = of_a_channel(name, words) {
        return Some(answer);
    }
    let answer = match name {
        "status" => format!("UP\n{} session(s)\n", live::all().len()),
        "originate" => originate::command(words),
        "hupall" => {
            let cause = if words.is_empty() { MANAGER_REQUEST } else { causes::number(words) };
            live::all().iter().for_each(|session| session.hangup(cause));
            format!(
                "+OK hangup all channels with cause {}\n",
                causes::name(cause).to_string_lossy()
            )
        }
        "show" if words.starts_with("channels") => format!("\n{} total.\n", live::all().len()),
        "global_getvar" => switch().global(words).unwrap_or_default(),
        "reloadxml" => match switch().reload_xml() {
            Ok(()) => "+OK [Success]\n".to_owned(),
            Err(error) => format!("+OK [{error}]\n"),
        },
        "load" => {
            let again = if switch().reload_xml().is_ok() { "+OK Reloading XML\n" } else { "" };
            again.to_owned() + &done(loader::load(words))
        }
        "unload" => match words.split_once(' ') {
            Some((flags, name)) if flags.starts_with('-') => {
                done(loader::unload(name, flags.contains('f')))
            }
            _ => done(loader::unload(words, false)),
        },
        // Nobody is registered: there is no SIP.
        "sofia_contact" => "error/user_not_registered".to_owned(),
        "module_exists" => loader::exists(words).to_string(),
        "console_complete" => complete(words),
        // FreeSWITCH does no more either: no call is hung up, no module told.
        "fsctl" if words == "shutdown now" => std::process::exit(0),
        "fsctl" if words == "shutdown" => {
            switch().stop();
            "+OK\n".to_owned()
        }
        _ => return None,
    };
    Some(answer)
}

fn done(result: Result<(), String>) -> String {
    result.map_or_else(|error| format!("-ERR [{error}]\n"), |()| "+OK\n".to_owned())
}

/// `console_complete <function> <line>`: what fs_cli gets of one source of words.
fn complete(words: &str) -> String {
    let (function, line) = words.split_once(' ').unwrap_or((words, ""));
    console::words(function, line)
        .map_or_else(|| "-ERR\n".to_owned(), |words| words.join("\n") + "\n")
}

/// `uuid_… <uuid> …`.
fn of_a_channel(name: &str, words: &str) -> Option<String> {
    let verb = name.strip_prefix("uuid_")?;
    let parts = separate(words, ' ', 5);
    let part = |index: usize| parts.get(index).map(String::as_str);
    let found = Held::locate(part(0).unwrap_or_default());
    let Some(session) = found else {
        return Some(if verb == "exists" {
            "false".to_owned()
        } else {
            NO_SUCH_CHANNEL.to_owned()
        });
    };
    let ok = || "+OK\n".to_owned();
    Some(match verb {
        "exists" => "true".to_owned(),
        "kill" => {
            session.hangup(part(1).map_or(0, causes::number));
            ok()
        }
        "dump" => {
            let lines =
                session.data().into_iter().map(|(name, value)| format!("{name}: {value}\n"));
            lines.collect()
        }
        "getvar" => session.get(part(1)?).unwrap_or_else(|| "_undef_".to_owned()),
        "setvar" => {
            // The value is all the rest.
            let parts = separate(words, ' ', 3);
            session.set(parts.get(1)?, parts.get(2).map(String::as_str));
            ok()
        }
        "transfer" => match part(1) {
            Some("-both") => {
                let partner = session.get("bridge_to").and_then(|uuid| Held::locate(&uuid));
                let legs = || partner.iter().chain([&session]);
                legs().for_each(|leg| leg.set_flag(crate::state::CF_REDIRECT, true));
                for leg in legs() {
                    leg.transfer(part(2)?, part(3), part(4));
                    std::thread::sleep(session.milliseconds("late_redirect"));
                }
                ok()
            }
            Some("-bleg") => {
                let partner = session.get("bridge_to").and_then(|uuid| Held::locate(&uuid));
                transferred(partner.as_ref().unwrap_or(&session).transfer(
                    part(2)?,
                    part(3),
                    part(4),
                ))
            }
            Some(extension) => transferred(session.transfer(extension, part(2), part(3))),
            None => {
                "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n".to_owned()
            }
        },
        "bridge" => {
            let other = part(1)?;
            let together = bridge::take_together(&session.uuid(), other);
            if together { format!("+OK {other}\n") } else { "-ERR Invalid uuid\n".to_owned() }
        }
        "break" => {
            session.set_flag(CF_BREAK, true);
            ok()
        }
        "broadcast" => {
            // Which leg it is for is always this one here.
            let (application, data) = part(1)?.split_once("::")?;
            session.broadcasts.lock().push_back((application.to_owned(), data.to_owned()));
            ok()
        }
        "recv_dtmf" => {
            session.press(part(1)?.chars());
            ok()
        }
        _ => return None,
    })
}

fn transferred(done: bool) -> String {
    if done { "+OK\n" } else { "-ERR\n" }.to_owned()
}

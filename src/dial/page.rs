//! Notices of a parked call: a page to the phones of its lot, which answer by themselves, and messages to its parker and to
//! the user for whom it is meant.

use std::sync::Arc;

use crate::dial::link;
use crate::dial::message;
use crate::dial::outgoing::{self, Outgoing};
use crate::dial::ringing::{Command, Rings};
use crate::dial::targets;
use crate::leg::arrival::{self, Arrival};
use crate::module::Module;
#[cfg(feature = "web")]
use crate::park::Refusal;
use crate::park::{CallUuid, CallView, LotConfig, Notice};
use crate::switch::dial_string::DialString;
use crate::switch::{clock, log};

/// What stands in a lot's `page` for the user for whom a call is meant.
const ADDRESSEE: &str = "${callpark_for}";

/// Pages the phones of the lot and sends messages, if the lot wants that.
pub(crate) fn tell_others(module: &Arc<Module>, lot: Option<&LotConfig>, uuid: &CallUuid) {
    let Some(lot) = lot.filter(|lot| lot.notify || lot.page.is_some()) else { return };
    let Some(call) = module.look(|park| park.find(clock::now(), uuid)) else { return };
    if lot.notify && may_tell(module, &call, Notice::Message) {
        message::send(module, &call);
    }
    if let Some(addressee) = call.info.addressee().filter(|_| lot.notify)
        && Some(&addressee) != call.info.parker.as_ref()
        && may_tell(module, &call, Notice::ForYou)
    {
        message::send_to(module, &call, addressee, "Parked for you");
    }
    if let Some(dial_string) = &paged_for(lot, &call)
        && may_tell(module, &call, Notice::Page)
    {
        page(module, call, dial_string.clone());
    }
}

/// The dial string of the phones to page. `None` if nobody is paged: the lot pages the user for whom a call is meant, and
/// this one is for nobody.
fn paged_for(lot: &LotConfig, call: &CallView) -> Option<String> {
    let page = lot.page.as_deref()?;
    if !page.contains(ADDRESSEE) {
        return Some(page.to_owned());
    }
    Some(page.replace(ADDRESSEE, &call.info.addressee()?))
}

/// Pages the phones of the call's lot now.
///
/// # Errors
/// `Gone`; `Failed`: the lot pages nobody, or it did so a moment ago.
#[cfg(feature = "web")]
pub(crate) fn announce(module: &Arc<Module>, uuid: &CallUuid) -> Result<(), Refusal> {
    let found = module.look(|park| {
        let call = park.find(clock::now(), uuid)?;
        let lot = park.lot_config(&call.lot)?;
        Some((call, lot))
    });
    let (call, lot) = found.ok_or(Refusal::Gone)?;
    let dial_string = paged_for(&lot, &call).ok_or(Refusal::Failed)?;
    if !may_tell(module, &call, Notice::Page) {
        return Err(Refusal::Failed);
    }
    self::page(module, call, dial_string);
    Ok(())
}

/// Whether it is time for another notice of a call.
fn may_tell(module: &Arc<Module>, call: &CallView, notice: Notice) -> bool {
    let told = module.act(None, |park, now| park.tell(now, &call.info.uuid, notice));
    told.inspect_err(|why| {
        let what = match notice {
            Notice::Page => "nobody is paged",
            Notice::Message | Notice::ForYou => "no message is sent",
        };
        log::info(
            Some(call.info.uuid.as_str()),
            format_args!("{} {}: {what}, because {why}", call.lot, call.orbit),
        );
    })
    .is_ok()
}

/// Calls each of the phones that a lot pages, and says where the call is. Nothing waits for that.
fn page(module: &Arc<Module>, call: CallView, dial_string: String) {
    let uuid = call.info.uuid.clone();
    let theirs = Arc::clone(module);
    let asked = module.threads.tell(move || {
        match targets::phones(call.info.uuid.as_str(), &link::kept(&dial_string)) {
            Ok(phones) => {
                for phone in phones {
                    let phone = link::filled(&theirs, &call, phone);
                    page_one(&theirs, call.clone(), phone);
                }
            }
            Err(reason) => log::warning(
                Some(call.info.uuid.as_str()),
                format_args!(
                    "{} {}: nobody is paged with {dial_string:?}, because {reason}",
                    call.lot, call.orbit
                ),
            ),
        }
    });
    if let Err(reason) = asked {
        log::warning(Some(uuid.as_str()), format_args!("nobody is paged, because {reason}"));
    }
}

fn page_one(module: &Arc<Module>, call: CallView, phone: DialString) {
    const RING_S: u32 = 10;
    if module.is_stopping() {
        return;
    }
    let uuid = call.info.uuid.clone();
    let theirs = Arc::clone(module);
    let waits = module.threads.page(move || {
        let uuid = &call.info.uuid;
        let Some(command) = Rings::of(&theirs).begin_command(Command::Page, uuid, phone.as_str())
        else {
            return;
        };
        // It may have waited for its turn meanwhile.
        if theirs.is_stopping() || !command.is_for(&theirs, &call) {
            return;
        }
        let wanted = Arc::clone(&command.ringing);
        let paged = || {
            let name = format!("Parked at {}", call.orbit);
            let outgoing = Outgoing::about(&call, &phone, RING_S, name);
            let outgoing = outgoing.with(outgoing::ANSWERS_ITSELF, "true");
            let leg = command.ringing.reach(&theirs, outgoing)?;
            drop(command);
            let errand = Arrival::Tell(call.info.uuid.clone());
            outgoing::dispatch(&arrival::errands(&theirs), errand, leg, "callpark")
        };
        // A phone that is not to say it any more has not failed.
        if let Err(reason) = paged()
            && wanted.is_wanted()
        {
            log::info(
                Some(uuid.as_str()),
                format_args!(
                    "{} {}: paging {:?} failed: {reason}",
                    call.lot,
                    call.orbit,
                    phone.as_str()
                ),
            );
        }
    });
    if let Err(reason) = waits {
        log::info(Some(uuid.as_str()), format_args!("a phone is not paged: {reason}"));
    }
}

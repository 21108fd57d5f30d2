//! Digest authentication (RFC 2617, MD5 with qop=auth): what FreeSWITCH asks for when it is not told not to.

use md5::{Digest, Md5};

use super::message::Message;
use super::settings::Settings;
use super::state::State;

/// The request that answers this challenge to `request`, a new transaction of the same dialog.
pub(crate) fn answered(
    state: &mut State,
    request: &Message,
    challenge: &Message,
) -> Option<Message> {
    let (name, value) = credentials(&state.settings, request, challenge)?;
    let number = request.cseq() + 1;
    let mut again = request.clone().with(name, value);
    for (name, value) in &mut again.headers {
        match name.as_str() {
            "CSeq" => *value = format!("{number} {}", request.method()),
            "Via" => *value = value.replace(request.branch(), &new_branch()),
            _ => {}
        }
    }
    let call = state.calls.get_mut(request.call_id()).map(|call| &mut call.dialog);
    let subscription = state.subscriptions.get_mut(request.call_id()).map(|it| &mut it.dialog);
    if let Some(dialog) = call.or(subscription) {
        dialog.cseq = number;
    }
    Some(again)
}

pub(crate) fn new_branch() -> String {
    format!("z9hG4bK{:016x}", fastrand::u64(..))
}

/// The header that answers this challenge, a 401 or 407, for that request; `None` when there is no password, or the
/// request has answered one already.
fn credentials(
    settings: &Settings,
    request: &Message,
    challenge: &Message,
) -> Option<(&'static str, String)> {
    let password = settings.password.as_deref()?;
    let (asks, answers) = match challenge.status()? {
        401 => ("WWW-Authenticate", "Authorization"),
        407 => ("Proxy-Authenticate", "Proxy-Authorization"),
        _ => return None,
    };
    if request.get(answers).is_some() {
        return None;
    }
    let asked = challenge.get(asks)?;
    let (realm, nonce) = (quoted(asked, "realm")?, quoted(asked, "nonce")?);
    let (method, uri) = (request.method(), request.start.split(' ').nth(1)?);
    let (user, client) = (&settings.user, format!("{:08x}", fastrand::u32(..)));
    let secret = md5(&format!("{user}:{realm}:{password}"));
    let what = md5(&format!("{method}:{uri}"));
    let response = md5(&format!("{secret}:{nonce}:00000001:{client}:auth:{what}"));
    let value = format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{response}\", algorithm=MD5, cnonce=\"{client}\", qop=auth, nc=00000001"
    );
    Some((answers, value))
}

fn quoted<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    let (_, rest) = header.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}

fn md5(text: &str) -> String {
    Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

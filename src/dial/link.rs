//! One-tap links: with one of them, one user takes one parked call.

use std::time::Duration;

use crate::module::Module;
use crate::park::{CallView, User};
use crate::switch::dial_string::{DialString, endpoints};

/// What stands in a lot's `page` for a link for the user who is paged.
const NAME: &str = "${callpark_link}";
/// What stands there after everything else was filled in from the channel, which does not know who is paged.
const PLACE: &str = "callpark-link-of-this-phone";
/// For how long a link in a message or a page is good. It ends with the stay of the call in its orbit anyway.
pub(crate) const GOOD_FOR: Duration = Duration::from_secs(3_600);

/// The text of a lot's `page`, in which the place of a link outlasts what fills in everything else.
pub(super) fn kept(page: &str) -> String {
    page.replace(NAME, PLACE)
}

/// A phone that is paged, with a link for its user. Without a link, and for a phone that is not `user/<user>@<domain>`, nothing
/// is in its place.
pub(super) fn filled(module: &Module, call: &CallView, phone: DialString) -> DialString {
    if !phone.as_str().contains(PLACE) {
        return phone;
    }
    let user = endpoints(phone.as_str()).next().and_then(|end| end.strip_prefix("user/"));
    let user = user.and_then(|user| user.parse::<User>().ok());
    let link = user.and_then(|user| to(module, call, &user, GOOD_FOR).ok()).unwrap_or_default();
    DialString::filled(phone.as_str().replace(PLACE, &link))
}

/// A link for that user, who takes the call as it is parked now.
///
/// # Errors
/// There is no web server, or the system has no random numbers.
#[cfg(feature = "web")]
pub(crate) fn to(
    module: &Module,
    call: &CallView,
    user: &User,
    good_for: Duration,
) -> Result<String, &'static str> {
    use crate::switch::clock;
    use office::web::{Link, Links};

    let base = module.settings.read().web.url();
    let base = base.ok_or("there is no web server: see web-listen")?;
    let now_ms = i64::try_from(clock::epoch_ms()).unwrap_or(i64::MAX);
    let good_for_ms = i64::try_from(good_for.as_millis()).unwrap_or(i64::MAX);
    let link = Link {
        uuid: call.info.uuid.as_str().to_owned(),
        parked_at_ms: call.info.parked_at_epoch_ms,
        lot: call.lot.to_string(),
        orbit: call.orbit.to_string(),
        user: user.to_string(),
        until_ms: now_ms.saturating_add(good_for_ms),
    };
    let token = module.table::<Links>().make(&link);
    Ok(format!("{base}/r/{}", token.ok_or("the system has no random numbers")?))
}

/// A build without the web server makes none.
#[cfg(not(feature = "web"))]
pub(crate) fn to(_: &Module, _: &CallView, _: &User, _: Duration) -> Result<String, &'static str> {
    Err("this build has no web server")
}

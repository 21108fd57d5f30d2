//! As much of a caller as may be shown. [`Privacy`](crate::park::Privacy) decides how much that is.

use std::sync::Arc;

use office::audit::{masked, masked_name};

use crate::park::{CallInfo, Caller, Shown};

/// A call with no more of its caller than that.
#[must_use]
pub(crate) fn call(info: CallInfo, shown: Shown) -> CallInfo {
    match shown {
        Shown::All => info,
        _ => CallInfo { caller: caller(&info.caller, shown), note: Arc::from(""), ..info },
    }
}

/// No more of a caller than that.
#[must_use]
pub(crate) fn caller(caller: &Caller, shown: Shown) -> Caller {
    let part = match shown {
        Shown::All => return caller.clone(),
        Shown::Masked => Caller::new(masked_name(&caller.name), masked(&caller.number)),
        Shown::Nothing => Caller::default(),
    };
    Caller { private: caller.private, ..part }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::park::CallUuid;

    #[test]
    fn a_masked_caller_has_neither_name_nor_note() {
        let mut info =
            CallInfo::new(CallUuid::from("u"), Caller::new("Ada Lovelace", "+49301234567"));
        info.note = Arc::from("ill");
        let seen = |shown| {
            let info = call(info.clone(), shown);
            (info.caller.name.to_string(), info.caller.number.to_string(), info.note.to_string())
        };
        let texts =
            |name: &str, number: &str, note: &str| (name.into(), number.into(), note.into());
        assert_eq!(seen(Shown::All), texts("Ada Lovelace", "+49301234567", "ill"));
        assert_eq!(seen(Shown::Masked), texts("A***", "+49301234***", ""));
        assert_eq!(seen(Shown::Nothing), texts("", "", ""));
    }
}

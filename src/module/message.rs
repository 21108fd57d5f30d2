//! Messages to the worker, and to the thread that writes down what outlasts a restart.

use crossbeam_channel::Sender;

use crate::park::{CallUuid, RunId};

/// A message to the thread that writes down what outlasts a restart.
pub(crate) enum Keep {
    /// Something of it has changed.
    Changed,
    /// Write it now, and answer.
    Now(Sender<()>),
    /// Write it, and end.
    End,
}

/// A message to the worker.
pub(crate) enum Message {
    /// There may be something to do earlier than what you wait for.
    Look,
    /// An application has run on this parked leg.
    Ran(CallUuid),
    /// FreeSWITCH has read its XML again.
    Reload,
    /// Another configuration counts from now on.
    Configured,
    /// A return step could not begin to ring: there was no thread for it.
    NotRung {
        /// The parked call.
        uuid: CallUuid,
        /// The run.
        run: RunId,
        /// Why.
        reason: String,
    },
    /// End.
    Stop,
}

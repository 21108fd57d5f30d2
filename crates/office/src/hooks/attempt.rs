//! One message to one webhook, and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::body;
use super::client::{Patience, post};
use super::host::Shown;
use super::settings::Webhook;
use super::signature;
use super::template::{self, Template};
use super::thread::{Shared, Test};
use crate::entry::{Place, Subject};
use crate::journal::now_ms;
use crate::query::Due;
use crate::web::Happened;

/// How long the body of an answer is read, which nobody needs.
const BODY: Duration = Duration::from_secs(1);

/// A webhook, ready to be sent to.
pub(super) struct Ready {
    pub(super) webhook: Webhook,
    template: Option<Template>,
}

impl Ready {
    pub(super) fn of(webhook: &Webhook) -> Self {
        // It was compiled when the configuration was read.
        let template = webhook.template.as_deref().and_then(|text| Template::compile(text).ok());
        Ready { webhook: webhook.clone(), template }
    }

    pub(super) fn name(&self) -> &str {
        &self.webhook.hook.name
    }
}

/// What has come of an attempt.
pub(super) enum Attempt {
    Delivered,
    /// The reader may not see it.
    Skipped,
    /// There is nobody any more.
    Gone,
    /// `down`: whatever was sent would have failed.
    Failed {
        error: String,
        retry_after: Option<Duration>,
        down: bool,
    },
    /// No message can be made of it.
    Broken(String),
}

/// Sends an entry of the journal.
pub(super) async fn attempt(
    shared: &Shared,
    ready: &Ready,
    due: &Due,
    journal_id: &str,
) -> Attempt {
    let hook = &ready.webhook.hook;
    let Some(shown) = shared.setup.host.shown(&hook.reader, &due.happened.lot) else {
        return Attempt::Skipped;
    };
    // The time too: a file that was restored from a copy gives its numbers a second time.
    let id = format!("evt_{journal_id}_{}_{:x}", due.seq, due.happened.at_ms);
    match send(shared, ready, &id, (&due.happened, &due.subject), shown).await {
        Ok((status, _)) if status.is_success() => Attempt::Delivered,
        Ok((StatusCode::GONE, _)) => Attempt::Gone,
        Ok((status, retry_after)) => {
            let busy = matches!(status.as_u16(), 429 | 503);
            let down = busy || matches!(status.as_u16(), 502 | 504);
            let error = format!("{} answers {}", hook.endpoint, status.as_u16());
            Attempt::Failed { error, retry_after: retry_after.filter(|_| busy), down }
        }
        Err(Unsent::Broken(error)) => Attempt::Broken(error),
        Err(Unsent::Failed(error)) => Attempt::Failed { error, retry_after: None, down: true },
    }
}

/// Why there is no answer.
enum Unsent {
    Broken(String),
    Failed(String),
}

async fn send(
    shared: &Shared,
    ready: &Ready,
    id: &str,
    (happened, subject): (&Happened, &Subject),
    shown: Shown,
) -> Result<(StatusCode, Option<Duration>), Unsent> {
    let hook = &ready.webhook.hook;
    let mut event = body::event(&shared.setup.node, happened, subject, shown);
    if ready.template.as_ref().is_some_and(Template::has_link) {
        let place = Place { lot: happened.lot.clone(), orbit: happened.orbit.clone() };
        let link = shared.setup.host.link(&happened.uuid, subject.parked_at_ms, &place);
        event[template::LINK] = link.unwrap_or_default().into();
    }
    let text = match &ready.template {
        None => event.to_string(),
        Some(template) => template
            .render(&event)
            .map_err(|error| Unsent::Broken(format!("its template makes no message: {error}")))?,
    };
    let headers = signature::headers(&hook.secret, id, now_ms() / 1_000, text.as_bytes());
    let patience = Patience { whole: shared.setup.deliver_within, body: BODY };
    let answer = post(&shared.trust, hook, &headers, Bytes::from(text), patience).await;
    let answer = answer.map_err(Unsent::Failed)?;
    Ok((answer.status, answer.retry_after))
}

/// Tries hooks when somebody wants to know how they are.
pub(super) async fn test(shared: Arc<Shared>, mut tests: mpsc::Receiver<Test>) {
    while let Some(Test { hook, reply }) = tests.recv().await {
        let settings = shared.settings.borrow().clone();
        let webhook = settings.webhooks.iter().find(|webhook| webhook.hook.name == hook);
        let question = settings.questions.iter().find(|question| question.hook.name == hook);
        let ready = match (webhook, question) {
            (Some(webhook), _) => Ready::of(webhook),
            (None, Some(question)) => {
                let hook = question.hook.clone();
                let webhook =
                    Webhook { hook, want: Default::default(), template_file: None, template: None };
                Ready { webhook, template: None }
            }
            (None, None) => continue,
        };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            // Nobody may be left who wants to know.
            let _ = reply.try_send(tried(&shared, &ready).await);
        });
    }
}

async fn tried(shared: &Shared, ready: &Ready) -> Result<String, String> {
    let (at_ms, begun) = (now_ms(), Instant::now());
    let happened = Happened {
        seq: 0,
        at_ms,
        action: "test".to_owned(),
        lot: "default".to_owned(),
        orbit: "701".to_owned(),
        uuid: "00000000-0000-4000-8000-000000000000".to_owned(),
        from_uuid: None,
        outcome: None,
        retriever: None,
        reason: Some("somebody has run callpark webhooks test".to_owned()),
        step: None,
        wait_ms: 0,
        seen: None,
    };
    let subject = Subject {
        caller_name: "Test <caller> & \"others\"".to_owned(),
        caller_number: "+15555550100".to_owned(),
        parked_at_ms: at_ms,
        ..Subject::default()
    };
    let id = format!("tst_{at_ms:x}_{:08x}", getrandom::u32().unwrap_or_default());
    let sent = send(shared, ready, &id, (&happened, &subject), Shown::All);
    let sent = timeout(shared.setup.deliver_within, sent).await;
    let took = begun.elapsed().as_millis();
    match sent {
        Ok(Ok((status, _))) if status.is_success() => {
            Ok(format!("{} after {took} ms", status.as_u16()))
        }
        Ok(Ok((status, _))) => Err(format!("it answers {}", status.as_u16())),
        Ok(Err(Unsent::Broken(error) | Unsent::Failed(error))) => Err(error),
        Err(_) => Err("it does not answer".to_owned()),
    }
}

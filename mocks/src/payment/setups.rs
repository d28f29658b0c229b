//! Setup intents: a method is made ready for later payments, its holder asked where the issuer wants it. No money moves.

use serde::{Deserialize, Serialize};

use super::cards::{Behaviour, Decline};
use super::challenge::{self, Answered, Challenge};
use super::charging::{Manner, Presence};
use super::form::Form;
use super::listing::{self, Listed};
use super::options::choice;
use super::pages;
use super::secret::Held;
use super::state::{Method, Status, merge};
use super::test_cards::Authentication;
use super::view;
use super::{customers, errors, methods, waits, wallet};
use crate::store::Table;
use crate::turn::{Happened, Turn};
use crate::wire::{Answer, Stop};

const NO_METHOD: &str = "You cannot confirm this SetupIntent because it's missing a payment method. Update the SetupIntent with a payment method and then confirm it again.";
const USAGES: [&str; 2] = ["off_session", "on_session"];

/// An intent to set a method up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) n: i64,
    pub(crate) id: String,
    pub(crate) account: i64,
    pub(crate) client_secret: String,
    pub(crate) status: Status,
    pub(crate) method: Option<Method>,
    /// The method that was refused last, while no other was tried.
    pub(crate) refused: Option<Method>,
    pub(crate) customer: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) usage: String,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) created: i64,
    pub(crate) cancellation_reason: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) method_types: Vec<String>,
    pub(crate) has_automatic_methods: bool,
    pub(crate) attempts: u32,
}

impl Setup {
    /// Why the last attempt failed.
    pub(crate) fn last_decline(&self) -> Option<(Decline, &Method)> {
        let method = self.refused.as_ref()?;
        let decline = method.card.behaviour.decline()?;
        let is_challenge = method.card.behaviour == Behaviour::AuthenticationFailed;
        let code = if is_challenge { "setup_intent_authentication_failure" } else { decline.code };
        let message = if is_challenge {
            "The latest attempt to set up the payment method has failed because authentication failed."
        } else {
            decline.message
        };
        Some((Decline { code, message, ..decline }, method))
    }
}

fn tell(kind: &'static str, setup: &Setup, turn: &mut Turn<'_>) {
    turn.happened(&Happened {
        kind,
        object: &view::setup(setup),
        parent: &setup.id,
        brand: setup.method.as_ref().map(|method| method.card.brand.name()),
        amount_minor: 0,
        intent: turn.context.intent.as_deref(),
        payment: setup.n,
    });
}

fn keep(setup: Setup, turn: &mut Turn<'_>) {
    let due_us = setup.challenge.as_ref().filter(|_| setup.status == Status::RequiresAction);
    let tag = due_us.map(|challenge| crate::due::tag(waits::CHALLENGE, challenge.due_us).into());
    turn.books.setups.put(setup.n, setup.account, tag, setup, &mut turn.writes, turn.progress);
}

fn shown(setup: &Setup) -> Answer {
    Answer::json(200, &view::setup(setup))
}

fn shown_and_kept(setup: Setup, turn: &mut Turn<'_>) -> Answer {
    let answer = match setup.last_decline() {
        Some((decline, _)) => errors::not_set_up(&decline, &view::setup(&setup)),
        None => shown(&setup),
    };
    keep(setup, turn);
    answer
}

pub(super) fn create(form: &Form, manner: Manner<'_>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let is_confirmed = form.boolean("confirm")?.unwrap_or(false);
    let presence = Presence::read(form)?;
    let usage = choice(form, "usage", &USAGES)?.unwrap_or("off_session").to_owned();
    let method = methods::named(form, turn)?;
    if is_confirmed && method.is_none() {
        return Err(errors::invalid("setup_intent_unexpected_state", None, NO_METHOD).into());
    }
    let customer = customers::named(form, turn)?;
    let n = turn.books.setups.number();
    let id = turn.books.identity.make("seti", n);
    let mut setup = Setup {
        client_secret: format!("{id}_secret_{}", turn.books.identity.secret("setup_secret", n)),
        n,
        id,
        account: turn.context.caller.account,
        status: if method.is_some() { Status::RequiresConfirmation } else { Status::RequiresPaymentMethod },
        method,
        refused: None,
        customer: customer.map(|customer| customer.id),
        description: form.text("description"),
        usage,
        metadata: Vec::new(),
        created: turn.now_s(),
        cancellation_reason: None,
        challenge: None,
        method_types: form.list("payment_method_types"),
        has_automatic_methods: form.boolean("automatic_payment_methods[enabled]")?.unwrap_or(false),
        attempts: 0,
    };
    merge(&mut setup.metadata, form.map("metadata"));
    tell("setup_intent.created", &setup, turn);
    if is_confirmed {
        attempt(&mut setup, presence.return_url, manner, turn);
    }
    Ok(shown_and_kept(setup, turn))
}

/// Tries to set the method up, or asks its holder first.
fn attempt(setup: &mut Setup, return_url: Option<String>, manner: Manner<'_>, turn: &mut Turn<'_>) {
    let Some(method) = setup.method.clone() else { return };
    setup.attempts += 1;
    setup.refused = None;
    let is_asked = match method.card.authentication {
        Authentication::Never | Authentication::WhenAsked => false,
        Authentication::Always | Authentication::UnlessSetUp | Authentication::UnlessAbsent => true,
    };
    if !is_asked {
        conclude(setup, turn);
        return;
    }
    let ordinal = setup.challenge.as_ref().map_or(1, |challenge| challenge.ordinal + 1);
    let token = challenge::token(turn, "setup", setup.n, ordinal);
    let url = format!("{}/3ds/{}/{}/{token}", manner.public_url, setup.account, setup.id);
    let due_us = turn.context.at_us + manner.challenge_ms as i64 * 1_000;
    setup.challenge = Some(Challenge { ordinal, answered: Answered::Pending, return_url, url, due_us });
    setup.status = Status::RequiresAction;
    tell("setup_intent.requires_action", setup, turn);
}

/// The issuer says yes or no.
fn conclude(setup: &mut Setup, turn: &mut Turn<'_>) {
    let Some(mut method) = setup.method.take() else { return };
    let is_declined = method.card.behaviour.decline().is_some() && !method.card.fails_late();
    // A card that asks for its holder and declines later is set up all the same.
    if is_declined && method.card.authentication == Authentication::Never {
        refuse(setup, method, turn);
        return;
    }
    wallet::remember(&mut method, setup.customer.clone(), turn);
    setup.method = Some(method);
    setup.status = Status::Succeeded;
    tell("setup_intent.succeeded", setup, turn);
}

fn refuse(setup: &mut Setup, method: Method, turn: &mut Turn<'_>) {
    setup.status = Status::RequiresPaymentMethod;
    setup.refused = Some(method);
    tell("setup_intent.setup_failed", setup, turn);
}

/// The holder answered, or nobody did.
pub(super) fn end(setup: &mut Setup, answered: Answered, turn: &mut Turn<'_>) {
    let Some(challenge) = setup.challenge.as_mut().filter(|challenge| challenge.answered == Answered::Pending) else {
        return;
    };
    challenge.answered = answered;
    match answered {
        Answered::Authenticated => conclude(setup, turn),
        Answered::Pending | Answered::Failed | Answered::Abandoned => {
            if let Some(mut method) = setup.method.take() {
                method.card.behaviour = Behaviour::AuthenticationFailed;
                refuse(setup, method, turn);
            }
        }
    }
}

fn find(id: &str, turn: &mut Turn<'_>) -> Result<Setup, Stop> {
    let found = match turn.books.identity.read("seti", id) {
        Some(n) => turn.books.setups.take(n, &turn.books.reader)?,
        None => None,
    };
    let found = found.filter(|setup| setup.account == turn.context.caller.account);
    Ok(found.ok_or_else(|| errors::no_such("setupintent", "intent", id))?)
}

pub(super) fn retrieve(id: &str, form: &Form, is_browser: bool, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let setup = find(id, turn)?;
    Held::SetupIntent.check(&setup.client_secret, form, is_browser)?;
    Ok(shown(&setup))
}

pub(super) fn update(id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut setup = find(id, turn)?;
    let method = methods::named(form, turn)?;
    if method.is_some() && matches!(setup.status, Status::Succeeded | Status::Canceled) {
        let message = format!(
            "This SetupIntent's payment_method could not be updated because it has a status of {}. You may only update the payment_method of a SetupIntent with one of the following statuses: requires_payment_method, requires_confirmation, requires_action.",
            setup.status.name()
        );
        return Err(errors::setup_forbids(&message, &view::setup(&setup)).into());
    }
    if let Some(method) = method {
        setup.method = Some(method);
        setup.refused = None;
        setup.status = Status::RequiresConfirmation;
    }
    if let Some(customer) = customers::named(form, turn)? {
        setup.customer = Some(customer.id);
    }
    setup.description = form.retext("description", setup.description);
    merge(&mut setup.metadata, form.map("metadata"));
    let answer = shown(&setup);
    keep(setup, turn);
    Ok(answer)
}

pub(super) fn confirm(
    id: &str,
    form: &Form,
    is_browser: bool,
    manner: Manner<'_>,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    let mut setup = find(id, turn)?;
    Held::SetupIntent.check(&setup.client_secret, form, is_browser)?;
    let presence = Presence::read(form)?;
    let method = methods::named(form, turn)?;
    if matches!(setup.status, Status::Succeeded | Status::Canceled | Status::Processing) {
        let message = match setup.status {
            Status::Succeeded => "You cannot confirm this SetupIntent because it has already succeeded.".to_owned(),
            status => format!(
                "You cannot confirm this SetupIntent because it has a status of {}. Only a SetupIntent with one of the following statuses may be confirmed: requires_payment_method, requires_confirmation, requires_action.",
                status.name()
            ),
        };
        return Err(errors::setup_forbids(&message, &view::setup(&setup)).into());
    }
    setup.method = method.or(setup.method);
    if setup.method.is_none() {
        return Err(errors::setup_forbids(NO_METHOD, &view::setup(&setup)).into());
    }
    attempt(&mut setup, presence.return_url, manner, turn);
    Ok(shown_and_kept(setup, turn))
}

pub(super) fn cancel(id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut setup = find(id, turn)?;
    let reason = choice(form, "cancellation_reason", &["abandoned", "duplicate", "requested_by_customer"])?;
    if matches!(setup.status, Status::Succeeded | Status::Canceled) {
        let message = format!(
            "You cannot cancel this SetupIntent because it has a status of {}. Only a SetupIntent with one of the following statuses may be canceled: requires_payment_method, requires_confirmation, requires_action.",
            setup.status.name()
        );
        return Err(errors::setup_forbids(&message, &view::setup(&setup)).into());
    }
    setup.status = Status::Canceled;
    setup.cancellation_reason = reason.map(str::to_owned);
    tell("setup_intent.canceled", &setup, turn);
    let answer = shown(&setup);
    keep(setup, turn);
    Ok(answer)
}

pub(super) fn list(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let customer = form.text("customer");
    let asked =
        Listed { table: Table::Setup, prefix: "seti", kind: "setupintent", url: "/v1/setup_intents", marked: None };
    let place = |setup: &Setup| (setup.n, setup.created);
    let found = listing::numbered(&asked, form, turn, place, |setup| customer.is_none() || setup.customer == customer)?;
    Ok(found.told(view::setup))
}

/// The challenge's page, asked for (`None`) or answered.
pub(super) fn challenge(id: &str, token: &str, posted: Option<&Form>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut setup = find(id, turn).map_err(|stop| match stop {
        Stop::Answer(_) => Stop::from(pages::not_found()),
        Stop::Store(error) => Stop::Store(error),
    })?;
    let latest = setup.challenge.as_ref().map_or(0, |challenge| challenge.ordinal);
    if !(1..=latest).any(|ordinal| challenge::token(turn, "setup", setup.n, ordinal) == token) {
        return Err(pages::not_found().into());
    }
    match (posted.map(pages::outcome), setup.status) {
        (None, Status::RequiresAction) => return Ok(pages::challenge_form("A card is to be kept for later payments.")),
        (Some(Some(answered)), Status::RequiresAction) => {
            end(&mut setup, answered, turn);
            keep(setup.clone(), turn);
        }
        _ => {}
    }
    let status = if setup.status == Status::Succeeded { "succeeded" } else { "failed" };
    Ok(match setup.challenge.as_ref().and_then(|challenge| challenge.return_url.as_deref()) {
        Some(url) => pages::redirect(
            url,
            &[
                ("setup_intent", &setup.id),
                ("setup_intent_client_secret", &setup.client_secret),
                ("redirect_status", status),
            ],
        ),
        None => pages::page(200, "Thank you", "<p>You can close this page.</p>"),
    })
}

/// Gives a challenge up that nobody answered.
pub(super) fn abandon(n: i64, at_us: i64, turn: &mut Turn<'_>) -> rusqlite::Result<()> {
    let Some(mut setup) = turn.books.setups.take(n, &turn.books.reader)? else { return Ok(()) };
    let is_due = setup.challenge.as_ref().is_some_and(|challenge| challenge.due_us <= at_us);
    if is_due && setup.status == Status::RequiresAction {
        end(&mut setup, Answered::Abandoned, turn);
        keep(setup, turn);
    }
    Ok(())
}

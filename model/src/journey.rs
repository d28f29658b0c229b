//! What a shopper does: steps, what they send, how they read the answers, and their manners.

use crate::outcome::Reading;
use crate::template::{JsonTemplate, Template};
use regex::Regex;
use serde_json_path::JsonPath;
use std::time::Duration;

/// A way through the shop.
#[derive(Clone, Debug)]
pub struct Journey {
    /// Name, unique in the scenario.
    pub name: String,
    /// In order.
    pub steps: Vec<Step>,
}

impl Journey {
    /// Whether a step of it buys.
    #[must_use]
    pub fn buys(&self) -> bool {
        self.purchase().is_some()
    }

    /// Its first step that buys.
    #[must_use]
    pub fn purchase(&self) -> Option<&Buy> {
        self.steps.iter().find_map(|step| match &step.action {
            Action::Buy(buy) => Some(&**buy),
            Action::Think(_) | Action::Request(_) | Action::Poll(_) => None,
        })
    }
}

/// One thing that a shopper does.
#[derive(Clone, Debug)]
pub struct Step {
    /// Name, unique in the journey.
    pub name: String,
    /// The step is skipped unless this holds.
    pub only_if: Option<Condition>,
    /// What is done.
    pub action: Action,
}

/// What is done in a step.
#[derive(Clone, Debug)]
pub enum Action {
    /// Nothing, for a while.
    Think(Pause),
    /// One request.
    Request(Box<Request>),
    /// One request, again and again, until its answer reads [`Reading::Ok`]; past the deadline the step failed.
    Poll(Box<Poll>),
    /// The request that can move money, with all that a careful shopper does about it.
    Buy(Box<Buy>),
}

/// A think time; drawn from the arrival's seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pause {
    /// Always the same.
    Fixed(Duration),
    /// Evenly between two bounds.
    Uniform(Duration, Duration),
    /// Log-normal: median, and standard deviation of the logarithm.
    LogNormal(Duration, f64),
}

/// One request and how its answer is read.
#[derive(Clone, Debug)]
pub struct Request {
    /// Upper-case HTTP method.
    pub method: String,
    /// A path of the shop, or a full address (then without the shop's cookies and default headers).
    pub target: Template,
    /// Headers beside the scenario's default ones.
    pub headers: Vec<(String, Template)>,
    /// What is sent.
    pub body: Body,
    /// Whether redirects are followed.
    pub redirects: Redirects,
    /// Until the last byte of the body is read, redirects included.
    pub timeout: Duration,
    /// The `Idempotency-Key`.
    pub key: KeyUse,
    /// The first that fits tells the reading; none: [`Reading::Unexpected`].
    pub expect: Vec<Expectation>,
    /// What is kept of an answer. One that reads [`Reading::Ok`] or [`Reading::Pending`] must have all that is not
    /// optional; of a refusal is kept what it has, such as the number of an order that another card can pay.
    pub captures: Vec<Capture>,
    /// The money that is asked back by it.
    pub refund: Option<RefundWish>,
}

/// Money asked back.
#[derive(Clone, Debug)]
pub struct RefundWish {
    /// The number of the order.
    pub order: Template,
    /// How much, in minor units; all that is left when absent.
    pub amount: Option<Template>,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub enum Body {
    /// None.
    Empty,
    /// JSON; a variable alone in a string keeps its type.
    Json(JsonTemplate),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, Template)>),
    /// Anything else.
    Raw {
        /// Value of `Content-Type`.
        content_type: String,
        /// The text.
        text: Template,
    },
}

/// What is done about a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirects {
    /// The redirect itself is the answer.
    Keep,
    /// Followed, at most so many times; 303 (and 301, 302 after POST) become GET.
    Follow(u8),
}

/// Where the `Idempotency-Key` comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// No key is sent.
    None,
    /// A key of this step and intent: a repeat of the step has the same one.
    Step,
}

/// A reading and what an answer must look like for it.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// What such an answer means.
    pub reading: Reading,
    /// Any of these; empty: any.
    pub statuses: Vec<StatusRange>,
    /// All of these.
    pub checks: Vec<Check>,
}

/// HTTP statuses from and to, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRange(pub u16, pub u16);

/// Something that a body or header must satisfy.
#[derive(Clone, Debug)]
pub enum Check {
    /// The node at the path equals the value (templates filled in).
    JsonEquals(JsonPath, JsonTemplate),
    /// There is a node at the path.
    JsonExists(JsonPath),
    /// There is none.
    JsonAbsent(JsonPath),
    /// The text of the body contains this.
    BodyContains(Template),
    /// The text of the body fits.
    BodyMatches(Regex),
    /// The header equals the value.
    HeaderEquals(String, Template),
}

/// A named part of an answer.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Name of the variable.
    pub name: String,
    /// Where it is found.
    pub from: Source,
    /// Whether the step fails when it is not found.
    pub missing: Missing,
    /// What the value found is.
    pub meaning: Meaning,
}

/// What a captured value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Meaning {
    /// Whatever it is.
    #[default]
    Value,
    /// An address, perhaps relative to the one that answered; kept in full, as a browser does.
    Address,
}

/// What is done when a capture finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The answer reads [`Reading::Unexpected`].
    Fails,
    /// The variable is left as it was.
    Kept,
}

/// Where a captured value is found.
#[derive(Clone, Debug)]
pub enum Source {
    /// First node at the path, with its type.
    Json(JsonPath),
    /// One of the nodes at the path, drawn from the arrival's seed.
    Pick {
        /// The candidates.
        path: JsonPath,
        /// Member of each candidate that weighs it (a number); evenly when absent.
        weight: Option<String>,
    },
    /// A header's value.
    Header(String),
    /// A cookie's value.
    Cookie(String),
    /// The address after redirects.
    FinalAddress,
    /// First group of the expression over the body, or over a variable; HTML-unescaped.
    Regex {
        /// With one group.
        regex: Regex,
        /// Name of the variable; the body when absent.
        of: Option<String>,
    },
}

/// Whether a step is taken.
#[derive(Clone, Debug)]
pub enum Condition {
    /// The variable exists (and is not null or false).
    Set(String),
    /// It does not.
    Unset(String),
    /// The variable equals the value.
    Equals(String, serde_json::Value),
    /// Taken with this chance, drawn from the arrival's seed.
    Chance(f64),
}

/// A request repeated until a condition holds.
#[derive(Clone, Debug)]
pub struct Poll {
    /// What is asked; [`Reading::Ok`] ends it, a refusal ends it as refused, everything else goes on.
    pub request: Request,
    /// From the end of one answer to the next request.
    pub every: Duration,
    /// From the first request.
    pub deadline: Duration,
}

/// The step that buys.
#[derive(Clone, Debug)]
pub struct Buy {
    /// The submission; carries the step's key.
    pub submit: Request,
    /// The total that the shopper was shown last, in minor units (a variable that holds an integer).
    pub shown_total: Option<Template>,
    /// Currency of the total.
    pub currency: Option<Template>,
    /// What the shopper put in the cart: a list of `sku`, `quantity` and, if known, `unit_minor`.
    pub basket: Option<JsonTemplate>,
    /// The address that the shopper gave: `line1`, `city`, `region`, `postal_code`, `country`, or some of them.
    pub ship_to: Option<JsonTemplate>,
    /// The shop's account that the shopper buys with.
    pub account: Option<Template>,
    /// The promotion that the shop said yes to before; the shopper asked for none where its variable is not set.
    pub promotion: Option<Template>,
    /// Name of the variable that holds the order number once captured.
    pub order: String,
    /// Name of the variable that holds the total answered, in minor units, once captured.
    pub total: Option<String>,
    /// Asked before buying again after no answer: [`Reading::Ok`] (paid), [`Reading::Pending`], a refusal, or [`Reading::Absent`].
    pub look: Option<Request>,
    /// Asked while an order is pending.
    pub settle: Option<Poll>,
    /// The browser's part in the payment, carried out when an answer reads [`Reading::ActionRequired`]. Its last answer
    /// tells what the purchase came to.
    pub action: Vec<Act>,
    /// Edits the cart in another tab while the payment is under way; sent by shoppers who do so. The total shown is then
    /// what a later answer says.
    pub edit: Option<Request>,
    /// Sent after a decline by shoppers who have a second card (`{{card}}` is then that card); a key of its own.
    pub second_card: Option<Request>,
    /// Sent after the confirmation by shoppers who change their mind.
    pub cancel: Option<Request>,
}

/// A step of the browser's part in a payment: a request, a think time or a poll.
#[derive(Clone, Debug)]
pub struct Act {
    /// The step; it never buys.
    pub step: Step,
    /// What its request is for.
    pub part: Part,
}

/// What a request of the browser's part is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Confirms the payment at its provider.
    Confirm,
    /// Authenticates the holder, or leads there.
    Authenticate,
    /// Comes back to the shop; some shoppers do so twice at once.
    Return,
}

/// How likely shoppers of a kind are to do what careful programs forget.
#[derive(Clone, Debug, PartialEq)]
pub struct Manners {
    /// Leaves before a step, drawn evenly among the steps after the first.
    pub abandons: f64,
    /// Submits twice at once with the same key.
    pub double_clicks: f64,
    /// Submits twice at once, the second time with a fresh key on the same cart.
    pub second_tabs: f64,
    /// From one submission to the second, at most; drawn evenly from zero.
    pub double_gap: Duration,
    /// How often a submission without a whole answer is repeated with the same key.
    pub repeats: u32,
    /// From no answer to the next submission.
    pub repeat_pause: Pause,
    /// Looks for an order before submitting again.
    pub looks: f64,
    /// Has a second card at hand after a decline.
    pub second_cards: f64,
    /// Cancels after the confirmation.
    pub cancels: f64,
    /// Leaves for good at the browser's part in the payment, before one of its steps.
    pub close_tabs: f64,
    /// Fails the authentication.
    pub fail_challenges: f64,
    /// Edits the cart in another tab while paying.
    pub edit_carts: f64,
    /// From the submission to the edit, at most; drawn evenly from zero.
    pub edit_within: Duration,
    /// Comes back from the provider twice at once.
    pub return_twice: f64,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            abandons: 0.0,
            double_clicks: 0.0,
            second_tabs: 0.0,
            double_gap: Duration::from_millis(50),
            repeats: 3,
            repeat_pause: Pause::Uniform(Duration::from_millis(500), Duration::from_millis(1500)),
            looks: 1.0,
            second_cards: 0.0,
            cancels: 0.0,
            close_tabs: 0.0,
            fail_challenges: 0.0,
            edit_carts: 0.0,
            edit_within: Duration::from_millis(500),
            return_twice: 0.0,
        }
    }
}

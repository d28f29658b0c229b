//! Purchases as honest shops and unlucky networks make them: what each is, drawn at random.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// One purchase, or a wish for one.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one for each thing that may happen beside")]
pub struct Story {
    /// What happens.
    pub course: Course,
    /// Articles by their place in the catalogue, and how many of each.
    pub basket: Vec<(usize, i64)>,
    /// How the shopper and the network behave.
    pub submission: Submission,
    /// Whether a promotion is used.
    pub promotion: bool,
    /// What a voucher covers, in minor units.
    pub voucher_minor: i64,
    /// Whether the shipping provider quoted the parcel.
    pub shipping_quoted: bool,
    /// Whether the tax provider was down, so that the declared rate stands in.
    pub tax_estimated: bool,
    /// Whether the answer of the payment provider was destroyed, so that the shop asked again under the same key.
    pub answer_lost: bool,
    /// Whether the warehouse was told again under the same message.
    pub redelivered: bool,
    /// Whether the shop carries our header on; else e-mail and order number must do.
    pub carries_header: bool,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    Paid,
    /// Reserved, sent in two parts, each captured just before.
    Split,
    /// As split, and the second part is given up.
    PartGivenUp,
    /// The first provider holds a reservation that is released; the second one is paid.
    FailedOver,
    /// Declined, then paid with another card.
    SecondCard,
    Declined,
    SoldOut,
    /// Confirmed, then cancelled at the shopper's wish.
    Cancelled,
    /// The desk gives part of it back.
    Refunded,
    /// The desk gives part of it back; it comes back, and is given again.
    RefundCameBack,
    /// The provider charged twice by itself; the shop gave one back.
    Doubled,
    Disputed,
    ReviewApproved,
    ReviewDeclined,
    FraudDeclined,
    /// The holder was asked to authenticate; pending, then paid.
    Challenged,
    /// Nobody knows; the reservation was released.
    Unknown,
    /// The payment could not be captured any more.
    Uncapturable,
    Abandoned,
}

impl Course {
    pub const ALL: [Self; 19] = [
        Self::Paid,
        Self::Split,
        Self::PartGivenUp,
        Self::FailedOver,
        Self::SecondCard,
        Self::Declined,
        Self::SoldOut,
        Self::Cancelled,
        Self::Refunded,
        Self::RefundCameBack,
        Self::Doubled,
        Self::Disputed,
        Self::ReviewApproved,
        Self::ReviewDeclined,
        Self::FraudDeclined,
        Self::Challenged,
        Self::Unknown,
        Self::Uncapturable,
        Self::Abandoned,
    ];
}

/// How the shopper and the network behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submission {
    Once,
    DoubleClick,
    SecondTab,
    Unanswered,
}

const SUBMISSIONS: [Submission; 4] =
    [Submission::Once, Submission::DoubleClick, Submission::SecondTab, Submission::Unanswered];

/// Some purchases, and how their rows fall between one another.
#[derive(Clone, Debug)]
pub struct World {
    pub stories: Vec<Story>,
    pub shuffle: u64,
}

pub fn story(course: Course) -> impl Strategy<Value = Story> {
    let basket = prop::collection::vec((0_usize..3, 1_i64..4), 1..4);
    let flags = prop::array::uniform5(any::<bool>());
    let voucher = prop_oneof![2 => Just(0), 1 => 1_i64..90];
    (basket, select(SUBMISSIONS.to_vec()), flags, voucher, any::<bool>()).prop_map(
        move |(basket, submission, flags, voucher_minor, carries_header)| {
            let [promotion, shipping_quoted, tax_estimated, answer_lost, redelivered] = flags;
            Story {
                course,
                basket,
                submission,
                promotion,
                voucher_minor,
                shipping_quoted,
                tax_estimated,
                answer_lost,
                redelivered,
                carries_header,
            }
        },
    )
}

/// Up to ten purchases of any kind.
pub fn world() -> impl Strategy<Value = World> {
    let any_story = select(Course::ALL.to_vec()).prop_flat_map(story);
    (prop::collection::vec(any_story, 1..10), any::<u64>()).prop_map(|(stories, shuffle)| World { stories, shuffle })
}

/// Every kind of purchase once, and some more; its shop carries our header on, and its provider quotes.
pub fn full_world() -> impl Strategy<Value = World> {
    let one_of_each: Vec<_> = Course::ALL.into_iter().map(story).collect();
    (one_of_each, any::<u64>()).prop_map(|(mut stories, shuffle)| {
        for (index, story) in stories.iter_mut().enumerate() {
            story.carries_header = true;
            story.shipping_quoted = index % 2 == 0;
            story.submission = SUBMISSIONS[index % SUBMISSIONS.len()];
            story.tax_estimated = false;
            story.promotion = index % 3 == 0;
            story.voucher_minor = if index % 4 == 0 { 30 } else { 0 };
        }
        World { stories, shuffle }
    })
}

/// The same cases each time.
pub fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

//! The laws that come with the program.

use super::header::Law;

macro_rules! laws {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../scenarios/laws/", $name, ".sql")))),*]
    };
}

/// Name and text of each, in the order in which reports name them.
const TEXTS: [(&str, &str); 43] = laws![
    "no_intent_is_charged_twice",
    "no_intent_gets_two_orders",
    "no_charge_without_an_order",
    "no_order_without_a_charge",
    "every_statement_is_attributed",
    "the_charge_equals_the_order_total",
    "no_acknowledged_order_is_lost",
    "a_repeated_key_gets_the_same_answer",
    "no_key_stands_for_two_requests",
    "stock_is_never_oversold",
    "promotions_stay_within_their_limit",
    "an_order_only_moves_forward",
    "no_refund_exceeds_the_capture",
    "every_tax_amount_has_a_declared_source",
    "committed_tax_documents_match_paid_orders",
    "every_paid_order_is_fulfilled_once",
    "no_authorisation_is_left_open",
    "every_doubt_is_settled",
    "no_card_number_is_stored",
    "nothing_ships_unpaid",
    "refunds_agree_in_both_books",
    "no_refund_exceeds_what_was_asked",
    "every_refund_that_was_promised_is_given",
    "every_order_number_is_unique",
    "stock_books_balance",
    "vouchers_stay_within_their_worth",
    "the_settlement_agrees_with_the_orders",
    "every_order_adds_up",
    "the_order_holds_what_the_shopper_chose",
    "everybody_sees_their_own_order",
    "nobody_is_refused_without_a_reason",
    "everybody_pays_with_their_own_card",
    "a_final_no_is_final",
    "a_confirmed_cancellation_is_kept",
    "what_is_sent_is_what_was_ordered",
    "nothing_is_sent_of_a_cancelled_order",
    "nothing_is_given_back_unasked",
    "nothing_suspicious_is_sold",
    "tax_is_asked_on_what_is_sold",
    "shipping_costs_what_was_quoted",
    "every_dispute_is_known",
    "voucher_books_balance",
    "nobodys_mail_goes_to_another",
];

/// The laws that come with the program.
///
/// # Panics
/// Never: that each of them can be read is tested.
#[must_use]
pub fn built_in() -> Vec<Law> {
    TEXTS.iter().map(|(name, text)| Law::parse(name, text).expect("a law of ours has a whole header")).collect()
}

/// Whether a law is one of these, word for word.
pub(crate) fn is_built_in(law: &Law) -> bool {
    TEXTS.iter().any(|(name, text)| *name == law.name && *text == law.sql)
}

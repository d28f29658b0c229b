//! `mix`: which journeys shoppers take, their manners and their cards.

use super::desk::At;
use super::form::{Form, Kind, object};
use super::journey::pause;
use super::kinds::{Spotted, spotted, table};
use super::mistake::{likely, one_of};
use super::scalars::{count, duration, number, share, text};
use crate::card::Card;
use crate::journey::Manners;

/// An entry of the mix whose journey is not yet looked up.
pub(super) struct MixDraft {
    pub journey: Spotted<String>,
    pub weight: f64,
    pub manners: Manners,
    pub cards: Vec<(Card, f64)>,
}

/// An entry of `mix`.
pub(super) fn entry(form: &mut Form<'_>) -> Option<MixDraft> {
    let journey = form.required("journey", "Name of the journey.", spotted(text()));
    let weight = form.defaulted("weight", "Share of the arrivals, relative to the other entries.", "1", number());
    let manners = form.optional("manners", "What these shoppers do besides.", object("Manners", manners));
    let cards = form.optional("cards", "Which test cards they hold: name → weight.", table(number()).and(cards));
    let absent = |key| form.at().is_some() && !form.has(key);
    Some(MixDraft {
        journey: journey?,
        weight: weight?,
        manners: manners.or_else(|| absent("manners").then(Manners::default))?,
        cards: cards.or_else(|| absent("cards").then(|| vec![(Card::Ok, 1.0)]))?,
    })
}

fn manners(form: &mut Form<'_>) -> Option<Manners> {
    let abandons = form.defaulted("abandon", "Leaves before a step, any but the first.", "0%", share());
    let double_clicks = form.defaulted("double_click", "Submits twice at once with the same key.", "0%", share());
    let second_tabs = form.defaulted(
        "second_tab",
        "Submits twice at once, the second time with a fresh key on the same cart.",
        "0%",
        share(),
    );
    let double_gap = form.defaulted("double_gap", "From one submission to the second, at most.", "50ms", duration());
    let repeats = form.defaulted(
        "repeats",
        "How often a submission without a whole answer is repeated with the same key.",
        "3",
        count(),
    );
    let repeat_pause = form.defaulted("repeat_pause", "Before such a repeat.", "500ms..1500ms", pause());
    let looks = form.defaulted("look", "Looks for an order before submitting again.", "100%", share());
    let second_cards = form.defaulted("second_card", "Has a second card at hand after a decline.", "0%", share());
    let cancels = form.defaulted("cancel", "Cancels after the confirmation.", "0%", share());
    let close_tabs = form.defaulted(
        "close_tab",
        "Leaves for good at the browser's part in the payment, before one of its steps.",
        "0%",
        share(),
    );
    let fail_challenges =
        form.defaulted("fail_challenge", "Fails the authentication: `{{holder.answer}}` is `failed`.", "0%", share());
    let edit_carts = form.defaulted("edit_cart", "Edits the cart in another tab while paying.", "0%", share());
    let edit_within = form.defaulted("edit_within", "From the submission to the edit, at most.", "500ms", duration());
    let return_twice =
        form.defaulted("return_twice", "Comes back from the payment provider twice at once.", "0%", share());
    let manners = Manners {
        abandons: abandons?,
        double_clicks: double_clicks?,
        second_tabs: second_tabs?,
        double_gap: double_gap?,
        repeats: repeats?.min(100) as u32,
        repeat_pause: repeat_pause?,
        looks: looks?,
        second_cards: second_cards?,
        cancels: cancels?,
        close_tabs: close_tabs?,
        fail_challenges: fail_challenges?,
        edit_carts: edit_carts?,
        edit_within: edit_within?,
        return_twice: return_twice?,
    };
    if manners.double_clicks + manners.second_tabs > 1.0 {
        form.wrong("second_tab", "and `double_click` are more than 100% together", "a shopper does one of the two");
    }
    Some(manners)
}

fn cards(members: Vec<(Spotted<String>, f64)>, at: &At<'_>) -> Option<Vec<(Card, f64)>> {
    let mut cards = Vec::new();
    let named = members.len();
    for (name, weight) in members {
        let Some(card) = Card::named(&name.value) else {
            let known = || Card::ALL.iter().map(|card| card.name());
            let hint = likely(&name.value, known())
                .map_or_else(|| format!("cards are {}", one_of(known())), |word| format!("did you mean `{word}`?"));
            at.desk.note(name.spot, "is not a test card".into(), Some(hint));
            continue;
        };
        cards.push((card, weight));
    }
    if cards.len() < named {
        return None;
    }
    weights(at, cards.iter().map(|(_, weight)| *weight));
    Some(cards)
}

/// Notes weights of which nothing can be drawn.
pub(super) fn weights(at: &At<'_>, weights: impl Iterator<Item = f64>) {
    if weights.sum::<f64>() <= 0.0 {
        at.wrong("has weights that add up to 0", Some("give at least one a weight above 0".into()));
    }
}

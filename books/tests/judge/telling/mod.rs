//! A world told as the three books would tell it: rows of each purchase in their order, purchases between one another.

mod courses;

use super::stories::{Course, Story, Submission, World};
use books::history::{self, Books};
use std::fmt::Write;

/// Article and price.
const CATALOGUE: [(&str, i64); 3] = [("MUG", 100), ("CUP", 250), ("HAT", 999)];
const STOCK: i64 = 100_000;
const FLAT_MINOR: i64 = 50;
const QUOTED_MINOR: i64 = 75;
const VOUCHER_MINOR: i64 = 1_000_000;

/// The three books of a world.
pub fn books(world: &World) -> Books {
    let text = text(world);
    let mut histories = history::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    histories.remove(0).books
}

/// The same as text, for people.
pub fn text(world: &World) -> String {
    let mut text = format!(
        "history: a world\nexpect: held\nrun tells-who-asked\npromotion SAVE10 1000 percent-bp=1000\n\
         voucher GIFT {VOUCHER_MINOR}\nshipping-rate {FLAT_MINOR}\nstock GEM 0\nstock-book GEM\ntax-policy rate 800\nfile /var/shop.db bytes=4096\n"
    );
    for (sku, price) in CATALOGUE {
        let _ = writeln!(text, "stock {sku} {STOCK} price={price}");
    }
    let tellings: Vec<Telling> = world.stories.iter().enumerate().map(|(n, story)| Telling::of(n, story)).collect();
    // Shoppers are named in the order of their arrival.
    for telling in &tellings {
        writeln!(text, "{}", telling.lines[0]).unwrap();
    }
    let queues = tellings.iter().map(|telling| telling.lines[1..].iter()).collect();
    between_one_another(queues, world.shuffle).for_each(|line| writeln!(text, "{line}").unwrap());
    for (place, (sku, _)) in CATALOGUE.into_iter().enumerate() {
        let sold: i64 = tellings.iter().map(|telling| telling.sold[place]).sum();
        let _ = writeln!(text, "stock-book {sku} declared={STOCK} available={} sold={sold}", STOCK - sold);
    }
    let spent: i64 = tellings.iter().map(|telling| telling.spent_minor).sum();
    let _ = writeln!(text, "voucher-book GIFT balance={}", VOUCHER_MINOR - spent);
    let used = tellings.iter().filter(|telling| telling.uses_promotion).count();
    let _ = writeln!(text, "promotion-book SAVE10 used={used}");
    text
}

/// Takes from any queue that is not empty, as the seed says.
fn between_one_another(mut queues: Vec<std::slice::Iter<'_, String>>, seed: u64) -> impl Iterator<Item = &String> {
    let mut state = seed | 1;
    std::iter::from_fn(move || {
        queues.retain(|queue| queue.len() > 0);
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let count = queues.len();
        if count == 0 { None } else { queues[(state >> 33) as usize % count].next() }
    })
}

/// The rows of one purchase.
struct Telling<'a> {
    story: &'a Story,
    n: usize,
    name: String,
    lines: Vec<String>,
    sold: [i64; 3],
    spent_minor: i64,
    uses_promotion: bool,
}

/// What an order costs.
struct Price {
    goods: i64,
    discount: i64,
    shipping: i64,
    tax: i64,
    total: i64,
    credit: i64,
    due: i64,
}

impl<'a> Telling<'a> {
    fn of(n: usize, story: &'a Story) -> Self {
        let name = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        let name = format!("{}{}", name[n / 10 % 10], name[n % 10]);
        let mut telling =
            Self { story, n, name, lines: Vec::new(), sold: [0; 3], spent_minor: 0, uses_promotion: false };
        telling.tell();
        telling
    }

    fn say(&mut self, line: String) {
        self.lines.push(line);
    }

    fn price(&self) -> Price {
        let goods = self.story.basket.iter().map(|(place, quantity)| CATALOGUE[*place].1 * quantity).sum();
        let discount = if self.story.promotion { goods / 10 } else { 0 };
        let shipping = if self.story.shipping_quoted { QUOTED_MINOR } else { FLAT_MINOR };
        let tax = (goods - discount + shipping) * 8 / 100;
        let total = goods - discount + shipping + tax;
        // What leaves in parts is paid by card alone.
        let parts = matches!(self.story.course, Course::Split | Course::PartGivenUp);
        let credit = if parts { 0 } else { self.story.voucher_minor };
        Price { goods, discount, shipping, tax, total, credit, due: total - credit }
    }

    /// `MUG*2@100,CUP*1@250`, with what was given up of the last line.
    fn goods(&self, given_up: i64) -> String {
        let last = self.story.basket.len() - 1;
        let line = |(index, (place, quantity)): (usize, &(usize, i64))| {
            let (sku, unit_minor) = CATALOGUE[*place];
            let given_up = if index == last && given_up > 0 { format!("-{given_up}") } else { String::new() };
            format!("{sku}*{quantity}@{unit_minor}{given_up}")
        };
        self.story.basket.iter().enumerate().map(line).collect::<Vec<_>>().join(",")
    }

    /// The mark that a row of the statement carries.
    fn mark(&self) -> String {
        let header = if self.story.carries_header { format!("intent={} ", self.name) } else { String::new() };
        format!("{header}order=O{} email={}", self.n, self.name)
    }

    fn fault(&self) -> &'static str {
        if self.story.answer_lost { " lost fault=lost-answers" } else { "" }
    }

    fn shopper(&mut self, outcome: &str, more: &str) {
        let (price, n) = (self.price(), self.n);
        let basket = self.goods(0);
        let learnt = if outcome == "confirmed" { format!("order=O{n} total={}", price.total) } else { String::new() };
        let promotion = if self.story.promotion { "SAVE10" } else { "" };
        let line = format!(
            "shopper {} {outcome} shown={} {learnt} basket={basket} ship-to=Elm-{n} promotion={promotion} {more}",
            self.name, price.total
        );
        self.say(line);
    }

    fn submitted(&mut self, answer: &str) {
        let (name, n) = (self.name.clone(), self.n);
        let submit = |key: &str, answer: &str| format!("submit {name} key=k{n}{key} card=ok -> {answer}");
        match self.story.submission {
            Submission::Once => {}
            Submission::DoubleClick => {
                self.say(submit("", "409 in_progress"));
                self.say(submit("", answer));
            }
            Submission::SecondTab => self.say(submit("-tab", "409 already_ordered")),
            Submission::Unanswered => self.say(submit("", "no answer")),
        }
        self.say(submit("", answer));
    }

    fn confirmed(&mut self) {
        let answer = format!("201 ok order=O{} total={}", self.n, self.price().total);
        self.submitted(&answer);
    }

    fn quotes(&mut self) {
        let (price, n, name) = (self.price(), self.n, self.name.clone());
        if self.story.shipping_quoted {
            self.say(format!("shipping rate shp_{n} {QUOTED_MINOR} intent={name} to=US/926{n}"));
        }
        if self.story.tax_estimated {
            self.say(format!("tax refused_by_fault q_{n} intent={name} fault=tax-outage"));
        } else {
            let taxed = price.total - price.tax;
            self.say(format!("tax quote q_{n} {} intent={name} taxed={taxed} to=US/926{n}", price.tax));
        }
    }

    fn decision(&mut self, state: &str) {
        let (mark, n) = (self.mark(), self.n);
        self.say(format!("fraud decision O{n} {mark} state={state}"));
    }

    fn refused_card(&mut self) {
        let (mark, n, due) = (self.mark(), self.n, self.price().due);
        self.say(format!("payment create pi_{n} {due} {mark} state=requires_payment_method"));
        self.say(format!("payment authorise ch_{n}-no of pi_{n} {due} {mark} state=declined"));
    }

    fn reserved(&mut self, provider: &str, card: &str) {
        let (mark, n, due, fault) = (self.mark(), self.n, self.price().due, self.fault());
        self.say(format!(
            "{provider} authorise ch_{n} of pi_{n} {due} {mark} key=pk_{n} state=succeeded card={card}{fault}"
        ));
        if self.story.answer_lost {
            self.say(format!("{provider} replay ch_{n} {mark} key=pk_{n} replayed"));
        }
    }

    fn captured(&mut self, provider: &str) {
        let (mark, n, due) = (self.mark(), self.n, self.price().due);
        self.say(format!("{provider} capture ch_{n} of pi_{n} {due} {mark}"));
        self.say(format!("{provider} webhook evt_{n} of pi_{n} state=delivered type=payment_intent.succeeded"));
        self.settled(provider, "charge", &format!("ch_{n}"), due);
    }

    fn settled(&mut self, provider: &str, kind: &str, object: &str, gross: i64) {
        let n = self.n;
        self.say(format!("settled {provider} {kind} {object} of pi_{n} {gross} order=O{n}"));
    }

    fn filed(&mut self) {
        let (mark, n, tax) = (self.mark(), self.n, self.price().tax);
        self.say(format!("tax document O{n} {tax} {mark} state=committed"));
    }

    fn sent(&mut self, part: &str, goods: &str) {
        let (mark, n) = (self.mark(), self.n);
        let dispatch = format!("d_{n}{part} {mark} key=m_{n}{part} lines={goods} ship-to=Elm-{n}");
        self.say(format!("warehouse dispatch {dispatch}"));
        if self.story.redelivered {
            self.say(format!("warehouse redelivery {dispatch} fault=dispatch-lost"));
        }
    }

    /// The order as the shop's book has it at the end; counts what it took from shelf and voucher.
    fn order(&mut self, state: &str, states: &str, more: &str, given_up: i64) {
        let (price, n, name) = (self.price(), self.n, self.name.clone());
        if !matches!(state, "failed" | "cancelled") {
            for (place, quantity) in &self.story.basket {
                self.sold[*place] += quantity;
            }
            let last = self.story.basket[self.story.basket.len() - 1].0;
            self.sold[last] -= given_up;
            self.spent_minor += price.credit;
            self.uses_promotion = self.story.promotion;
        }
        let returned = if matches!(state, "failed" | "cancelled") { price.credit } else { 0 };
        let mut line = format!(
            "order O{n} {state} total={} subtotal={} discount={} shipping={} tax={} payment=pi_{n} lines={} states={states} \
             email={name} ship-to=Elm-{n} to=US/926{n} run=r1 {more}",
            price.total,
            price.goods,
            price.discount,
            price.shipping,
            price.tax,
            self.goods(given_up)
        );
        let say = |line: &mut String, condition: bool, text: String| {
            if condition {
                let _ = write!(line, " {text}");
            }
        };
        say(&mut line, self.story.carries_header, format!("intent={name}"));
        say(&mut line, self.story.promotion, "promotion=SAVE10".into());
        say(
            &mut line,
            price.credit > 0,
            format!("voucher=GIFT credit={0} credits=voucher:GIFT:{0}:{returned}", price.credit),
        );
        say(&mut line, self.story.shipping_quoted, format!("shipping-source=quote shipping-quote=shp_{n}"));
        say(&mut line, !self.story.shipping_quoted, "shipping-source=flat".into());
        say(&mut line, self.story.tax_estimated, "source=fallback".into());
        say(&mut line, !self.story.tax_estimated, format!("source=quote quote=q_{n}"));
        let says_paid = more.contains("paid=");
        say(&mut line, !says_paid, "paid=0".into());
        self.say(line);
    }
}

//! What befalls a purchase, course by course: who says what of it, in which order.

use super::{CATALOGUE, Course, Telling};

impl Telling<'_> {
    pub(super) fn tell(&mut self) {
        match self.story.course {
            Course::Abandoned => {
                self.shopper("abandoned", "");
                self.quotes();
            }
            Course::SoldOut => {
                self.shopper("rejected", "refusal=sold_out");
                self.submitted("409 sold_out");
                self.quotes();
            }
            Course::Declined => {
                self.shopper("rejected", "refusal=declined");
                self.submitted("402 declined");
                self.quotes();
                self.refused_card();
                self.order("failed", "pending,failed", "", 0);
            }
            Course::FraudDeclined => {
                self.shopper("rejected", "refusal=declined");
                self.submitted("402 declined");
                self.quotes();
                self.decision("decline");
                self.order("cancelled", "pending,cancelled", "fraud=decline", 0);
            }
            Course::Unknown => self.unknown(),
            Course::Paid | Course::Challenged | Course::SecondCard | Course::FailedOver | Course::Doubled => {
                self.paid();
            }
            Course::Disputed => self.disputed(),
            Course::Split | Course::PartGivenUp => self.split(),
            Course::Cancelled => self.cancelled(),
            Course::Refunded | Course::RefundCameBack => self.refunded(),
            Course::ReviewApproved | Course::ReviewDeclined => self.reviewed(),
            Course::Uncapturable => self.uncapturable(),
        }
    }

    fn paid(&mut self) {
        self.shopper("confirmed", "");
        let due = self.price().due;
        let (provider, card, n, mark) = match self.story.course {
            Course::FailedOver => ("backup-payment", "ok", self.n, self.mark()),
            Course::SecondCard => ("payment", "mastercard", self.n, self.mark()),
            _ => ("payment", "ok", self.n, self.mark()),
        };
        let name = self.name.clone();
        match self.story.course {
            Course::SecondCard => {
                self.submitted("402 declined");
                let total = self.price().total;
                self.say(format!("second-card {name} key=k{n}-2 card=mastercard -> 201 ok order=O{n} total={total}"));
            }
            Course::Challenged => self.submitted(&format!("202 pending order=O{n}")),
            _ => self.confirmed(),
        }
        self.quotes();
        match self.story.course {
            Course::SecondCard => self.refused_card(),
            Course::FailedOver => {
                self.say(format!(
                    "payment authorise ch_{n}-first of pi_{n}-first {due} {mark} state=succeeded card=ok fault=outage"
                ));
                self.say(format!("payment void ch_{n}-first of pi_{n}-first {mark}"));
            }
            Course::Challenged => self.say(format!("payment challenge pi_{n} {due} {mark}")),
            _ => {}
        }
        self.reserved(provider, card);
        self.captured(provider);
        let mut more = format!("paid={due} dispatch=sent document=O{n}");
        if self.story.course == Course::Doubled {
            self.say(format!(
                "payment authorise ch_{n}-b of pi_{n}-b {due} {mark} state=succeeded effect=commit_twice fault=doubles"
            ));
            self.say(format!("payment capture ch_{n}-b of pi_{n}-b {due} {mark} effect=commit_twice fault=doubles"));
            self.say(format!("payment refund re_{n} of ch_{n}-b {due} key=rk_{n} state=succeeded"));
            self.settled("payment", "charge", &format!("ch_{n}-b"), due);
            self.settled("payment", "refund", &format!("re_{n}"), -due);
            more =
                format!("paid={} refunded={due} refunds=rk_{n}:{due}:succeeded dispatch=sent document=O{n}", due * 2);
        }
        self.filed();
        let goods = self.goods(0);
        self.sent("", &goods);
        self.order("fulfilled", "pending,paid,fulfilled", &more, 0);
    }

    /// Bought with a card, and nothing captured yet.
    fn bought(&mut self) {
        self.shopper("confirmed", "");
        self.confirmed();
        self.quotes();
        self.reserved("payment", "ok");
    }

    /// Bought, captured at once, and filed.
    fn charged(&mut self) {
        self.bought();
        self.captured("payment");
        self.filed();
    }

    fn disputed(&mut self) {
        self.charged();
        let (goods, n, due) = (self.goods(0), self.n, self.price().due);
        self.sent("", &goods);
        self.say(format!("payment dispute dp_{n} of ch_{n} {due} state=needs_response"));
        self.say(format!("payment webhook evt_{n}-d of pi_{n} state=delivered type=charge.dispute.created"));
        self.say(format!("payment dispute dp_{n} of ch_{n} {due} state=lost"));
        self.settled("payment", "dispute", &format!("dp_{n}"), -due);
        let more = format!("paid={due} disputed={due} dispute=lost dispatch=sent document=O{n}");
        self.order("fulfilled", "pending,paid,fulfilled", &more, 0);
    }

    /// Two parts: the first takes all but one piece of the last line, captured half and half.
    fn split(&mut self) {
        self.bought();
        let (mark, n, due) = (self.mark(), self.n, self.price().due);
        let (place, last) = self.story.basket[self.story.basket.len() - 1];
        let whole = self.goods(0);
        let rest = whole.rsplit_once(',').map(|(rest, _)| rest.to_owned());
        let first: Vec<String> =
            rest.into_iter().chain((last > 1).then(|| format!("{}*{}", CATALOGUE[place].0, last - 1))).collect();
        // What is one piece cannot be divided: it leaves in one part.
        let parted = !first.is_empty();
        let half = if parted { due / 2 } else { due };
        let part = if parted { " partial" } else { "" };
        self.say(format!("payment capture ch_{n} of pi_{n} {half} {mark}{part}"));
        self.settled("payment", "charge", &format!("ch_{n}"), half);
        let first = if parted { first.join(",") } else { whole };
        self.sent("-1", &first);
        self.filed();
        if !parted {
            let more = format!("paid={due} parts=m_{n}-1:{due} document=O{n}");
            return self.order("fulfilled", "pending,authorised,fulfilled", &more, 0);
        }
        if self.story.course == Course::PartGivenUp {
            self.say(format!(
                "payment capture ch_{n} of pi_{n} {} {mark} state=failed fault=capture-fails",
                due - half
            ));
            self.say(format!("payment void ch_{n} of pi_{n} {mark}"));
            let more = format!("paid={half} given-up={} parts=m_{n}-1:{half} document=O{n}", due - half);
            return self.order("fulfilled", "pending,authorised,partially_fulfilled,fulfilled", &more, 1);
        }
        self.say(format!("payment capture ch_{n} of pi_{n} {} {mark}", due - half));
        self.settled("payment", "charge", &format!("ch_{n}-2"), due - half);
        self.sent("-2", &format!("{}*1", CATALOGUE[place].0));
        let more = format!("paid={due} parts=m_{n}-1:{half},m_{n}-2:{} document=O{n}", due - half);
        self.order("fulfilled", "pending,authorised,partially_fulfilled,fulfilled", &more, 0);
    }

    fn cancelled(&mut self) {
        self.shopper("confirmed", "cancel=confirmed");
        self.confirmed();
        let (name, n, due, mark) = (self.name.clone(), self.n, self.price().due, self.mark());
        self.say(format!("cancel {name} key=k{n}-cancel -> 200 ok"));
        self.quotes();
        self.reserved("payment", "ok");
        self.captured("payment");
        self.filed();
        self.say(format!("payment refund re_{n} of ch_{n} {due} key=rk_{n} state=succeeded"));
        self.settled("payment", "refund", &format!("re_{n}"), -due);
        self.say(format!("tax void O{n} {mark}"));
        let more = format!("paid={due} refunded={due} refunds=rk_{n}:{due}:succeeded document=O{n}");
        self.order("cancelled", "pending,paid,cancelled", &more, 0);
    }

    fn refunded(&mut self) {
        self.charged();
        let (goods, n, due) = (self.goods(0), self.n, self.price().due);
        self.sent("", &goods);
        let back = due / 3;
        let name = self.name.clone();
        self.say(format!("refund {name} key=desk-{n} order=O{n} amount={back} -> 201 ok"));
        let mut list = format!("rk_{n}:{back}:succeeded:desk-{n}");
        self.say(format!("payment refund re_{n} of ch_{n} {back} key=rk_{n} state=succeeded"));
        self.settled("payment", "refund", &format!("re_{n}"), -back);
        if self.story.course == Course::RefundCameBack {
            self.say(format!("payment refund_failed re_{n} of ch_{n} {back}"));
            self.settled("payment", "refund_failed", &format!("re_{n}"), back);
            self.say(format!("payment refund re_{n}-2 of ch_{n} {back} key=rk_{n}-2 state=succeeded"));
            self.settled("payment", "refund", &format!("re_{n}-2"), -back);
            list = format!("rk_{n}:{back}:failed:desk-{n},rk_{n}-2:{back}:succeeded:desk-{n}");
        }
        let more = format!("paid={due} refunded={back} refunds={list} dispatch=sent document=O{n}");
        self.order("fulfilled", "pending,paid,fulfilled", &more, 0);
    }

    fn reviewed(&mut self) {
        self.shopper("confirmed", "");
        self.confirmed();
        self.quotes();
        self.decision("review");
        self.reserved("payment", "ok");
        let (goods, n, due, mark) = (self.goods(0), self.n, self.price().due, self.mark());
        if self.story.course == Course::ReviewDeclined {
            self.decision("decline");
            self.say(format!("payment void ch_{n} of pi_{n} {mark}"));
            return self.order("cancelled", "pending,authorised,cancelled", "fraud=review review=declined", 0);
        }
        self.decision("approve");
        self.captured("payment");
        self.filed();
        self.sent("", &goods);
        let more = format!("paid={due} fraud=review review=approved dispatch=sent document=O{n}");
        self.order("fulfilled", "pending,authorised,paid,fulfilled", &more, 0);
    }

    fn uncapturable(&mut self) {
        self.bought();
        let (n, due, mark) = (self.n, self.price().due, self.mark());
        self.say(format!("payment capture ch_{n} of pi_{n} {due} {mark} state=failed fault=capture-fails"));
        self.say(format!("payment void ch_{n} of pi_{n} {mark}"));
        self.order("cancelled", "pending,authorised,cancelled", "", 0);
    }

    fn unknown(&mut self) {
        self.shopper("unknown", "");
        let (name, n, mark) = (self.name.clone(), self.n, self.mark());
        self.say(format!("submit {name} key=k{n} card=ok -> no answer"));
        self.quotes();
        self.reserved("payment", "ok");
        self.say(format!("payment void ch_{n} of pi_{n} {mark}"));
        self.order("failed", "pending,failed", "", 0);
    }
}

//! What stands in lists beside the orders – histories, lines, settlement reports, namesakes – summed up for each order and
//! each article.

use super::hash::QuickMap;
use super::names::Names;
use super::objects::NOTHING;
use super::orders::Orders;
use super::parcels::{AllSent, Difference, Pieces};
use super::shoppers::Shoppers;
use super::stream;
use rusqlite::{Connection, params};

/// What the lists say of an order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    course: u32,
    pub settled_lines: u32,
    pub settled_minor: i64,
    pub namesakes: u32,
    pub namesake: u32,
    pub told: u32,
    /// Its lines; none where the book has none.
    pub goods: Option<Goods>,
}

/// What the lines of an order come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goods {
    /// Pieces, less what was given up.
    pub articles: i64,
    /// Pieces, what was given up included.
    pub ordered: i64,
    /// Of the smallest line.
    pub ordered_least: i64,
    /// The lowest price of one piece.
    pub unit_least_minor: i64,
    /// What they cost by the prices of the order.
    pub own_minor: i64,
    /// What they cost by the prices that were declared, where that was.
    pub declared_minor: i64,
}

impl Listed {
    fn add_line(&mut self, quantity: i64, given_up: i64, unit_minor: i64, declared_minor: Option<i64>) {
        let ordered = quantity + given_up;
        let none = Goods {
            articles: 0,
            ordered: 0,
            ordered_least: ordered,
            unit_least_minor: unit_minor,
            own_minor: 0,
            declared_minor: 0,
        };
        let goods = self.goods.get_or_insert(none);
        goods.articles += quantity;
        goods.ordered += ordered;
        goods.ordered_least = goods.ordered_least.min(ordered);
        goods.unit_least_minor = goods.unit_least_minor.min(unit_minor);
        goods.own_minor += ordered * unit_minor;
        goods.declared_minor += ordered * declared_minor.unwrap_or(unit_minor);
    }

    /// Its history.
    pub(super) fn course(&self) -> Option<u32> {
        Some(self.course).filter(|course| *course != NOTHING)
    }
}

/// What orders have of an article.
#[derive(Clone, Copy, Debug, Default)]
struct Article {
    wanted: i64,
    accepted: i64,
    certain: i64,
    given_up: u32,
    unpaid: i64,
    line_max: i64,
}

/// A line of a settlement report whose order is found.
#[derive(Clone, Copy, Debug)]
struct Settled {
    /// The number of its name.
    provider: u32,
    line: i64,
    order: u32,
}

/// A line that no order's number explains.
struct Unexplained {
    provider: u32,
    line: i64,
    is_fee: bool,
    gross_minor: i64,
}

/// All lists.
#[derive(Debug)]
pub(super) struct Lists {
    /// By order.
    pub of_orders: Vec<Listed>,
    /// States of one order, a line each.
    courses: Names,
    skus: Names,
    /// By the number of the article; none of those that no order has.
    articles: Vec<Option<Article>>,
    /// Where what was sent is not what was ordered.
    differences: Vec<Difference>,
    providers: Names,
    settled: Vec<Settled>,
    /// Lines that no order explains, fees left out.
    unexplained: Vec<(u32, i64)>,
}

impl Lists {
    /// `skus` are the articles that other books name, `sent` what the warehouse was told to send.
    pub(super) fn read(
        conn: &Connection,
        shoppers: &mut Shoppers,
        orders: &Orders,
        skus: Names,
        sent: AllSent,
    ) -> rusqlite::Result<Self> {
        let none = Listed {
            course: NOTHING,
            settled_lines: 0,
            settled_minor: 0,
            namesakes: 0,
            namesake: 0,
            told: 0,
            goods: None,
        };
        let mut lists = Self {
            of_orders: vec![none; orders.all.len()],
            courses: Names::default(),
            skus,
            articles: Vec::new(),
            differences: Vec::new(),
            providers: Names::default(),
            settled: Vec::new(),
            unexplained: Vec::new(),
        };
        lists.read_courses(conn, orders)?;
        lists.read_articles(conn, orders, sent)?;
        shoppers.numbers.find_again();
        lists.read_settlement(conn, shoppers, orders)?;
        count_namesakes(shoppers, orders, &mut lists.of_orders);
        Ok(lists)
    }

    fn read_courses(&mut self, conn: &Connection, orders: &Orders) -> rusqlite::Result<()> {
        let mut cursor = Cursor { orders, at: 0 };
        let (mut current, mut course) = (None, String::new());
        stream::each_here(conn, "SELECT order_seq, state FROM order_state ORDER BY order_seq, number", |row| {
            let order = cursor.find(row.known_number(0)?);
            if order != current {
                self.note_course(current, &course);
                (current, course) = (order, String::new());
            }
            if !course.is_empty() {
                course.push('\n');
            }
            course.push_str(row.known_text(1)?);
            Ok(())
        })?;
        self.note_course(current, &course);
        Ok(())
    }

    fn note_course(&mut self, order: Option<usize>, course: &str) {
        if let Some(order) = order {
            self.of_orders[order].course = self.courses.id(course);
        }
    }

    fn read_articles(&mut self, conn: &Connection, orders: &Orders, mut sent: AllSent) -> rusqlite::Result<()> {
        let prices = self.read_prices(conn)?;
        let mut cursor = Cursor { orders, at: 0 };
        // The lines of one order.
        let (mut current, mut ordered) = (0, Vec::new());
        stream::each_here(
            conn,
            "SELECT order_seq, sku, quantity, unit_minor, given_up FROM order_line ORDER BY order_seq, number",
            |row| {
                let Some(index) = cursor.find(row.known_number(0)?) else { return Ok(()) };
                let (sku, quantity) = (self.skus.id(row.known_text(1)?), row.known_number(2)?);
                if index as u32 != current {
                    sent.compare(current, &ordered, &mut self.differences);
                    current = index as u32;
                    ordered.clear();
                }
                ordered.push(Pieces { sku, quantity });
                let order = &orders.all[index];
                if self.articles.len() <= sku as usize {
                    self.articles.resize(sku as usize + 1, None);
                }
                let article = self.articles[sku as usize].get_or_insert_default();
                let (unit_minor, given_up) = (row.known_number(3)?, row.known_number(4)?);
                let declared_minor = prices.get(sku as usize).copied().flatten();
                self.of_orders[index].add_line(quantity, given_up, unit_minor, declared_minor);
                article.wanted += quantity;
                article.line_max = article.line_max.max(quantity);
                if order.pending || !(order.accepted || order.cancelled) {
                    article.unpaid += quantity;
                }
                if order.accepted {
                    article.accepted += quantity;
                    article.certain += if order.pending { 0 } else { quantity };
                } else {
                    article.given_up += 1;
                }
                Ok(())
            },
        )?;
        sent.compare(current, &ordered, &mut self.differences);
        sent.compare(NOTHING, &[], &mut self.differences);
        Ok(())
    }

    /// Declared prices by the number of the article.
    fn read_prices(&mut self, conn: &Connection) -> rusqlite::Result<Vec<Option<i64>>> {
        let mut prices = Vec::new();
        stream::each_here(conn, "SELECT sku, unit_minor FROM stock_limit WHERE unit_minor IS NOT NULL", |row| {
            let sku = self.skus.id(row.known_text(0)?) as usize;
            prices.resize(prices.len().max(sku + 1), None);
            prices[sku] = row.number(1)?;
            Ok(())
        })?;
        Ok(prices)
    }

    /// A line belongs to the order that it names, else to the one that names its payment.
    fn read_settlement(&mut self, conn: &Connection, shoppers: &Shoppers, orders: &Orders) -> rusqlite::Result<()> {
        let mut by_payment: QuickMap<Box<str>, Vec<Unexplained>> = QuickMap::default();
        let select = "SELECT provider, line, order_number, gross_minor, kind = 'fee', payment FROM settlement";
        stream::each_here(conn, select, |row| {
            let (provider, line) = (self.providers.id(row.known_text(0)?), row.known_number(1)?);
            let (gross_minor, is_fee) = (row.known_number(3)?, row.flag(4)?);
            let number = row.text(2)?.and_then(|number| shoppers.numbers.find(number));
            let named = number.and_then(|number| orders.by_number.all(number).first());
            let it = Unexplained { provider, line, is_fee, gross_minor };
            if let Some(order) = named {
                self.settle(*order, &it);
            } else if let Some(payment) = row.text(5)? {
                by_payment.entry(payment.into()).or_default().push(it);
            } else if !is_fee {
                self.unexplained.push((provider, line));
            }
            Ok(())
        })?;
        if by_payment.is_empty() {
            return Ok(());
        }
        let mut order = 0;
        stream::each_here(conn, "SELECT payment FROM shop_order ORDER BY seq", |row| {
            for it in row.text(0)?.and_then(|payment| by_payment.remove(payment)).into_iter().flatten() {
                self.settle(order, &it);
            }
            order += 1;
            Ok(())
        })?;
        let rest = by_payment.into_values().flatten().filter(|it| !it.is_fee);
        self.unexplained.extend(rest.map(|it| (it.provider, it.line)));
        Ok(())
    }

    fn settle(&mut self, order: u32, line: &Unexplained) {
        if !line.is_fee {
            let listed = &mut self.of_orders[order as usize];
            listed.settled_lines += 1;
            listed.settled_minor += line.gross_minor;
        }
        self.settled.push(Settled { provider: line.provider, line: line.line, order });
    }

    /// Writes where what was sent is not what was ordered.
    fn store_differences(&self, conn: &Connection, orders: &Orders) -> rusqlite::Result<()> {
        let mut insert = conn.prepare("INSERT INTO parcel_difference VALUES (?1, ?2, ?3, ?4)")?;
        for Difference { order, sku, sent, ordered } in &self.differences {
            insert.execute(params![orders.all[*order as usize].seq, self.skus.get(*sku), sent, ordered])?;
        }
        Ok(())
    }

    /// Writes differences, histories, articles and whose the lines of the settlement reports are.
    pub(super) fn store(&self, conn: &Connection, orders: &Orders) -> rusqlite::Result<()> {
        self.store_differences(conn, orders)?;
        let mut insert = conn.prepare("INSERT INTO course (course, number, state) VALUES (?1, ?2, ?3)")?;
        for id in 0..self.courses.len() as u32 {
            for (number, state) in self.courses.get(id).split('\n').enumerate() {
                insert.execute(params![id, number as i64, state])?;
            }
        }
        let mut insert = conn.prepare("INSERT INTO article VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
        for (id, it) in self.articles.iter().enumerate() {
            let (Some(it), sku) = (it, self.skus.get(id as u32)) else { continue };
            insert.execute(params![sku, it.wanted, it.accepted, it.certain, it.given_up, it.unpaid, it.line_max])?;
        }
        let mut insert = conn.prepare("INSERT INTO settlement_join VALUES (?1, ?2, ?3)")?;
        for it in &self.settled {
            let seq = orders.all[it.order as usize].seq;
            insert.execute(params![self.providers.get(it.provider), it.line, seq])?;
        }
        let mut insert = conn.prepare("INSERT INTO unexplained VALUES (?1, ?2)")?;
        for (provider, line) in &self.unexplained {
            insert.execute(params![self.providers.get(*provider), line])?;
        }
        Ok(())
    }
}

/// Rows that come in the order of the orders, each with the order's place; rows of no order are left out.
struct Cursor<'a> {
    orders: &'a Orders,
    at: usize,
}

impl Cursor<'_> {
    fn find(&mut self, seq: i64) -> Option<usize> {
        let all = &self.orders.all;
        while self.at < all.len() && all[self.at].seq < seq {
            self.at += 1;
        }
        all.get(self.at).filter(|order| order.seq == seq && !order.set_aside()).map(|_| self.at)
    }
}

fn count_namesakes(shoppers: &Shoppers, orders: &Orders, listed: &mut [Listed]) {
    let mut told = vec![0; shoppers.numbers.len()];
    for (_, number) in &shoppers.acknowledged {
        if let Some(number) = number {
            told[*number as usize] += 1;
        }
    }
    for (index, order) in orders.all.iter().enumerate().filter(|(_, order)| !order.set_aside()) {
        let same = orders.by_number.all(order.number).iter().filter(|index| !orders.all[**index as usize].set_aside());
        listed[index].namesake = same.clone().take_while(|other| **other as usize <= index).count() as u32;
        listed[index].namesakes = same.count() as u32;
        listed[index].told = told[order.number as usize];
    }
}

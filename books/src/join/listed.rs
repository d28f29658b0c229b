//! What stands in lists beside the orders – histories, lines, settlement reports, namesakes – summed up for each order and
//! each article.

use super::hash::QuickMap;
use super::names::Names;
use super::objects::NOTHING;
use super::orders::Orders;
use super::shoppers::Shoppers;
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
}

impl Listed {
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

/// A line that no order's number explains.
struct Unexplained {
    provider: Box<str>,
    line: i64,
    is_fee: bool,
    gross_minor: i64,
}

/// Reads all lists; writes histories, articles and whose the lines of the settlement reports are.
pub(super) fn read(conn: &Connection, shoppers: &Shoppers, orders: &Orders) -> rusqlite::Result<Vec<Listed>> {
    let none = Listed { course: NOTHING, settled_lines: 0, settled_minor: 0, namesakes: 0, namesake: 0, told: 0 };
    let mut listed = vec![none; orders.all.len()];
    read_courses(conn, orders, &mut listed)?;
    read_articles(conn, orders)?;
    read_settlement(conn, shoppers, orders, &mut listed)?;
    count_namesakes(shoppers, orders, &mut listed);
    Ok(listed)
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

fn read_courses(conn: &Connection, orders: &Orders, listed: &mut [Listed]) -> rusqlite::Result<()> {
    let mut select = conn.prepare("SELECT order_seq, state FROM order_state ORDER BY order_seq, number")?;
    let mut rows = select.query([])?;
    let mut cursor = Cursor { orders, at: 0 };
    let mut courses = Names::default();
    // States of one order, a line each.
    let (mut current, mut course) = (None, String::new());
    while let Some(row) = rows.next()? {
        let order = cursor.find(row.get(0)?);
        if order != current {
            if let Some(order) = current {
                let order: usize = order;
                listed[order].course = courses.id(&course);
            }
            (current, course) = (order, String::new());
        }
        if !course.is_empty() {
            course.push('\n');
        }
        course.push_str(row.get_ref(1)?.as_str()?);
    }
    if let Some(order) = current {
        listed[order].course = courses.id(&course);
    }
    let mut insert = conn.prepare("INSERT INTO course (course, number, state) VALUES (?1, ?2, ?3)")?;
    for id in 0..courses.len() as u32 {
        for (number, state) in courses.get(id).split('\n').enumerate() {
            insert.execute(params![id, number as i64, state])?;
        }
    }
    Ok(())
}

fn read_articles(conn: &Connection, orders: &Orders) -> rusqlite::Result<()> {
    let mut select = conn.prepare("SELECT order_seq, sku, quantity FROM order_line ORDER BY order_seq, number")?;
    let mut rows = select.query([])?;
    let mut cursor = Cursor { orders, at: 0 };
    let (mut skus, mut articles) = (Names::default(), Vec::<Article>::new());
    while let Some(row) = rows.next()? {
        let Some(order) = cursor.find(row.get(0)?) else { continue };
        let order = &orders.all[order];
        let sku = skus.id(row.get_ref(1)?.as_str()?) as usize;
        if sku == articles.len() {
            articles.push(Article::default());
        }
        let (article, quantity): (_, i64) = (&mut articles[sku], row.get(2)?);
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
    }
    let mut insert = conn.prepare("INSERT INTO article VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    for (id, it) in articles.iter().enumerate() {
        let sku = skus.get(id as u32);
        insert.execute(params![sku, it.wanted, it.accepted, it.certain, it.given_up, it.unpaid, it.line_max])?;
    }
    Ok(())
}

/// A line belongs to the order that it names, else to the one that names its payment.
fn read_settlement(
    conn: &Connection,
    shoppers: &Shoppers,
    orders: &Orders,
    listed: &mut [Listed],
) -> rusqlite::Result<()> {
    let mut select =
        conn.prepare("SELECT provider, line, order_number, gross_minor, kind = 'fee', payment FROM settlement")?;
    let mut join = conn.prepare("INSERT INTO settlement_join VALUES (?1, ?2, ?3)")?;
    let mut settle = |provider: &str, line: i64, order: usize, gross_minor: i64, is_fee: bool| {
        if !is_fee {
            listed[order].settled_lines += 1;
            listed[order].settled_minor += gross_minor;
        }
        join.execute(params![provider, line, orders.all[order].seq]).map(drop)
    };
    let mut by_payment: QuickMap<Box<str>, Vec<Unexplained>> = QuickMap::default();
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (provider, line) = (row.get_ref(0)?.as_str()?, row.get(1)?);
        let (gross_minor, is_fee) = (row.get(3)?, row.get(4)?);
        let number = row.get_ref(2)?.as_str_or_null()?.and_then(|number| shoppers.numbers.find(number));
        let named = number.and_then(|number| orders.by_number.all(number).first());
        if let Some(order) = named {
            settle(provider, line, *order as usize, gross_minor, is_fee)?;
        } else if let Some(payment) = row.get_ref(5)?.as_str_or_null()? {
            let unexplained = Unexplained { provider: provider.into(), line, is_fee, gross_minor };
            by_payment.entry(payment.into()).or_default().push(unexplained);
        }
    }
    if by_payment.is_empty() {
        return Ok(());
    }
    let mut select = conn.prepare("SELECT payment FROM shop_order ORDER BY seq")?;
    let mut rows = select.query([])?;
    for order in 0..orders.all.len() {
        let Some(row) = rows.next()? else { break };
        let payment = row.get_ref(0)?.as_str_or_null()?;
        for it in payment.and_then(|payment| by_payment.remove(payment)).into_iter().flatten() {
            settle(&it.provider, it.line, order, it.gross_minor, it.is_fee)?;
        }
    }
    Ok(())
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

//! Tables that can be read on a telephone.

use super::{each, escape};

/// A column: its heading, and what it holds.
#[derive(Clone, Copy)]
pub struct Column {
    /// The heading.
    pub heading: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words, to the left.
    Words,
    /// Numbers, to the right.
    Numbers,
}

/// What becomes of the table where it does not fit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reflow {
    /// Each row becomes a card.
    Cards,
    /// It scrolls sideways.
    Scroll,
}

/// A column of words.
pub const fn words(heading: &'static str) -> Column {
    Column { heading, kind: Kind::Words }
}

/// A column of numbers.
pub const fn numbers(heading: &'static str) -> Column {
    Column { heading, kind: Kind::Numbers }
}

/// A table; cells are HTML, the first of each row names it. Roles are spelt out because cards take them from the elements.
pub fn table(caption: &str, columns: &[Column], rows: &[Vec<String>], reflow: Reflow) -> String {
    let class = match reflow {
        Reflow::Cards => "cards",
        Reflow::Scroll => "wide-table",
    };
    let headings = each(columns, |column| {
        format!("<th scope=\"col\" role=\"columnheader\"{}>{}</th>", aligned(*column), escape(column.heading))
    });
    let body = each(rows, |cells| {
        let cells = each(cells.iter().zip(columns).enumerate(), |(index, (cell, column))| {
            let class = aligned(*column);
            if index == 0 {
                format!("<th scope=\"row\" role=\"rowheader\"{class}>{cell}</th>")
            } else {
                format!("<td role=\"cell\" data-label=\"{}\"{class}>{cell}</td>", escape(column.heading))
            }
        });
        format!("<tr role=\"row\">{cells}</tr>\n")
    });
    let caption = escape(caption);
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\n<table class=\"{class}\" role=\"table\">\n\
         <caption>{caption}</caption>\n<thead><tr role=\"row\">{headings}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>\n"
    )
}

const fn aligned(column: Column) -> &'static str {
    match column.kind {
        Kind::Words => "",
        Kind::Numbers => " class=\"number\"",
    }
}

//! The table of routes: what the shop can be asked, each call once. Dispatch, metrics, `Allow` and the published
//! description all come from it.

use http::Method;

/// Everything that the shop can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Products,
    Product,
    CartOpen,
    CartLook,
    CartLines,
    CartLine,
    CartAddress,
    CartPromotion,
    CartVoucher,
    CartQuote,
    Checkout,
    CartSession,
    Payments,
    Order,
    OrderReturn,
    CartOrder,
    Cancel,
    Refunds,
    AccountOpen,
    AccountLook,
    PaymentEvents,
    BackupEvents,
    FraudEvents,
    Health,
    Metrics,
    Quiet,
    Flags,
    Flag,
    FlagSet,
    Reviews,
    ReviewEnd,
    Disputes,
    DisputeAnswer,
    ExportOrders,
    ExportStock,
    ExportVouchers,
    ExportAccounts,
    ExportPromotions,
    ExportFiles,
    Clock,
    ClockSet,
    ClockRight,
    OpenApi,
}

/// One row of the table.
pub(crate) struct Row {
    pub(crate) route: Route,
    /// The route's name in metrics.
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    /// Parts of the path; one in braces stands for anything.
    pub(crate) path: &'static [&'static str],
}

const fn get(route: Route, name: &'static str, path: &'static [&'static str]) -> Row {
    Row { route, name, method: Method::GET, path }
}

const fn post(route: Route, name: &'static str, path: &'static [&'static str]) -> Row {
    Row { route, name, method: Method::POST, path }
}

const fn put(route: Route, name: &'static str, path: &'static [&'static str]) -> Row {
    Row { route, name, method: Method::PUT, path }
}

const fn delete(route: Route, name: &'static str, path: &'static [&'static str]) -> Row {
    Row { route, name, method: Method::DELETE, path }
}

/// How many routes there are; one more column of the metrics counts what is on none of them.
pub(crate) const ROUTES: usize = 43;

/// Every route, in the order of [`Route`].
pub(crate) static TABLE: [Row; ROUTES] = [
    get(Route::Products, "products", &["products"]),
    get(Route::Product, "product", &["products", "{sku}"]),
    post(Route::CartOpen, "cart_open", &["carts"]),
    get(Route::CartLook, "cart", &["carts", "{cart}"]),
    post(Route::CartLines, "cart_lines", &["carts", "{cart}", "lines"]),
    put(Route::CartLine, "cart_line", &["carts", "{cart}", "lines", "{sku}"]),
    put(Route::CartAddress, "cart_address", &["carts", "{cart}", "address"]),
    post(Route::CartPromotion, "cart_promotion", &["carts", "{cart}", "promotion"]),
    post(Route::CartVoucher, "cart_voucher", &["carts", "{cart}", "voucher"]),
    post(Route::CartQuote, "cart_quote", &["carts", "{cart}", "quote"]),
    post(Route::Checkout, "checkout", &["carts", "{cart}", "checkout"]),
    post(Route::CartSession, "cart_session", &["carts", "{cart}", "session"]),
    post(Route::Payments, "payments", &["orders", "{number}", "payments"]),
    get(Route::Order, "order", &["orders", "{number}"]),
    get(Route::OrderReturn, "order_return", &["orders", "{number}", "return"]),
    get(Route::CartOrder, "cart_order", &["carts", "{cart}", "order"]),
    post(Route::Cancel, "cancel", &["orders", "{number}", "cancel"]),
    post(Route::Refunds, "refunds", &["orders", "{number}", "refunds"]),
    post(Route::AccountOpen, "account_open", &["accounts"]),
    get(Route::AccountLook, "account", &["accounts", "me"]),
    post(Route::PaymentEvents, "webhooks", &["webhooks", "payment"]),
    post(Route::BackupEvents, "webhooks_backup", &["webhooks", "backup_payment"]),
    post(Route::FraudEvents, "webhooks_fraud", &["webhooks", "fraud"]),
    get(Route::Health, "healthz", &["healthz"]),
    get(Route::Metrics, "metrics", &["metrics"]),
    get(Route::Quiet, "quiet", &["admin", "quiet"]),
    get(Route::Flags, "flags", &["admin", "flags"]),
    get(Route::Flag, "flag", &["admin", "flags", "{name}"]),
    put(Route::FlagSet, "flag_set", &["admin", "flags", "{name}"]),
    get(Route::Reviews, "reviews", &["admin", "reviews"]),
    post(Route::ReviewEnd, "review_end", &["admin", "reviews", "{number}"]),
    get(Route::Disputes, "disputes", &["admin", "disputes"]),
    post(Route::DisputeAnswer, "dispute_answer", &["admin", "disputes", "{dispute}"]),
    get(Route::ExportOrders, "export_orders", &["admin", "export", "orders"]),
    get(Route::ExportStock, "export_stock", &["admin", "export", "stock"]),
    get(Route::ExportVouchers, "export_vouchers", &["admin", "export", "vouchers"]),
    get(Route::ExportAccounts, "export_accounts", &["admin", "export", "accounts"]),
    get(Route::ExportPromotions, "export_promotions", &["admin", "export", "promotions"]),
    get(Route::ExportFiles, "export_files", &["admin", "export", "files"]),
    get(Route::Clock, "clock", &["admin", "clock"]),
    put(Route::ClockSet, "clock_set", &["admin", "clock"]),
    delete(Route::ClockRight, "clock_right", &["admin", "clock"]),
    get(Route::OpenApi, "openapi", &["openapi.json"]),
];

/// What a method and a path lead to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A route, and what stands for the parts in braces; unused places are empty.
    Route(Route, [&'a str; 2]),
    /// The path is here, but not for this method: those that it is here for.
    OtherMethods(String),
    Nothing,
}

const DEPTH_MAX: usize = 4;

/// Finds what is asked for.
pub(crate) fn find<'a>(method: &Method, path: &'a str) -> Found<'a> {
    let mut parts = [""; DEPTH_MAX];
    let mut depth = 0;
    for part in path.split('/').skip(1) {
        if depth == DEPTH_MAX {
            return Found::Nothing;
        }
        parts[depth] = part;
        depth += 1;
    }
    let parts = &parts[..depth];
    let mut here = TABLE.iter().filter_map(|row| row.fits(parts).map(|values| (row, values)));
    match here.find(|(row, _)| row.method == *method) {
        Some((row, values)) => Found::Route(row.route, values),
        None => others(parts),
    }
}

#[cold]
fn others(parts: &[&str]) -> Found<'static> {
    let methods: Vec<&str> =
        TABLE.iter().filter(|row| row.fits(parts).is_some()).map(|row| row.method.as_str()).collect();
    if methods.is_empty() { Found::Nothing } else { Found::OtherMethods(methods.join(", ")) }
}

impl Row {
    fn fits<'a>(&self, parts: &[&'a str]) -> Option<[&'a str; 2]> {
        if self.path.len() != parts.len() {
            return None;
        }
        let mut values = [""; 2];
        let mut found = 0;
        for (wanted, part) in self.path.iter().zip(parts) {
            if wanted.starts_with('{') && !part.is_empty() {
                values[found] = part;
                found += 1;
            } else if wanted != part {
                return None;
            }
        }
        Some(values)
    }

    /// The path as descriptions write it.
    pub(crate) fn template(&self) -> String {
        format!("/{}", self.path.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_where_its_route_says_and_is_found() {
        for (place, row) in TABLE.iter().enumerate() {
            assert_eq!(row.route as usize, place, "{}", row.name);
            let path = row.template().replace('{', "x").replace('}', "");
            assert!(matches!(find(&row.method, &path), Found::Route(route, _) if route == row.route), "{path}");
        }
    }

    #[test]
    fn values_come_in_the_order_of_the_path() {
        let found = find(&Method::PUT, "/carts/c_1/lines/tv");
        assert_eq!(found, Found::Route(Route::CartLine, ["c_1", "tv"]));
    }

    #[test]
    fn another_method_is_told_from_nothing_at_all() {
        assert_eq!(find(&Method::DELETE, "/carts/c_1/lines"), Found::OtherMethods("POST".into()));
        assert_eq!(find(&Method::POST, "/admin/flags/fraud"), Found::OtherMethods("GET, PUT".into()));
        for path in ["", "/", "/none", "/carts//lines", "/carts/c_1/lines/tv/x/y", "/products/"] {
            assert_eq!(find(&Method::GET, path), Found::Nothing, "{path}");
        }
    }
}

//! Orders books of foreign shops, in each form, and what is said about those that cannot be read.

use books::orders;
use model::scenario::{Amounts, OrdersBook, OrdersSource};

fn book(from: OrdersSource, columns: &[(&str, &str)], states: &[(&str, &str)], amounts: Amounts) -> OrdersBook {
    let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
    OrdersBook { from, columns: map(columns), states: map(states), amounts }
}

fn shop_csv() -> OrdersBook {
    book(
        OrdersSource::Csv("orders.csv".into()),
        &[("number", "order_no"), ("state", "status"), ("total_minor", "grand_total"), ("email", "customer")],
        &[("complete", "paid"), ("void", "cancelled")],
        Amounts::Major,
    )
}

fn http() -> OrdersSource {
    OrdersSource::Http("/orders".into())
}

#[test]
fn a_csv_book_is_read_through_its_mapping() {
    let text = "\u{feff}order_no;status;grand_total;currency;customer;lines;history\n\
                N-1;complete;45.90;USD;a@x.example;MUG*2 CUP*1;pending;\n"
        .replace("pending;\n", "pending complete\n");
    let orders = orders::read(&text, &shop_csv()).unwrap();
    assert_eq!(orders.len(), 1);
    let order = &orders[0];
    assert_eq!((order.seq, order.number.as_str(), order.state.as_str()), (1, "N-1", "paid"));
    assert_eq!((order.total_minor, order.currency.as_deref()), (Some(4590), Some("USD")));
    assert_eq!(order.email.as_deref(), Some("a@x.example"));
    assert_eq!(
        order.lines.iter().map(|line| (line.sku.as_str(), line.quantity)).collect::<Vec<_>>(),
        [("MUG", 2), ("CUP", 1)]
    );
    assert_eq!(order.history.iter().map(|it| it.state.as_str()).collect::<Vec<_>>(), ["pending", "paid"]);
}

#[test]
fn json_comes_as_an_array_or_an_object_a_line() {
    let book = book(
        http(),
        &[
            ("number", "id"),
            ("total", "money.total"),
            ("lines", "items"),
            ("lines.sku", "article"),
            ("lines.quantity", "n"),
        ],
        &[],
        Amounts::Minor,
    );
    let one = r#"{"id":7,"state":"Paid","money":{"total":4590},"items":[{"article":"MUG","n":2}],"refunds":[{"key":"x","amount_minor":90,"state":"succeeded"}]}"#;
    let array = orders::read(&format!("[{one}]"), &book).unwrap();
    let lines = orders::read(&format!("{one}\n\n"), &book).unwrap();
    assert_eq!(array, lines);
    assert_eq!((array[0].number.as_str(), array[0].state.as_str(), array[0].total_minor), ("7", "paid", Some(4590)));
    assert_eq!((array[0].lines[0].sku.as_str(), array[0].lines[0].quantity), ("MUG", 2));
    assert_eq!(array[0].refunds[0].amount_minor, 90);
}

#[test]
fn our_own_words_need_no_mapping() {
    let text = r#"{"seq":3,"number":"DB-1","state":"paid","total_minor":100,"history":[{"seq":1,"state":"pending"}],"lines":[]}"#;
    let orders = orders::read_native(text).unwrap();
    assert_eq!((orders[0].seq, orders[0].total_minor), (3, Some(100)));
    let error = orders::read_native("{\"seq\":1}\n{oops").unwrap_err();
    assert!(error.to_string().starts_with("read the orders book, line 2:"), "{error}");
}

#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    let said = |text: &str| orders::read(text, &shop_csv()).unwrap_err().to_string();
    assert_eq!(
        said("order_no,status,grand_total,customer\nN-1,complete,12.345,a\n"),
        "read the orders book, line 2: amount `12.345` is not a decimal number with at most 2 decimals"
    );
    assert_eq!(
        said("order_no,status,grand_total,customer\nN-1,complete,1,a\nN-2,lost,1,a\n"),
        "read the orders book, line 3: state `lost` is not in the mapping of states, and is none of pending, authorised, \
         failed, paid, partially_fulfilled, fulfilled, cancelled"
    );
    assert_eq!(
        said("order_no,status,grand_total,customer\n,complete,1,a\n"),
        "read the orders book, line 2: `order_no` is empty"
    );
    assert_eq!(
        said("order_no,status,customer\n"),
        "read the orders book: it has no column `grand_total`; there are customer, order_no, status"
    );
    assert_eq!(
        said("order_no,status,grand_total,customer\nN-1,complete\n"),
        "read the orders book, line 2: it has 2 columns, the header has 4"
    );
    let array = orders::read("[{\"number\":\"1\"}]", &book(http(), &[], &[], Amounts::Minor)).unwrap_err();
    assert_eq!(array.to_string(), "read the orders book, entry 1: `state` is empty");
}

#[test]
fn a_mapping_that_means_nothing_is_refused() {
    let said =
        |columns, states| orders::read("", &book(http(), columns, states, Amounts::Minor)).unwrap_err().to_string();
    assert!(said(&[("numbr", "id")], &[]).starts_with("read the orders book: `numbr` is no column of an order"));
    assert!(said(&[], &[("done", "finished")]).starts_with("read the orders book: `finished` is no state of an order"));
}

//! The pages of `docs/reference/` are those that the code prints; `UPDATE_GOLDEN=1` writes them anew.

use doorbuster::reference::Page;
use model::named_fault::NamedFault;
use std::path::Path;

#[test]
fn the_reference_says_what_the_code_says() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference");
    for page in Page::ALL {
        let path = directory.join(page.file());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, page.text()).expect("the page can be written");
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == page.text(), "{} is not what the code says; UPDATE_GOLDEN=1 writes it anew", path.display());
    }
}

#[test]
fn every_named_fault_has_a_scenario() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/faults");
    for fault in NamedFault::ALL {
        let path = directory.join(format!("{}.yaml", fault.name));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is missing", path.display()));
        assert!(text.contains(&format!("inject: {}", fault.name)), "{} does not inject it", path.display());
    }
}

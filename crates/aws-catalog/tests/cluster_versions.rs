//! The table of the versions that EKS has.

use aws_catalog::cluster_versions::all;

#[test]
fn versions_are_newest_first_and_end_after_they_began() {
    let minor = |text: &str| text.strip_prefix("1.").unwrap().parse::<u32>().unwrap();
    assert!(all().is_sorted_by(|newer, older| minor(&newer.version) == minor(&older.version) + 1));
    for each in all() {
        let days = [&each.released, &each.end_of_standard_support, &each.end_of_extended_support];
        assert!(days.is_sorted() && days.iter().all(|day| day.len() == 10), "{each:?}");
    }
}

//! What is told of one account.

use super::*;

#[test]
fn what_an_account_holds_is_told_of_those_that_hold_something_privileged_alone() {
    let policy = silent();
    let mut observed = empty();
    account(&mut observed, "plain", &[]);
    account(&mut observed, "root", &[]);
    grant(&mut observed, "root", "Domain Admins", true);
    let found = look(&policy, &hired(&policy, vec![worker("1", ADA, &[])]), observed);
    let accounts = found.targets[0].accounts.iter();
    let told: Vec<(&str, String)> =
        accounts.map(|it| (it.name.as_str(), it.parts().join("; "))).collect();
    let holds = "holds Domain Admins".to_owned();
    assert_eq!(told, [("plain", String::new()), ("root", holds)]);
}

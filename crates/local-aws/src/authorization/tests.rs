use super::*;

#[test]
fn who_is_undeclared_in_an_open_account_is_an_administrator_and_in_another_nobody() {
    let authorizer = Authorizer::new(World::new());
    let open: aws_model::AccountId = "111122223333".parse().unwrap();
    let closed: aws_model::AccountId = "444455556666".parse().unwrap();
    authorizer.name(open);
    authorizer.change(|world| world.account_mut(closed).identities_are_partial = false);
    for (account, is_there) in [(open, true), (closed, false)] {
        let role: aws_model::Arn = format!("arn:aws:iam::{account}:role/a").parse().unwrap();
        authorizer.admit_role(&role, aws_model::Partition::Commercial);
        assert_eq!(authorizer.world().role(&role).is_some(), is_there, "{role}");
        if is_there {
            assert_eq!(authorizer.world().role(&role).unwrap().identity.policies.len(), 1);
        }
    }
}

//! Policy variables.

use super::{
    rules,
    source::{IAM, assumed},
};

rules! {
    IAM_VARIABLE_VERSION "iam-variable-version":
        "`${..}` is a variable only in a policy of `Version` `2012-10-17`; in any other it is text.",
        IAM.at("IAM policy elements: Variables and tags > Introduction");
    IAM_VARIABLE_RESOURCE "iam-variable-resource":
        "A variable may stand in a resource, behind the fifth colon of its ARN.",
        IAM.at("IAM policy elements: Variables and tags > Resource element");
    IAM_VARIABLE_CONDITION "iam-variable-condition":
        "A variable may stand in the value of a string or ARN condition.",
        IAM.at("IAM policy elements: Variables and tags > Condition element");
    IAM_VARIABLE_BOOL "iam-variable-bool":
        "A variable may stand in the value of a `Bool` condition.",
        assumed("the guide contradicts itself: \"Condition operators\" allows it, \"Variables and tags\" does \
                 not",
            include_str!("probes/iam-variable-bool.probe"));
    IAM_VARIABLE_NOT_OTHER_OPERATORS "iam-variable-not-other-operators":
        "In Numeric, Date, Binary, IpAddress and Null conditions `${..}` is no variable.",
        IAM.at("IAM policy elements: Variables and tags > Condition element");
    IAM_VARIABLE_NOT_ELSEWHERE "iam-variable-not-elsewhere":
        "In actions, principals and a condition's key `${..}` is no variable.",
        IAM.at("IAM policy elements: Variables and tags > Where you can use policy variables");
    IAM_VARIABLE_SINGLE_VALUED "iam-variable-single-valued":
        "Only a single-valued key can be a variable; a multivalued one resolves to nothing, also where the request has \
         one value of it.",
        IAM.at("Single-valued vs. multivalued context keys > Key points");
    IAM_VARIABLE_CASE "iam-variable-case":
        "A variable's key is matched without regard to case.",
        IAM.at("IAM policy elements: Variables and tags > Information available in all requests");
    IAM_VARIABLE_UNRESOLVED "iam-variable-unresolved":
        "A value with a variable that the request does not resolve, and that has no default, matches nothing.",
        IAM.at("IAM policy elements: Variables and tags > Policy variables with no value");
    IAM_VARIABLE_UNRESOLVED_NEGATED "iam-variable-unresolved-negated":
        "A negated condition is true of a value that an unresolved variable keeps from matching.",
        IAM.at("IAM policy elements: Variables and tags > Policy variables with no value");
    IAM_VARIABLE_DEFAULT "iam-variable-default":
        "`${key, 'text'}` is the text where the request lacks the key.",
        IAM.at("IAM policy elements: Variables and tags > Specifying default values");
    IAM_VARIABLE_ESCAPE "iam-variable-escape":
        "`${*}`, `${?}` and `${$}` are the characters themselves, not wildcards or the start of a variable.",
        IAM.at("IAM policy elements: Variables and tags > Information available in all requests");
    IAM_VARIABLE_VALUE_LITERAL "iam-variable-value-literal":
        "A `*` or `?` in the value that a variable resolves to is itself, no wildcard.",
        assumed("told nowhere; a tag or session name that could widen a policy would be an escalation",
            include_str!("probes/iam-variable-value-literal.probe"));
}

//! Conditions: operators, sets of values, and keys that are missing.

use super::{
    rules,
    source::{IAM, assumed},
};

rules! {
    IAM_COND_AND "iam-cond-and":
        "A statement applies only if every operator and every key of its `Condition` is true.",
        IAM.at("Conditions with multiple context keys or values");
    IAM_COND_OR "iam-cond-or":
        "Of several values for a key one that matches is enough.",
        IAM.at("Conditions with multiple context keys or values");
    IAM_COND_NOR "iam-cond-nor":
        "A negated operator is true only if none of its values matches.",
        IAM.at("Conditions with multiple context keys or values > Evaluation logic for negated matching condition \
                operators");
    IAM_COND_KEY_CASE "iam-cond-key-case":
        "Names of condition keys match without regard to case, tag keys and encryption context keys in them included.",
        IAM.at("IAM JSON policy elements: Condition > The condition key name");
    IAM_COND_MISSING_KEY_POSITIVE "iam-cond-missing-key-positive":
        "An operator that asks for a match is false where the request lacks the key.",
        IAM.at("IAM JSON policy elements: Condition operators");
    IAM_COND_MISSING_KEY_NEGATED "iam-cond-missing-key-negated":
        "A negated operator is true where the request lacks the key.",
        IAM.at("IAM JSON policy elements: Condition operators");
    IAM_COND_IF_EXISTS "iam-cond-if-exists":
        "`IfExists` is true where the request lacks the key, and as its operator where not.",
        IAM.at("IAM JSON policy elements: Condition operators > ...IfExists condition operators");
    IAM_COND_NULL_TRUE "iam-cond-null-true":
        "`Null` with `true` is true only where the request lacks the key.",
        IAM.at("IAM JSON policy elements: Condition operators > Condition operator to check existence of condition \
                keys");
    IAM_COND_NULL_FALSE "iam-cond-null-false":
        "`Null` with `false` is true only where the request has the key, with a value.",
        IAM.at("IAM JSON policy elements: Condition operators > Condition operator to check existence of condition \
                keys");
    IAM_COND_NULL_EMPTY "iam-cond-null-empty":
        "A key with an empty set of values counts as missing for `Null`.",
        assumed("the guide asks for a value that is not null; of an empty set it says nothing",
            include_str!("probes/iam-cond-null-empty.probe"));
    IAM_COND_FOR_ALL "iam-cond-for-all":
        "`ForAllValues` is true if each of the request's values matches one of the policy's.",
        IAM.at("Set operators for multivalued context keys > ForAllValues");
    IAM_COND_FOR_ALL_MISSING "iam-cond-for-all-missing":
        "`ForAllValues` is true where the request lacks the key or its set is empty.",
        IAM.at("Set operators for multivalued context keys > ForAllValues");
    IAM_COND_FOR_ANY "iam-cond-for-any":
        "`ForAnyValue` is true if one of the request's values matches one of the policy's.",
        IAM.at("Set operators for multivalued context keys > ForAnyValue");
    IAM_COND_FOR_ANY_MISSING "iam-cond-for-any-missing":
        "`ForAnyValue` is false where the request lacks the key or its set is empty.",
        IAM.at("Set operators for multivalued context keys > ForAnyValue");
    IAM_COND_FOR_ANY_MISSING_NEGATED "iam-cond-for-any-missing-negated":
        "`ForAnyValue` with a negated operator is false where the request lacks the key.",
        assumed("of the two rules, of ForAnyValue and of negation, the guide does not say which wins",
            include_str!("probes/iam-cond-for-any-missing-negated.probe"));
    IAM_COND_FOR_ANY_IF_EXISTS "iam-cond-for-any-if-exists":
        "`ForAnyValue:..IfExists` is false where the request lacks the key.",
        assumed("the guide does not say which of the two rules wins, of ForAnyValue or of IfExists; the reference of \
                 operators at iam.cloudcopilot.io says that ForAnyValue does",
            include_str!("probes/iam-cond-for-any-if-exists.probe"));
    IAM_COND_SET_NEGATED "iam-cond-set-negated":
        "Under a set operator a negated operator is asked value by value: `ForAllValues` wants none of the request's \
         values among the policy's, `ForAnyValue` one that is not.",
        IAM.at("Set operators for multivalued context keys");
    IAM_COND_SET_ON_SINGLE "iam-cond-set-on-single":
        "A set operator on a single-valued key takes its value as a set of one.",
        IAM.at("Access Analyzer policy check reference > Security Warning - ForAllValues with single valued key");
    IAM_COND_MULTI_WITHOUT_SET "iam-cond-multi-without-set":
        "A multivalued key without a set operator is compared as under `ForAnyValue`.",
        assumed("the guide requires a set operator and does not say what happens without one",
            include_str!("probes/iam-cond-multi-without-set.probe"));
    IAM_COND_STRING_EQUALS "iam-cond-string-equals":
        "`StringEquals` compares whole texts with their case; wildcards are characters.",
        IAM.at("IAM JSON policy elements: Condition operators > String condition operators");
    IAM_COND_STRING_IGNORE_CASE "iam-cond-string-ignore-case":
        "`StringEqualsIgnoreCase` compares whole texts without regard to case.",
        IAM.at("IAM JSON policy elements: Condition operators > String condition operators");
    IAM_COND_STRING_LIKE "iam-cond-string-like":
        "`StringLike` compares with case, `*` standing for any text, also none, and `?` for one character.",
        IAM.at("IAM JSON policy elements: Condition operators > String condition operators");
    IAM_COND_NUMERIC "iam-cond-numeric":
        "Numeric operators compare whole or decimal numbers by their value, however they are written.",
        IAM.at("IAM JSON policy elements: Condition operators > Numeric condition operators");
    IAM_COND_DATE "iam-cond-date":
        "Date operators compare moments, written as the W3C's profile of ISO 8601 or as seconds since 1970.",
        IAM.at("IAM JSON policy elements: Condition operators > Date condition operators");
    IAM_COND_DATE_YEAR "iam-cond-date-year":
        "Four digits in a date condition are a year, any other number of them seconds since 1970.",
        assumed("both forms are documented, and four digits fit both",
            include_str!("probes/iam-cond-date-year.probe"));
    IAM_COND_BOOL "iam-cond-bool":
        "`Bool` compares `true` and `false`, whether the policy writes them as text or as JSON Booleans.",
        IAM.at("IAM JSON policy elements: Condition operators > Boolean condition operators");
    IAM_COND_BOOL_CASE "iam-cond-bool-case":
        "`Bool` takes `True` and `TRUE` as `true`.",
        assumed("policies in the field write both cases and work, as their owners tell; the guide is silent",
            include_str!("probes/iam-cond-bool-case.probe"));
    IAM_COND_BINARY "iam-cond-binary":
        "`BinaryEquals` decodes the policy's base64 and compares byte by byte.",
        IAM.at("IAM JSON policy elements: Condition operators > Binary condition operators");
    IAM_COND_IP "iam-cond-ip":
        "`IpAddress` is true if the request's address lies in a range in CIDR form.",
        IAM.at("IAM JSON policy elements: Condition operators > IP address condition operators");
    IAM_COND_IP_BARE "iam-cond-ip-bare":
        "An IPv4 address without a prefix length is that one address (`/32`).",
        IAM.at("IAM JSON policy elements: Condition operators > IP address condition operators");
    IAM_COND_IP_BARE_V6 "iam-cond-ip-bare-v6":
        "An IPv6 address without a prefix length is that one address (`/128`).",
        assumed("the guide gives `/32` as the default and does not name IPv6 there",
            include_str!("probes/iam-cond-ip-bare-v6.probe"));
    IAM_COND_IP_FAMILY "iam-cond-ip-family":
        "An IPv4 address lies in no IPv6 range, and the other way round.",
        IAM.at("IAM JSON policy elements: Condition operators > IP address condition operators");
    IAM_COND_IP_HOST_BITS "iam-cond-ip-host-bits":
        "Bits of a range's address behind its prefix do not count: `203.0.113.7/24` is the whole `203.0.113.0/24`.",
        assumed("usual for CIDR, told nowhere for IAM",
            include_str!("probes/iam-cond-ip-host-bits.probe"));
    IAM_COND_ARN "iam-cond-arn":
        "ARN operators compare the six parts of an ARN one by one, with case, and a wildcard stays within its part.",
        IAM.at("IAM JSON policy elements: Condition operators > Amazon Resource Name (ARN) condition operators");
    IAM_COND_ARN_EQUALS "iam-cond-arn-equals":
        "`ArnEquals` takes wildcards exactly as `ArnLike` does.",
        IAM.at("IAM JSON policy elements: Condition operators > Amazon Resource Name (ARN) condition operators");
    IAM_COND_ARN_STAR "iam-cond-arn-star":
        "An ARN operator's value `*` alone matches whatever the key is.",
        assumed("it has one part where an ARN has six; taken by the letter it would match nothing, which nobody who \
                 writes it means",
            include_str!("probes/iam-cond-arn-star.probe"));
    IAM_COND_UNPARSABLE "iam-cond-unparsable":
        "A request's value that does not parse as its operator's type matches nothing.",
        IAM.at("IAM JSON policy elements: Condition operators");
    IAM_COND_UNPARSABLE_NEGATED "iam-cond-unparsable-negated":
        "A negated operator is true of a request's value that does not parse as the operator's type.",
        assumed("the negation of what does not match; told nowhere",
            include_str!("probes/iam-cond-unparsable-negated.probe"));
}

//! Which keys a request may have several values of.

/// In lower case, sorted. `tests/matching/multivalued.rs` holds those of services against the catalog.
///
/// Source: IAM User Guide, "AWS global condition context keys" (each key's value type); Service Authorization
/// Reference, each service's condition keys of a type `ArrayOf..`.
const KEYS: [&str; 59] = [
    "autoscaling:capacityreservationids",
    "autoscaling:capacityreservationresourcegrouparns",
    "autoscaling:loadbalancernames",
    "autoscaling:targetcapacitytypes",
    "autoscaling:targetgrouparns",
    "autoscaling:trafficsourceidentifiers",
    "autoscaling:vpczoneidentifiers",
    "aws:calledvia",
    "aws:principalorgpaths",
    "aws:principalservicenameslist",
    "aws:resourceorgpaths",
    "aws:sourceorgpaths",
    "aws:tagkeys",
    "aws:vpceorgpaths",
    "dynamodb:attributes",
    "dynamodb:firstpartitionkeyvalues",
    "dynamodb:fistargetarns",
    "dynamodb:fourthpartitionkeyvalues",
    "dynamodb:leadingkeys",
    "dynamodb:secondpartitionkeyvalues",
    "dynamodb:thirdpartitionkeyvalues",
    "ec2:fistargetarns",
    "ec2:ikeversions",
    "ec2:phase1dhgroup",
    "ec2:phase1encryptionalgorithms",
    "ec2:phase1integrityalgorithms",
    "ec2:phase2dhgroup",
    "ec2:phase2encryptionalgorithms",
    "ec2:phase2integrityalgorithms",
    "ec2:vpceprivatednsspecifieddomains",
    "eks:encryptionconfigproviderkeyarns",
    "eks:kubernetesgroups",
    "eks:namespaces",
    "iam:accountpropertynamespaces",
    "kms:encryptioncontextkeys",
    "kms:grantoperations",
    "kms:resourcealiases",
    "s3:inventoryaccessibleoptionalfields",
    "s3:requestobjecttagkeys",
    "saml:cn",
    "saml:eduorghomepageuri",
    "saml:eduorgidentityauthnpolicyuri",
    "saml:eduorglegalname",
    "saml:eduorgsuperioruri",
    "saml:eduorgwhitepagesuri",
    "saml:edupersonaffiliation",
    "saml:edupersonassurance",
    "saml:edupersonentitlement",
    "saml:edupersonnickname",
    "saml:edupersonorgunitdn",
    "saml:edupersonscopedaffiliation",
    "saml:edupersontargetedid",
    "secretsmanager:addreplicaregions",
    "ssm:documentcategories",
    "ssm:documentversion",
    "ssm:inventorytypename",
    "sts:identitytokenaudience",
    "sts:requestcontextproviders",
    "sts:transitivetagkeys",
];

pub(super) fn contains(lower_case_key: &str) -> bool {
    KEYS.binary_search(&lower_case_key).is_ok()
}

#[cfg(test)]
mod tests {
    use super::KEYS;

    #[test]
    fn the_search_finds_every_key() {
        assert!(KEYS.is_sorted() && KEYS.iter().all(|key| super::contains(key) && *key == key.to_ascii_lowercase()));
    }
}

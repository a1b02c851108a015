"""Whether every operation was driven and every documented error was met."""

import botocore.session

# Errors that the embedded AWS cannot answer, and why.
NEVER = {
    "CloudHsmClusterInvalidConfigurationException": "there are no custom key stores",
    "ConflictException": "a rotation on demand is over when it is answered",
    "CustomKeyStoreInvalidStateException": "there are no custom key stores",
    "CustomKeyStoreNotFoundException": "there are no custom key stores",
    "DependencyTimeoutException": "it depends on nothing that can be late",
    "ExpiredTokenException": "of context assertions, which it does not take",
    "InvalidKeyUsageException": "every key seals and opens; others are not made",
    "KMSInternalException": "a fault of its own",
    "KeyUnavailableException": "no key is ever away",
    "RegionDisabledException": "every region is enabled",
    "XksKeyAlreadyInUseException": "there are no custom key stores",
    "XksKeyInvalidConfigurationException": "there are no custom key stores",
    "XksKeyNotFoundException": "there are no custom key stores",
}


def gaps(aws, operations):
    """What was neither driven nor met nor excused; `operations` are those that the endpoint says it answers."""
    found = []
    for service, names in operations.items():
        model = botocore.session.get_session().get_service_model(service)
        for name in names:
            if (service, name) not in aws.answered:
                found.append(f"{service} {name} was never answered")
            for error in model.operation_model(name).error_shapes:
                code = error.error_code
                if code not in NEVER and error.name not in NEVER and (service, name, code) not in aws.refused:
                    if f"{name} {code}" not in EXCUSED:
                        found.append(f"{service} {name} never answered {code}")
    return found


# Errors of one operation that it cannot answer, though others do.
EXCUSED = {
}

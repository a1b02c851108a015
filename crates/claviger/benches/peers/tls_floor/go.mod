module claviger.dev/tls-floor

go 1.26

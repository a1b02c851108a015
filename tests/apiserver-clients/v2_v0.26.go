//go:build v0.26

package main

import (
	"context"
	"time"

	"k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2"
)

type (
	service        = kmsv2.Service
	decryptRequest = kmsv2.DecryptRequest
)

// Speaks /v2alpha1: there is no /v2 yet.
func dialV2(ctx context.Context, endpoint string, timeout time.Duration) (client, error) {
	plugin, err := kmsv2.NewGRPCService(ctx, endpoint, timeout)
	return v2{plugin}, err
}

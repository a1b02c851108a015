//go:build !v0.26

package main

import (
	"context"
	"time"

	"k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2"
	kms "k8s.io/kms/pkg/service"
)

type (
	service        = kms.Service
	decryptRequest = kms.DecryptRequest
)

func dialV2(ctx context.Context, endpoint string, timeout time.Duration) (client, error) {
	plugin, err := kmsv2.NewGRPCService(ctx, endpoint, "provider", timeout)
	return v2{plugin}, err
}

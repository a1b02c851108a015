package main

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apiserver/pkg/storage/value/encrypt/envelope"
	"k8s.io/apiserver/pkg/storage/value/encrypt/envelope/kmsv2"
)

func dial(ctx context.Context, api, endpoint string, timeout time.Duration) (client, error) {
	switch api {
	case "v1beta1":
		plugin, err := envelope.NewGRPCService(ctx, endpoint, timeout)
		return v1{plugin}, err
	case "v2":
		plugin, err := kmsv2.NewGRPCService(ctx, endpoint, timeout)
		return v2{plugin}, err
	}
	return nil, fmt.Errorf("there is no API %q", api)
}

type v1 struct{ envelope.Service }

func (v1) status(context.Context) (string, string, string, error) { return "v1beta1", "", "", nil }

func (c v1) roundTrip(_ context.Context, plaintext []byte) ([]byte, string, error) {
	sealed, err := c.Encrypt(plaintext)
	if err != nil {
		return nil, "", fmt.Errorf("encrypt: %w", err)
	}
	opened, err := c.Decrypt(sealed)
	if err != nil {
		return nil, "", fmt.Errorf("decrypt: %w", err)
	}
	return opened, "", nil
}

type v2 struct{ kmsv2.Service }

func (c v2) status(ctx context.Context) (string, string, string, error) {
	status, err := c.Status(ctx)
	if err != nil {
		return "", "", "", fmt.Errorf("status: %w", err)
	}
	return status.Version, status.Healthz, status.KeyID, nil
}

func (c v2) roundTrip(ctx context.Context, plaintext []byte) ([]byte, string, error) {
	sealed, err := c.Encrypt(ctx, "encrypt-uid", plaintext)
	if err != nil {
		return nil, "", fmt.Errorf("encrypt: %w", err)
	}
	opened, err := c.Decrypt(ctx, "decrypt-uid", &kmsv2.DecryptRequest{
		Ciphertext: sealed.Ciphertext, KeyID: sealed.KeyID, Annotations: sealed.Annotations,
	})
	if err != nil {
		return nil, "", fmt.Errorf("decrypt: %w", err)
	}
	return opened, sealed.KeyID, nil
}

package main

import (
	"context"
	"fmt"
)

type v2 struct{ service }

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
	opened, err := c.Decrypt(ctx, "decrypt-uid", &decryptRequest{
		Ciphertext: sealed.Ciphertext, KeyID: sealed.KeyID, Annotations: sealed.Annotations,
	})
	if err != nil {
		return nil, "", fmt.Errorf("decrypt: %w", err)
	}
	return opened, sealed.KeyID, nil
}

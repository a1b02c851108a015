package main

import (
	"context"
	"fmt"

	"k8s.io/apiserver/pkg/storage/value/encrypt/envelope"
)

type v1beta1 struct{ envelope.Service }

func (v1beta1) status(context.Context) (string, string, string, error) { return "v1beta1", "", "", nil }

func (c v1beta1) roundTrip(_ context.Context, plaintext []byte) ([]byte, string, error) {
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

// The pod of ../README.md with the AWS SDK for Go v2.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

func main() {
	ctx := context.Background()
	configured, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	who, err := sts.NewFromConfig(configured).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		log.Fatal(err)
	}
	keys := kms.NewFromConfig(configured)
	random, err := keys.GenerateRandom(ctx, &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(8)})
	if err != nil {
		log.Fatal(err)
	}
	_, err = keys.ListKeys(ctx, &kms.ListKeysInput{})
	var refusal smithy.APIError
	if !errors.As(err, &refusal) {
		log.Fatalf("not refused: %v", err)
	}
	told := map[string]any{"arn": who.Arn, "random": len(random.Plaintext), "denied": refusal.ErrorCode()}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		log.Fatal(err)
	}
}

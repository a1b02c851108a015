// Calls a KMS plugin with the very client of one release of kube-apiserver, and checks every answer.
//
// One JSON object a line on stdout: `{"event":"first"}` after the first round trip, then the result.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"k8s.io/apiserver/pkg/storage/value/encrypt/envelope"
)

// client is what the apiserver does with a plugin, whichever the API.
type client interface {
	// status gives version, healthz and key_id; v1beta1 has no Status, its own client checks the version.
	status(ctx context.Context) (version, healthz, keyID string, err error)
	// roundTrip encrypts and decrypts, giving the key_id that Encrypt answered.
	roundTrip(ctx context.Context, plaintext []byte) (opened []byte, keyID string, err error)
}

func dial(ctx context.Context, api, endpoint string, timeout time.Duration) (client, error) {
	switch api {
	case "v1beta1":
		plugin, err := envelope.NewGRPCService(ctx, endpoint, timeout)
		return v1beta1{plugin}, err
	case "v2":
		return dialV2(ctx, endpoint, timeout)
	}
	return nil, fmt.Errorf("there is no API %q", api)
}

type result struct {
	API        string   `json:"api"`
	Version    string   `json:"version"`
	Healthz    string   `json:"healthz"`
	StatusKey  string   `json:"statusKeyId"`
	EncryptKey string   `json:"encryptKeyId"`
	Done       int      `json:"done"`
	Failed     int      `json:"failed"`
	Wrong      int      `json:"wrong"`
	Errors     []string `json:"errors"`
	Slowest    float64  `json:"slowestMs"`
}

func main() {
	endpoint := flag.String("endpoint", "", "the plugin's socket, as the EncryptionConfiguration has it: unix:///path")
	api := flag.String("api", "v2", "v1beta1 or v2 (which 0.26 speaks as v2alpha1)")
	calls := flag.Int("calls", 1, "round trips to make; 0: until standard input ends")
	parallel := flag.Int("parallel", 1, "round trips at a time")
	size := flag.Int("size", 32, "octets of plaintext; the apiserver seals 32")
	timeout := flag.Duration("timeout", 3*time.Second, "of a call; 3 s is the apiserver's default")
	flag.Parse()

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c, err := dial(ctx, *api, *endpoint, *timeout)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out := run(ctx, c, *calls, *parallel, *size)
	out.API = *api
	out.Version, out.Healthz, out.StatusKey, err = c.status(ctx)
	if err != nil {
		out.note(err)
	}
	emit(out)
}

func run(ctx context.Context, c client, calls, parallel, size int) *result {
	ended := make(chan struct{})
	if calls == 0 {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			close(ended)
		}()
	}
	var (
		out     = &result{Errors: []string{}}
		lock    sync.Mutex
		workers sync.WaitGroup
		begun   int
		first   sync.Once
	)
	next := func() bool {
		lock.Lock()
		defer lock.Unlock()
		begun++
		if calls > 0 {
			return begun <= calls
		}
		select {
		case <-ended:
			return false
		default:
			return true
		}
	}
	for range parallel {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for next() {
				plaintext := make([]byte, size)
				_, _ = rand.Read(plaintext)
				start := time.Now()
				opened, keyID, err := c.roundTrip(ctx, plaintext)
				took := float64(time.Since(start).Microseconds()) / 1000
				lock.Lock()
				out.Done++
				out.Slowest = max(out.Slowest, took)
				switch {
				case err != nil:
					out.note(err)
				case !bytes.Equal(opened, plaintext):
					out.Wrong++
				default:
					out.EncryptKey = keyID
					first.Do(func() { emit(map[string]string{"event": "first"}) })
				}
				lock.Unlock()
			}
		}()
	}
	workers.Wait()
	return out
}

func (r *result) note(err error) {
	r.Failed++
	if len(r.Errors) < 5 {
		r.Errors = append(r.Errors, err.Error())
	}
}

func emit(value any) {
	line, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

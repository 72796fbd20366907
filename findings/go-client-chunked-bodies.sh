#!/bin/sh
# stripe-go v85.0.0, the official Go client: every POST with parameters goes out with `Transfer-Encoding: chunked` and
# without a Content-Length, though the body is a short form that is known whole before it is sent. One would guess a
# length, as the clients of Python, Node, PHP and Ruby send one: net/http sets it by itself for a reader whose size it knows,
# but the client hands it the body behind a type of its own, of which net/http knows nothing.
#
# Seen: a customer's creation arrives at a plain server as one chunked body with ContentLength -1; a GET has none.
# Who answers 411 to a body without a length, as WSGI servers and some proxies do, refuses every write of that client.
set -eu
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export GOPATH="$folder/go" GOCACHE="$folder/cache" GOFLAGS=-mod=mod GONOSUMDB='*' GOTOOLCHAIN=local
cat > go.mod <<'MOD'
module seen
go 1.21
require github.com/stripe/stripe-go/v85 v85.0.0
MOD
cat > main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/customer"
)

func main() {
	seen := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen += fmt.Sprintf("%s %v %d %d;", r.Method, r.TransferEncoding, r.ContentLength, len(body))
		fmt.Fprint(w, `{"id":"cus_1","object":"customer"}`)
	}))
	defer server.Close()
	stripe.Key = "sk_test_made_up"
	config := &stripe.BackendConfig{URL: stripe.String(server.URL), MaxNetworkRetries: stripe.Int64(0)}
	stripe.SetBackend(stripe.APIBackend, stripe.GetBackendWithConfig(stripe.APIBackend, config))
	if _, err := customer.New(&stripe.CustomerParams{Name: stripe.String("Jenny Rosen")}); err != nil {
		panic(err)
	}
	if _, err := customer.Get("cus_1", nil); err != nil {
		panic(err)
	}
	if seen != "POST [chunked] -1 16;GET [] 0 0;" {
		fmt.Println("this has changed:", seen)
		os.Exit(1)
	}
	fmt.Println("As described: the creation came chunked, without a length.")
}
GO
go run .

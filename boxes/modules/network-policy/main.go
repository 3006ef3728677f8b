// Makes the NetworkPolicies of a cluster hold for the pods of one node: it writes them as one table of nftables, whole
// and at once, whenever something changes. `nft list table ip hardway-network-policy` shows them.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/knftables"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Getenv("NODE_NAME"), os.Getenv("HEALTH_ADDRESS")); err != nil {
		slog.Error("stopped", "because", err)
		os.Exit(1)
	}
}

// Until ctx ends.
func run(ctx context.Context, node, health string) error {
	if node == "" {
		return fmt.Errorf("NODE_NAME says whose pods these are; it is empty")
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	nft, err := knftables.New(knftables.IPv4Family, tableName)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(lean))
	keeper := newKeeper(node, nft, factory)
	ctx, fail := context.WithCancelCause(ctx)
	go func() { fail(http.ListenAndServe(health, keeper)) }()
	factory.Start(ctx.Done())
	for kind, isThere := range factory.WaitForCacheSync(ctx.Done()) {
		if !isThere && ctx.Err() == nil {
			return fmt.Errorf("the API did not list %v", kind)
		}
	}
	go watchSandboxes(ctx, keeper)
	keeper.keep(ctx)
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return leave(client, nft)
}

// Another one of this DaemonSet takes the rules over; when the DaemonSet itself goes, they go too.
func leave(client kubernetes.Interface, nft knftables.Interface) error {
	ctx, end := context.WithTimeout(context.Background(), 5*time.Second)
	defer end()
	isGone, err := isRemoved(ctx, client, os.Getenv("NAMESPACE"), os.Getenv("DAEMONSET"))
	if err != nil {
		slog.Info("the rules stay: the API does not say whether they are still wanted", "because", err)
		return nil
	}
	if !isGone {
		return nil
	}
	tx := nft.NewTransaction()
	tx.Add(&knftables.Table{})
	tx.Delete(&knftables.Table{})
	slog.Info("no longer wanted: the rules go")
	return nft.Run(ctx, tx)
}

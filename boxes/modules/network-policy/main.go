// Makes the NetworkPolicies of a cluster hold for the pods of one node: it writes them as one table of nftables, whole
// and at once, whenever something changes. `nft list table ip hardway-network-policy` shows them.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Told by the DaemonSet.
var (
	node      = os.Getenv("NODE_NAME")
	namespace = os.Getenv("NAMESPACE")
	daemonSet = os.Getenv("DAEMONSET")
	health    = os.Getenv("HEALTH_ADDRESS")
)

func main() {
	ended, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ended); err != nil {
		slog.Error("stopped", "because", err)
		os.Exit(1)
	}
}

// Until it is told to end.
func run(ended context.Context) error {
	if node == "" {
		return errors.New("NODE_NAME says whose pods these are; it is empty")
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	kernel, err := openTables()
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(lean))
	k := newKeeper(kernel, factory)
	ctx, fail := context.WithCancelCause(ended)
	go func() { fail(http.ListenAndServe(health, k)) }()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	go watchSandboxes(ctx, k)
	k.keep(ctx)
	if ended.Err() == nil {
		return context.Cause(ctx)
	}
	return leave(client, kernel)
}

// Another one of this DaemonSet takes the rules over; when the DaemonSet itself goes, they go too.
func leave(client kubernetes.Interface, kernel tables) error {
	ctx, end := context.WithTimeout(context.Background(), 5*time.Second)
	defer end()
	set, err := client.AppsV1().DaemonSets(namespace).Get(ctx, daemonSet, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) || err == nil && set.DeletionTimestamp != nil:
		slog.Info("no longer wanted: the rules go")
		return kernel.remove(ctx)
	case err != nil:
		slog.Warn("the rules stay: the API does not say whether they are still wanted", "because", err)
	}
	return nil
}

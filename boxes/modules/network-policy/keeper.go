package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	networkinglisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/knftables"
)

const (
	// What changes within this time is written together.
	together = 50 * time.Millisecond
	// So often the rules are written even when nothing changed: somebody may have flushed them.
	again = time.Minute
)

// Keeps the table of this node in step with what the API says.
type keeper struct {
	node       string
	nft        knftables.Interface
	pods       corelisters.PodLister
	namespaces corelisters.NamespaceLister
	policies   networkinglisters.NetworkPolicyLister
	changed    chan struct{}

	mutex sync.Mutex
	// Addresses of pods that are about to start, of which the API does not know yet.
	early map[types.UID]string
	// The rules as they are in the kernel, empty after a failure.
	written string
}

func newKeeper(node string, nft knftables.Interface, factory informers.SharedInformerFactory) *keeper {
	pods, namespaces := factory.Core().V1().Pods(), factory.Core().V1().Namespaces()
	policies := factory.Networking().V1().NetworkPolicies()
	k := &keeper{
		node: node, nft: nft,
		pods: pods.Lister(), namespaces: namespaces.Lister(), policies: policies.Lister(),
		changed: make(chan struct{}, 1),
		early:   map[types.UID]string{},
	}
	tell := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { k.tell() },
		UpdateFunc: func(any, any) { k.tell() },
		DeleteFunc: func(any) { k.tell() },
	}
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), policies.Informer()} {
		_, _ = informer.AddEventHandler(tell)
	}
	return k
}

func (k *keeper) tell() {
	select {
	case k.changed <- struct{}{}:
	default: // it has been told already
	}
}

// Until ctx ends.
func (k *keeper) keep(ctx context.Context) {
	tick := time.NewTicker(again)
	defer tick.Stop()
	for {
		k.write(ctx, false)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			k.write(ctx, true)
		case <-k.changed:
			time.Sleep(together)
		}
	}
}

// Puts the rules into the kernel, all or none; `anyway`: also when they are the same as last time.
func (k *keeper) write(ctx context.Context, anyway bool) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	tx := rules(k.world(), k.nft.NewTransaction())
	text := tx.String()
	if text == k.written && !anyway {
		return
	}
	began := time.Now()
	if err := k.nft.Run(ctx, tx); err != nil {
		slog.Error("the rules could not be written; those from before stay", "because", err)
		k.written = ""
		time.AfterFunc(time.Second, k.tell)
		return
	}
	if text != k.written {
		slog.Info("rules written", "operations", tx.NumOperations(), "took", time.Since(began).Round(time.Millisecond))
	}
	k.written = text
}

// What the API says, and what containerd said before it.
func (k *keeper) world() world {
	pods, _ := k.pods.List(labels.Everything())
	namespaces, _ := k.namespaces.List(labels.Everything())
	policies, _ := k.policies.List(labels.Everything())
	k.forget(pods)
	return world{
		node:       k.node,
		pods:       podsOf(pods, k.early),
		namespaces: labelsOf(namespaces),
		policies:   policies,
	}
}

// An address that the API knows too, or whose pod is gone, need not be remembered.
func (k *keeper) forget(pods []*core.Pod) {
	waiting := map[types.UID]string{}
	for _, pod := range pods {
		if ip, isEarly := k.early[pod.UID]; isEarly && pod.Status.PodIP == "" {
			waiting[pod.UID] = ip
		}
	}
	k.early = waiting
}

// A pod of this node has an address and starts as soon as this returns: its rules are there by then.
func (k *keeper) expect(ctx context.Context, namespace, name string, uid types.UID, ip string) {
	// The kubelet may hear of a pod a moment before we do.
	for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if pod, err := k.pods.Pods(namespace).Get(name); err == nil && pod.UID == uid {
			break
		}
	}
	k.mutex.Lock()
	k.early[uid] = ip
	k.mutex.Unlock()
	k.write(ctx, false)
}

// GET of any path: 200 while the rules in the kernel are those that should be there.
func (k *keeper) ServeHTTP(to http.ResponseWriter, _ *http.Request) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.written == "" {
		http.Error(to, "the rules are not written", http.StatusServiceUnavailable)
	}
}

// The API says that the DaemonSet is gone or going, or no longer knows who asks.
func isRemoved(ctx context.Context, client kubernetes.Interface, namespace, name string) (bool, error) {
	set, err := client.AppsV1().DaemonSets(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
		return true, nil
	}
	return err == nil && set.DeletionTimestamp != nil, err
}

// Without what is of no use here and would only take memory.
func lean(object any) (any, error) {
	if about, err := meta.Accessor(object); err == nil {
		about.SetManagedFields(nil)
		about.SetAnnotations(nil)
	}
	return object, nil
}

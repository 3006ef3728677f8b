package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	corelisters "k8s.io/client-go/listers/core/v1"
	networkinglisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
)

const (
	// What changes within this time is written at once.
	pause = 50 * time.Millisecond
	// So often the rules are written even when nothing changed: somebody may have flushed them.
	again = time.Minute
)

// Keeps the tables of this node in step with what the API and containerd say.
type keeper struct {
	tables     tables
	pods       corelisters.PodLister
	namespaces corelisters.NamespaceLister
	policies   networkinglisters.NetworkPolicyLister
	changed    chan struct{}

	mutex sync.Mutex
	// What containerd says of pods that have an address now, which is sooner than the API and to the last.
	sandboxes map[types.UID]sandbox
	// The rules that are in the kernel, empty after a failure.
	written string
}

func newKeeper(tables tables, factory informers.SharedInformerFactory) *keeper {
	pods, namespaces := factory.Core().V1().Pods(), factory.Core().V1().Namespaces()
	policies := factory.Networking().V1().NetworkPolicies()
	k := &keeper{
		tables: tables,
		pods:   pods.Lister(), namespaces: namespaces.Lister(), policies: policies.Lister(),
		changed:   make(chan struct{}, 1),
		sandboxes: map[types.UID]sandbox{},
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
	for anyway := true; ctx.Err() == nil; {
		k.mutex.Lock()
		k.write(ctx, anyway)
		k.mutex.Unlock()
		select {
		case <-ctx.Done():
		case <-tick.C:
			anyway = true
		case <-k.changed:
			anyway = false
			time.Sleep(pause)
		}
	}
}

// Containerd says something of the sandboxes; when this returns the rules are written.
func (k *keeper) hear(ctx context.Context, change func(map[types.UID]sandbox)) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	change(k.sandboxes)
	k.write(ctx, false)
}

// Puts the rules into the kernel, all or none; `anyway`: also when they are the same as last time.
func (k *keeper) write(ctx context.Context, anyway bool) {
	of := k.world()
	tx := rules(of, anew(k.tables.ip))
	text := tx.String()
	if text == k.written && !anyway {
		return
	}
	began := time.Now()
	err := k.tables.ip.Run(ctx, tx)
	if err != nil {
		slog.Error("the rules were refused", "because", err)
		of.refused = k.refused(ctx, of)
		err = k.tables.ip.Run(ctx, rules(of, anew(k.tables.ip)))
	}
	if err == nil && anyway {
		err = k.tables.closeIPv6(ctx)
	}
	if err != nil {
		slog.Error("the rules are not written; those from before stay", "because", err)
		k.written = ""
		time.AfterFunc(time.Second, k.tell)
		return
	}
	if text != k.written {
		slog.Info("rules written", "operations", tx.NumOperations(), "took", time.Since(began).Round(time.Millisecond))
	}
	k.written = text
}

// Policies that nft does not take even alone: each forbids everything instead, and the others hold.
func (k *keeper) refused(ctx context.Context, of world) map[types.UID]bool {
	found := map[types.UID]bool{}
	for _, policy := range of.policies {
		alone := of
		alone.policies = []*networking.NetworkPolicy{policy}
		if err := k.tables.ip.Check(ctx, rules(alone, anew(k.tables.ip))); err != nil {
			slog.Error("lets nothing through, for nft does not take it", "policy", policy.Namespace+"/"+policy.Name, "because", err)
			found[policy.UID] = true
		}
	}
	return found
}

func (k *keeper) world() world {
	pods, _ := k.pods.List(labels.Everything())
	namespaces, _ := k.namespaces.List(labels.Everything())
	policies, _ := k.policies.List(labels.Everything())
	return world{pods: podsOf(pods, k.sandboxes), namespaces: labelsOf(namespaces), policies: policies}
}

// GET of any path: 200 while the rules in the kernel are those that should be there.
func (k *keeper) ServeHTTP(to http.ResponseWriter, _ *http.Request) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.written == "" {
		http.Error(to, "the rules are not written", http.StatusServiceUnavailable)
	}
}

// Without what is of no use here and would only take memory.
func lean(object any) (any, error) {
	if about, err := meta.Accessor(object); err == nil {
		about.SetManagedFields(nil)
		about.SetAnnotations(nil)
	}
	return object, nil
}

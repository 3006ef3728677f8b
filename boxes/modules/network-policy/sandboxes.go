package main

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/containerd/nri/pkg/api"
	"github.com/containerd/nri/pkg/stub"
	"k8s.io/apimachinery/pkg/types"
)

// A plug-in of containerd (NRI), which waits for each answer: a pod's rules are there before anything runs in it, and
// as long as something does, whatever the API says meanwhile.
type sandboxes struct{ keeper *keeper }

// Synchronize is called first, with all that containerd has.
func (s sandboxes) Synchronize(ctx context.Context, all []*api.PodSandbox, _ []*api.Container) ([]*api.ContainerUpdate, error) {
	s.keeper.hear(ctx, func(known map[types.UID]sandbox) {
		clear(known)
		for _, each := range all {
			// One that has ended still has the address that it had.
			if each.GetPid() != 0 {
				add(known, each)
			}
		}
	})
	return nil, nil
}

func (s sandboxes) RunPodSandbox(ctx context.Context, one *api.PodSandbox) error {
	s.keeper.hear(ctx, func(known map[types.UID]sandbox) { add(known, one) })
	return nil
}

func (s sandboxes) StopPodSandbox(ctx context.Context, one *api.PodSandbox) error {
	s.keeper.hear(ctx, func(known map[types.UID]sandbox) { drop(known, one) })
	return nil
}

func (s sandboxes) RemovePodSandbox(ctx context.Context, one *api.PodSandbox) error {
	return s.StopPodSandbox(ctx, one)
}

func add(known map[types.UID]sandbox, one *api.PodSandbox) {
	index := slices.IndexFunc(one.GetIps(), func(ip string) bool { return ipv4(ip) != "" })
	if index < 0 {
		return // it shares the node's
	}
	known[types.UID(one.GetUid())] = sandbox{one.GetId(), pod{
		namespace: one.GetNamespace(), name: one.GetName(), labels: one.GetLabels(),
		ip: one.GetIps()[index], isOurs: true, isHere: true,
	}}
}

// The pod may have another sandbox by now.
func drop(known map[types.UID]sandbox, one *api.PodSandbox) {
	if uid := types.UID(one.GetUid()); known[uid].id == one.GetId() {
		delete(known, uid)
	}
}

// Until ctx ends. Without NRI (an old containerd, or one in which it is off) rules come with the API's word.
func watchSandboxes(ctx context.Context, keeper *keeper) {
	for patience := time.Second; ctx.Err() == nil; patience = min(2*patience, time.Minute) {
		began := time.Now()
		err := listen(ctx, keeper)
		if time.Since(began) > time.Minute {
			patience = time.Second
		}
		slog.Warn("containerd does not say when pods start", "because", err, "asked again in", patience)
		select {
		case <-ctx.Done():
		case <-time.After(patience):
		}
	}
}

func listen(ctx context.Context, keeper *keeper) error {
	plugin, err := stub.New(
		sandboxes{keeper}, stub.WithPluginName(tableName), stub.WithPluginIdx("50"),
		stub.WithOnClose(func() {}), stub.WithLogger(quiet{}),
	)
	if err != nil {
		return err
	}
	return plugin.Run(ctx)
}

// What went wrong is told by watchSandboxes.
type quiet struct{}

func (quiet) Debugf(context.Context, string, ...any) {}
func (quiet) Infof(context.Context, string, ...any)  {}
func (quiet) Warnf(context.Context, string, ...any)  {}
func (quiet) Errorf(context.Context, string, ...any) {}

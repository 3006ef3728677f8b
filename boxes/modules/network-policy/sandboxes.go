package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/containerd/nri/pkg/api"
	"github.com/containerd/nri/pkg/stub"
	"k8s.io/apimachinery/pkg/types"
)

// Hears from containerd when a pod has its address and nothing runs in it yet. The API tells it a second later, and
// policies are to hold before that.
type sandboxes struct{ keeper *keeper }

// RunPodSandbox is called by containerd, which waits for it.
func (s sandboxes) RunPodSandbox(ctx context.Context, pod *api.PodSandbox) error {
	if ips := pod.GetIps(); len(ips) > 0 {
		s.keeper.expect(ctx, pod.GetNamespace(), pod.GetName(), types.UID(pod.GetUid()), ips[0])
	}
	return nil
}

// Until ctx ends. Without NRI (an old containerd, or one in which it is off) rules come with the API's word.
func watchSandboxes(ctx context.Context, keeper *keeper) {
	for isFirst := true; ctx.Err() == nil; isFirst = false {
		err := listen(ctx, keeper)
		if ctx.Err() == nil && isFirst {
			slog.Warn("containerd does not say when a pod starts; asked again every 10 s", "because", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Second):
		}
	}
}

func listen(ctx context.Context, keeper *keeper) error {
	connection, err := stub.New(sandboxes{keeper}, stub.WithPluginName(tableName), stub.WithPluginIdx("50"), stub.WithOnClose(func() {}))
	if err != nil {
		return err
	}
	return connection.Run(ctx)
}

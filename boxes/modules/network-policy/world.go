package main

import (
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// All that the rules of a node follow from.
type world struct {
	node       string
	pods       []pod
	namespaces map[string]labels.Set
	policies   []*networking.NetworkPolicy
}

// A pod with an address of its own, on whatever node.
type pod struct {
	namespace, name, node, ip string
	labels                    labels.Set
	ports                     []core.ContainerPort
}

// Pods that share their node's address are left out, for a policy means none of them, and so are those that ended.
// Sorted by address, each address once: that of a pod that goes may be another's already.
func podsOf(all []*core.Pod, early map[types.UID]string) []pod {
	newest := map[string]*core.Pod{}
	for _, each := range all {
		ip := each.Status.PodIP
		if ip == "" {
			ip = early[each.UID]
		}
		hasEnded := each.Status.Phase == core.PodSucceeded || each.Status.Phase == core.PodFailed
		if ip == "" || hasEnded || each.Spec.HostNetwork {
			continue
		}
		if other, isThere := newest[ip]; !isThere || other.CreationTimestamp.Before(&each.CreationTimestamp) {
			newest[ip] = each
		}
	}
	pods := make([]pod, 0, len(newest))
	for ip, each := range newest {
		pods = append(pods, pod{each.Namespace, each.Name, each.Spec.NodeName, ip, each.Labels, portsOf(each)})
	}
	slices.SortFunc(pods, func(a, b pod) int { return strings.Compare(a.ip, b.ip) })
	return pods
}

func portsOf(from *core.Pod) []core.ContainerPort {
	var ports []core.ContainerPort
	for _, containers := range [][]core.Container{from.Spec.InitContainers, from.Spec.Containers} {
		for _, container := range containers {
			ports = append(ports, container.Ports...)
		}
	}
	return ports
}

func labelsOf(namespaces []*core.Namespace) map[string]labels.Set {
	all := map[string]labels.Set{}
	for _, namespace := range namespaces {
		all[namespace.Name] = namespace.Labels
	}
	return all
}

// Policies of this direction that are for the pod, in the order of their names.
func (w world) selecting(of pod, direction networking.PolicyType) []*networking.NetworkPolicy {
	var found []*networking.NetworkPolicy
	for _, policy := range w.policies {
		if policy.Namespace == of.namespace && slices.Contains(policy.Spec.PolicyTypes, direction) && matches(&policy.Spec.PodSelector, of.labels) {
			found = append(found, policy)
		}
	}
	slices.SortFunc(found, func(a, b *networking.NetworkPolicy) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// Pods that a peer of a policy of this namespace stands for.
func (w world) peers(namespace string, peer networking.NetworkPolicyPeer) []pod {
	var found []pod
	for _, each := range w.pods {
		isInside := each.namespace == namespace
		if peer.NamespaceSelector != nil {
			isInside = matches(peer.NamespaceSelector, w.namespaces[each.namespace])
		}
		if isInside && (peer.PodSelector == nil || matches(peer.PodSelector, each.labels)) {
			found = append(found, each)
		}
	}
	return found
}

// The API server has judged the selector: one that cannot be read selects nothing.
func matches(selector *metav1.LabelSelector, set labels.Set) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(set)
}

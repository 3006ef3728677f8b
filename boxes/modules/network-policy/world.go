package main

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// All that the rules of a node follow from.
type world struct {
	pods       []pod
	namespaces map[string]labels.Set
	policies   []*networking.NetworkPolicy
	refused    map[types.UID]bool
}

// A pod with an address of its own, on whatever node.
type pod struct {
	namespace, name, ip string
	// It is on this node.
	isOurs bool
	labels labels.Set
	ports  []core.ContainerPort
	// Which of two with the same address has it.
	isHere, isGoing bool
	since           time.Time
}

// What containerd says of a pod of this node that has its address.
type sandbox struct {
	id  string
	pod pod
}

// Sorted by address, each address once: that of a pod that goes may be another's already. Pods that share their node's
// address are left out, for a policy means none of them, and so are those that ended.
func podsOf(listed []*core.Pod, sandboxes map[types.UID]sandbox) []pod {
	var all []pod
	isListed := map[types.UID]bool{}
	for _, each := range listed {
		isListed[each.UID] = true
		found := pod{
			namespace: each.Namespace, name: each.Name, labels: each.Labels, ports: portsOf(each),
			ip:      ipv4(each.Status.PodIP),
			isOurs:  each.Spec.NodeName == node,
			isGoing: each.DeletionTimestamp != nil,
			since:   each.CreationTimestamp.Time,
		}
		if has, isHere := sandboxes[each.UID]; isHere {
			found.ip, found.isHere, found.isOurs = has.pod.ip, true, true
		}
		hasEnded := each.Status.Phase == core.PodSucceeded || each.Status.Phase == core.PodFailed
		if found.ip != "" && !hasEnded && !each.Spec.HostNetwork {
			all = append(all, found)
		}
	}
	// Not listed yet, or deleted by force and still running.
	for uid, has := range sandboxes {
		if !isListed[uid] {
			all = append(all, has.pod)
		}
	}
	slices.SortFunc(all, func(a, b pod) int {
		return cmp.Or(
			strings.Compare(a.ip, b.ip),
			-ordered(a.isHere, b.isHere), ordered(a.isGoing, b.isGoing), b.since.Compare(a.since),
			strings.Compare(a.namespace+"/"+a.name, b.namespace+"/"+b.name),
		)
	})
	return slices.CompactFunc(all, func(a, b pod) bool { return a.ip == b.ip })
}

func ordered(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

// Empty for what is none: pods have no other addresses here.
func ipv4(text string) string {
	if address, err := netip.ParseAddr(text); err != nil || !address.Is4() {
		return ""
	}
	return text
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
		isOfType := slices.Contains(policy.Spec.PolicyTypes, direction)
		if isOfType && policy.Namespace == of.namespace && matches(&policy.Spec.PodSelector, of.labels) {
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
			labels, isKnown := w.namespaces[each.namespace]
			isInside = isKnown && matches(peer.NamespaceSelector, labels)
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

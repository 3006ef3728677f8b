package main

import (
	"crypto/sha256"
	"fmt"
	"strings"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	netutils "k8s.io/utils/net"
	"sigs.k8s.io/knftables"
)

// One of the two ways in which a policy looks at a packet that is forwarded.
type direction struct {
	kind networking.PolicyType
	name string
	// Where the packet bears the address of the pod that the policy is for, and that of the other side.
	own, other string
}

var directions = []direction{
	{networking.PolicyTypeEgress, "egress", "ip saddr", "ip daddr"},
	{networking.PolicyTypeIngress, "ingress", "ip daddr", "ip saddr"},
}

type writer struct {
	world
	*knftables.Transaction
	// Chains and sets by name.
	made map[string]bool
}

// Adds to an empty table all that follows from the world.
//
// A base chain for each direction sends a packet to the chain of the pod's policies, by the pod's address. There each
// policy is a chain whose rules accept; what none accepts is dropped. A pod without a policy is in no map: accepted.
// Every packet of a connection is judged that goes the way of its first one, so that a new policy ends what it forbids.
// What a machine says to its own pods, like the kubelet's probes, and pods to it, is not forwarded.
func rules(of world, tx *knftables.Transaction) *knftables.Transaction {
	w := writer{of, tx, map[string]bool{}}
	w.Add(&knftables.Set{Name: "itself", Type: "ipv4_addr . ipv4_addr", Comment: knftables.PtrTo("nobody can forbid a pod to call itself, by a Service")})
	for _, way := range directions {
		w.base(way)
	}
	for _, each := range w.pods {
		if each.isOurs {
			w.guard(each)
		}
	}
	return tx
}

func (w writer) base(way direction) {
	w.Add(&knftables.Map{Name: way.name + "-pods", Type: "ipv4_addr : verdict"})
	w.Add(&knftables.Chain{
		Name:     way.name,
		Type:     knftables.PtrTo(knftables.FilterType),
		Hook:     knftables.PtrTo(knftables.ForwardHook),
		Priority: knftables.PtrTo(knftables.FilterPriority),
	})
	w.rule(way.name, "ct direction reply accept")
	w.rule(way.name, "ct state related accept")
	w.rule(way.name, "ip saddr . ip daddr @itself accept")
	w.rule(way.name, way.own, "vmap", "@"+way.name+"-pods")
}

func (w writer) guard(each pod) {
	isGuarded := false
	for _, way := range directions {
		policies := w.selecting(each, way.kind)
		if len(policies) == 0 {
			continue
		}
		isGuarded = true
		w.Add(&knftables.Element{
			Map:     way.name + "-pods",
			Key:     []string{each.ip},
			Value:   []string{"goto " + w.joint(way, policies)},
			Comment: comment(each.namespace + "/" + each.name),
		})
	}
	if isGuarded {
		w.Add(&knftables.Element{Set: "itself", Key: []string{each.ip, each.ip}})
	}
}

// The chain of pods that have just these policies.
func (w writer) joint(way direction, policies []*networking.NetworkPolicy) string {
	var chains []string
	for _, policy := range policies {
		chains = append(chains, w.policy(way, policy))
	}
	name := short(way.name, strings.Join(chains, " "))
	if w.isNew(name) {
		w.Add(&knftables.Chain{Name: name})
		for _, chain := range chains {
			w.rule(name, "jump", chain)
		}
		w.rule(name, "drop")
	}
	return name
}

// The chain of one policy: what it lets through.
func (w writer) policy(way direction, policy *networking.NetworkPolicy) string {
	name := readable(way.name, policy.Namespace, policy.Name)
	if !w.isNew(name) {
		return name
	}
	w.Add(&knftables.Chain{Name: name})
	if w.refused[policy.UID] {
		return name
	}
	if way.kind == networking.PolicyTypeIngress {
		for _, rule := range policy.Spec.Ingress {
			w.allow(name, way, policy.Namespace, rule.From, rule.Ports)
		}
	} else {
		for _, rule := range policy.Spec.Egress {
			w.allow(name, way, policy.Namespace, rule.To, rule.Ports)
		}
	}
	return name
}

// Each peer through each port; none said is all.
func (w writer) allow(chain string, way direction, namespace string, peers []networking.NetworkPolicyPeer, ports []networking.NetworkPolicyPort) {
	from, through := []string{""}, []string{""}
	if len(peers) > 0 {
		from = nil
	}
	for _, peer := range peers {
		from = append(from, w.peer(way, namespace, peer)...)
	}
	if len(ports) > 0 {
		through = nil
	}
	for _, port := range ports {
		through = append(through, w.port(port))
	}
	for _, peer := range from {
		for _, port := range through {
			w.rule(chain, peer, port, "accept")
		}
	}
}

// What a packet bears on the other side. Nothing for addresses that no pod here can have: those of IPv6.
func (w writer) peer(way direction, namespace string, peer networking.NetworkPolicyPeer) []string {
	if peer.IPBlock == nil {
		return []string{way.other + " @" + w.addresses(namespace, peer)}
	}
	block, isBlock := prefix(peer.IPBlock.CIDR)
	if !isBlock {
		return nil
	}
	match := way.other + " " + block
	if len(peer.IPBlock.Except) > 0 {
		match += " " + way.other + " != @" + w.excepted(peer.IPBlock.Except)
	}
	return []string{match}
}

// The set of ranges that a rule leaves out: there may be hundreds, and some inside others.
func (w writer) excepted(ranges []string) string {
	name := short("except", strings.Join(ranges, " "))
	if w.isNew(name) {
		w.Add(&knftables.Set{Name: name, Type: "ipv4_addr", Flags: []knftables.SetFlag{knftables.IntervalFlag}, AutoMerge: knftables.PtrTo(true)})
		for _, each := range ranges {
			if block, isBlock := prefix(each); isBlock {
				w.Add(&knftables.Element{Set: name, Key: []string{block}})
			}
		}
	}
	return name
}

// As Kubernetes reads a range, with no bits beyond it; false: not of IPv4.
func prefix(text string) (string, bool) {
	_, block, err := netutils.ParseCIDRSloppy(text)
	if err != nil || block.IP.To4() == nil {
		return "", false
	}
	return block.String(), true
}

// The set with the addresses of all pods that selectors stand for.
func (w writer) addresses(namespace string, peer networking.NetworkPolicyPeer) string {
	where := "namespace " + namespace
	if peer.NamespaceSelector != nil {
		where = "namespaces " + said(peer.NamespaceSelector)
	}
	what := where + ", pods " + said(peer.PodSelector)
	name := short("pods", what)
	if w.isNew(name) {
		w.Add(&knftables.Set{Name: name, Type: "ipv4_addr", Comment: comment(what)})
		for _, each := range w.peers(namespace, peer) {
			w.Add(&knftables.Element{Set: name, Key: []string{each.ip}, Comment: comment(each.namespace + "/" + each.name)})
		}
	}
	return name
}

// None selects all, like one that is empty.
func said(selector *metav1.LabelSelector) string {
	if selector == nil || len(selector.MatchLabels)+len(selector.MatchExpressions) == 0 {
		return "(all)"
	}
	return metav1.FormatLabelSelector(selector)
}

// What a packet bears that goes through the port.
func (w writer) port(port networking.NetworkPolicyPort) string {
	protocol := core.ProtocolTCP
	if port.Protocol != nil {
		protocol = *port.Protocol
	}
	lower := strings.ToLower(string(protocol))
	switch {
	case port.Port == nil:
		return "meta l4proto " + lower
	case port.Port.Type == intstr.String:
		return "ip daddr . " + lower + " dport @" + w.named(protocol, port.Port.StrVal)
	case port.EndPort != nil:
		return fmt.Sprintf("%s dport %d-%d", lower, port.Port.IntVal, *port.EndPort)
	default:
		return fmt.Sprintf("%s dport %d", lower, port.Port.IntVal)
	}
}

// The set with the addresses and ports of all pods that call a port by this name: each may have another number.
func (w writer) named(protocol core.Protocol, port string) string {
	name := fmt.Sprintf("port-%s-%s", strings.ToLower(string(protocol)), port)
	if w.isNew(name) {
		w.Add(&knftables.Set{Name: name, Type: "ipv4_addr . inet_service"})
		for _, each := range w.pods {
			for _, number := range numbers(each, protocol, port) {
				w.Add(&knftables.Element{Set: name, Key: []string{each.ip, fmt.Sprint(number)}})
			}
		}
	}
	return name
}

func numbers(of pod, protocol core.Protocol, name string) []int32 {
	var found []int32
	for _, port := range of.ports {
		isOne := port.Name == name && (port.Protocol == protocol || port.Protocol == "" && protocol == core.ProtocolTCP)
		if isOne {
			found = append(found, port.ContainerPort)
		}
	}
	return found
}

func (w writer) rule(chain string, words ...string) {
	w.Add(&knftables.Rule{Chain: chain, Rule: strings.Join(strings.Fields(strings.Join(words, " ")), " ")})
}

func (w writer) isNew(name string) bool {
	isNew := !w.made[name]
	w.made[name] = true
	return isNew
}

// A name for what has none that people would read.
func short(kind, what string) string {
	return fmt.Sprintf("%s-%.5x", kind, sha256.Sum256([]byte(what)))
}

// The names of namespaces and policies are in the name, as far as the kernel has room for them.
func readable(parts ...string) string {
	name := strings.Join(parts, "/")
	if len(name) <= 200 {
		return name
	}
	return fmt.Sprintf("%s-%.5x", name[:180], sha256.Sum256([]byte(name)))
}

// nft takes no more than 128 bytes.
func comment(text string) *string {
	if len(text) > 120 {
		text = text[:117] + "..."
	}
	return &text
}

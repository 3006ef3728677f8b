package main

import (
	"context"
	"errors"

	"sigs.k8s.io/knftables"
)

const (
	tableName = "hardway-network-policy"
	// The link to which all pods of a node are connected.
	bridge = "cni0"
)

// The kernel's tables of ours, both by the same name.
type tables struct{ ip, ip6 knftables.Interface }

func openTables() (tables, error) {
	ip, err := knftables.New(knftables.IPv4Family, tableName)
	ip6, err6 := knftables.New(knftables.IPv6Family, tableName)
	return tables{ip, ip6}, errors.Join(err, err6)
}

// Pods have no addresses of IPv6 but those that the kernel gives to each link, by which they would reach their
// neighbours past all policies.
func (t tables) closeIPv6(ctx context.Context) error {
	tx := anew(t.ip6)
	tx.Add(&knftables.Chain{
		Name:     "between-pods",
		Type:     knftables.PtrTo(knftables.FilterType),
		Hook:     knftables.PtrTo(knftables.ForwardHook),
		Priority: knftables.PtrTo(knftables.FilterPriority),
	})
	tx.Add(&knftables.Rule{Chain: "between-pods", Rule: "iifname " + bridge + " oifname " + bridge + " drop"})
	return t.ip6.Run(ctx, tx)
}

func (t tables) remove(ctx context.Context) error {
	var all error
	for _, each := range []knftables.Interface{t.ip, t.ip6} {
		tx := each.NewTransaction()
		tx.Add(&knftables.Table{})
		tx.Delete(&knftables.Table{})
		all = errors.Join(all, each.Run(ctx, tx))
	}
	return all
}

// Begins with an empty table in the place of the one that is there.
func anew(nft knftables.Interface) *knftables.Transaction {
	tx := nft.NewTransaction()
	tx.Add(&knftables.Table{})
	tx.Delete(&knftables.Table{})
	tx.Add(&knftables.Table{Comment: knftables.PtrTo("NetworkPolicies, by hardway")})
	return tx
}

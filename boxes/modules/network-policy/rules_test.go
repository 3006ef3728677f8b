package main

import (
	"context"
	"os"
	"testing"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/knftables"
)

const golden = "testdata/rules.nft"

func init() { node = "here" }

func TestRulesOfANode(t *testing.T) {
	fake := knftables.NewFake(knftables.IPv4Family, tableName)
	if err := fake.Run(context.Background(), rules(read(t, "testdata/world.yaml"), anew(fake))); err != nil {
		t.Fatal(err)
	}
	written := fake.Dump()
	if os.Getenv("HARDWAY_RECORD") != "" {
		_ = os.WriteFile(golden, []byte(written), 0o644)
		t.Fatalf("%s was written: review it, and run again without HARDWAY_RECORD", golden)
	}
	expected, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if written != string(expected) {
		t.Errorf("not as in %s (HARDWAY_RECORD=1 writes it):\n%s", golden, written)
	}
}

func TestSameWorldSameRules(t *testing.T) {
	fake := knftables.NewFake(knftables.IPv4Family, tableName)
	first := rules(read(t, "testdata/world.yaml"), anew(fake)).String()
	for range 20 {
		if rules(read(t, "testdata/world.yaml"), anew(fake)).String() != first {
			t.Fatal("the same objects give rules in another order, which would be written again and again")
		}
	}
}

// What containerd says.
var here = map[types.UID]sandbox{
	"early":  {id: "1", pod: pod{namespace: "shop", name: "about-to-start", ip: "10.244.1.8", isOurs: true, isHere: true}},
	"anew":   {id: "2", pod: pod{namespace: "shop", name: "made-anew", ip: "10.244.1.12", isOurs: true, isHere: true}},
	"forced": {id: "3", pod: pod{namespace: "shop", name: "deleted-by-force", ip: "10.244.1.13", isOurs: true, isHere: true, labels: labels.Set{"app": "db"}}},
}

func read(t *testing.T, file string) world {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	decoder := scheme.Codecs.UniversalDeserializer()
	list, _, err := decoder.Decode(text, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var pods []*core.Pod
	var namespaces []*core.Namespace
	var policies []*networking.NetworkPolicy
	for _, item := range list.(*core.List).Items {
		object, _, err := decoder.Decode(item.Raw, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		switch object := object.(runtime.Object).(type) {
		case *core.Pod:
			pods = append(pods, object)
		case *core.Namespace:
			namespaces = append(namespaces, object)
		case *networking.NetworkPolicy:
			policies = append(policies, object)
		}
	}
	return world{pods: podsOf(pods, here), namespaces: labelsOf(namespaces), policies: policies}
}

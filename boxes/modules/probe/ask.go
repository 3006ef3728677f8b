package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Asked and got, in the words of the caller. Milliseconds of the try that succeeded.
type answered struct {
	Kind         string  `json:"kind"`
	To           string  `json:"to"`
	Bytes        int     `json:"bytes,omitempty"`
	Said         string  `json:"said,omitempty"`
	Milliseconds float64 `json:"milliseconds,omitempty"`
	Error        string  `json:"error,omitempty"`
}

// GET /ask?datagram=<ip>,…&name=<name>,…&page=<host:port>,…: all at once, each with a limit of its own, one line of
// JSON. A datagram is asked for small and as large as this pod's link carries in one piece.
func ask(to http.ResponseWriter, request *http.Request) {
	var all []func() answered
	query := request.URL.Query()
	for _, ip := range list(query.Get("datagram")) {
		all = append(all, func() answered { return datagram("small", ip, 64) }, func() answered { return datagram("full", ip, linkSize()) })
	}
	for _, name := range list(query.Get("name")) {
		all = append(all, func() answered { return resolve(name) })
	}
	for _, address := range list(query.Get("page")) {
		all = append(all, func() answered { return page(address) })
	}
	answers := make([]answered, len(all))
	var waiting sync.WaitGroup
	for index, one := range all {
		waiting.Go(func() { answers[index] = one() })
	}
	waiting.Wait()
	_ = json.NewEncoder(to).Encode(answers)
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// Bytes that eth0 carries in one packet.
func linkSize() int {
	link, err := net.InterfaceByName("eth0")
	if err != nil {
		return 1280
	}
	return link.MTU
}

const headers = 28 // of IPv4 and UDP

// One packet of this size, never in pieces, there and back; a lost one is sent again twice.
func datagram(kind, ip string, bytes int) answered {
	found := answered{Kind: kind, To: ip, Bytes: bytes}
	dialer := net.Dialer{Control: func(_, _ string, socket syscall.RawConn) (err error) {
		_ = socket.Control(func(handle uintptr) {
			err = syscall.SetsockoptInt(int(handle), syscall.IPPROTO_IP, syscall.IP_MTU_DISCOVER, syscall.IP_PMTUDISC_DO)
		})
		return err
	}}
	for range 3 {
		found.Milliseconds, found.Error = exchange(dialer, ip, bytes-headers)
		if found.Error == "" {
			break
		}
	}
	return found
}

func exchange(dialer net.Dialer, ip string, size int) (float64, string) {
	socket, err := dialer.Dial("udp", ip+port)
	if err != nil {
		return 0, err.Error()
	}
	defer socket.Close()
	began := time.Now()
	_ = socket.SetDeadline(began.Add(700 * time.Millisecond))
	if _, err := socket.Write(make([]byte, size)); err != nil {
		return 0, err.Error()
	}
	size, err = socket.Read(make([]byte, size+1))
	if err != nil {
		return 0, "no answer in 3 tries"
	}
	return since(began), ""
}

// The cluster's name server answers over UDP, which may lose a packet: several short tries.
func resolve(name string) answered {
	found := answered{Kind: "name", To: name}
	for range 3 {
		limit, end := context.WithTimeout(context.Background(), 1500*time.Millisecond)
		began := time.Now()
		addresses, err := net.DefaultResolver.LookupHost(limit, name)
		end()
		if err == nil {
			return answered{Kind: "name", To: name, Said: strings.Join(addresses, " "), Milliseconds: since(began)}
		}
		found.Error = err.Error()
	}
	return found
}

// Whoever has just come up is not known everywhere in the same moment: so long a refusal is asked again.
const patience = 6 * time.Second

func page(address string) answered {
	found := answered{Kind: "page", To: address}
	client := http.Client{Timeout: 2 * time.Second}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		began := time.Now()
		response, err := client.Get("http://" + address + "/")
		if err != nil {
			found.Error = err.Error()
			continue
		}
		said, _ := io.ReadAll(io.LimitReader(response.Body, 200))
		_ = response.Body.Close()
		return answered{Kind: "page", To: address, Said: strings.TrimSpace(string(said)), Milliseconds: since(began)}
	}
	return found
}

func since(began time.Time) float64 {
	return float64(time.Since(began).Round(10*time.Microsecond)) / float64(time.Millisecond)
}

// Probe is what runs in the pods that hardway verify and hardway demo make. Only the standard library.
//
//	probe answer          answers on TCP and UDP; on its own node it also asks others, see ask.go
//	probe write <file>    writes a line that nobody can guess and tells it as its last word
//	probe read <file>     tells what the file holds as its last word
//	probe say <words>     says them
//	probe front           a web page with a counter, see front.go
//	probe database        keeps counters in a file, see database.go
package main

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// Pods have a network of their own and take the same; tests do not.
var port = ":" + cmp.Or(os.Getenv("PORT"), "8080")

func main() {
	if len(os.Args) < 2 {
		log.Fatal("say what to be: answer, write, read, say, front or database")
	}
	var err error
	switch rest := os.Args[2:]; os.Args[1] {
	case "answer":
		err = answer()
	case "write":
		err = write(rest[0])
	case "read":
		err = read(rest[0])
	case "front":
		err = front()
	case "database":
		err = database(rest[0])
	case "say":
		fmt.Println(strings.Join(rest, " "))
	default:
		err = fmt.Errorf("%s is nothing that can be done", os.Args[1])
	}
	if err != nil {
		log.Fatal(err)
	}
}

// Who this is, for whoever is answered.
func self() string { return os.Getenv("POD") + " on " + os.Getenv("NODE") }

// What arrives in a datagram goes back as it is.
func echo() error {
	socket, err := net.ListenPacket("udp", port)
	if err != nil {
		return err
	}
	buffer := make([]byte, 65536)
	for {
		size, from, err := socket.ReadFrom(buffer)
		if err != nil {
			return err
		}
		_, _ = socket.WriteTo(buffer[:size], from)
	}
}

func answer() error {
	go func() { log.Fatal(echo()) }()
	http.HandleFunc("GET /{$}", func(to http.ResponseWriter, _ *http.Request) { fmt.Fprintln(to, self()) })
	http.HandleFunc("GET /ask", ask)
	log.Println(self(), "answers on", port)
	return serve()
}

func serve() error {
	server := &http.Server{Addr: port, ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
}

// The kubelet tells the API what a container leaves here: no log has to be read to know it.
func lastWord(text string) error {
	fmt.Println(text)
	return os.WriteFile("/dev/termination-log", []byte(text), 0o644)
}

func write(path string) error {
	text := rand.Text()
	if err := writeSafely(path, []byte(text)); err != nil {
		return err
	}
	return lastWord(text)
}

func read(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return lastWord(string(text))
}

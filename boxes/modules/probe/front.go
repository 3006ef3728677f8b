package main

import (
	"fmt"
	"html"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

const view = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hardway demo</title>
<style>body { font: 1.2rem/1.6 system-ui, sans-serif; margin: 4rem auto; max-width: 36rem } b { font-size: 2.5rem }</style>
<h1>It works</h1>
<p>You are visitor <b id="visitor">%s</b></p>
<p>This page comes from <span id="pod">%s</span>; the number is kept in a database in another pod.</p>
</html>
`

// A page for people: each look at it is counted in the database.
func front() error {
	client := http.Client{Timeout: 5 * time.Second}
	http.HandleFunc("GET /healthz", func(to http.ResponseWriter, _ *http.Request) { fmt.Fprintln(to, "ok") })
	http.HandleFunc("GET /{$}", func(to http.ResponseWriter, _ *http.Request) {
		visitor, err := count(client)
		if err != nil {
			log.Println(err)
			http.Error(to, "the database does not answer: "+err.Error(), http.StatusBadGateway)
			return
		}
		to.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(to, view, html.EscapeString(visitor), html.EscapeString(self()))
	})
	return serve()
}

func count(client http.Client) (string, error) {
	response, err := client.Post("http://"+os.Getenv("DATABASE")+"/counters/visitors", "text/plain", nil)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1000))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, text)
	}
	return strings.TrimSpace(string(text)), err
}

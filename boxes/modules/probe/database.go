package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
)

// A small database: counters in one file. What was answered is on the disk.
type store struct {
	sync.Mutex
	path     string
	counters map[string]int
}

func database(folder string) error {
	all := &store{path: filepath.Join(folder, "counters.json"), counters: map[string]int{}}
	text, err := os.ReadFile(all.path)
	if err == nil {
		err = json.Unmarshal(text, &all.counters)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	http.HandleFunc("GET /counters/{name}", func(to http.ResponseWriter, request *http.Request) {
		all.Lock()
		defer all.Unlock()
		fmt.Fprintln(to, all.counters[request.PathValue("name")])
	})
	http.HandleFunc("POST /counters/{name}", func(to http.ResponseWriter, request *http.Request) {
		number, err := all.raise(request.PathValue("name"))
		if err != nil {
			http.Error(to, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(to, number)
	})
	return serve()
}

// Adds one; counted only when it is kept.
func (all *store) raise(name string) (int, error) {
	all.Lock()
	defer all.Unlock()
	all.counters[name]++
	text, err := json.Marshal(all.counters)
	if err == nil {
		err = writeSafely(all.path, text)
	}
	if err != nil {
		all.counters[name]--
	}
	return all.counters[name], err
}

// Another name first, then to the disk, then the name: whatever cuts it off, the file is whole.
func writeSafely(path string, text []byte) error {
	file, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	if _, err = file.Write(text); err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

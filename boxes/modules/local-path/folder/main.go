// Makes and removes the folder of one volume, as local-path-provisioner asks for it in a pod:
// -p <folder> -s <bytes> -m <mode of the volume> -a create|delete
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	folder := flag.String("p", "", "the volume's folder; the one above it is there already")
	action := flag.String("a", "", "create or delete")
	flag.String("s", "", "size in bytes: folders have no limit")
	flag.String("m", "", "Filesystem or Block")
	flag.Parse()
	if err := act(*action, filepath.Clean(*folder)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func act(action, folder string) error {
	if !filepath.IsAbs(folder) || filepath.Dir(folder) == "/" {
		return fmt.Errorf("%q is not a folder below the place for volumes", folder)
	}
	switch action {
	case "create":
		if err := os.Mkdir(folder, 0o777); err != nil && !os.IsExist(err) {
			return err
		}
		return os.Chmod(folder, 0o777) // whatever the umask; pods run as anybody
	case "delete":
		return os.RemoveAll(folder)
	}
	return fmt.Errorf("%q is neither create nor delete", action)
}

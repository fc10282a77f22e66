package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// standard is the name of standard input.
const standard = "-"

// extensions are those of the files that are read in directories.
var extensions = []string{".yaml", ".yml", ".json"}

// find is the files that names stand for, each once, in the order of the names.
func find(names []string) ([]string, error) {
	var files []string
	var errs []error
	for _, name := range names {
		found, err := expand(name)
		errs = append(errs, err)
		for _, file := range found {
			if !slices.Contains(files, file) {
				files = append(files, file)
			}
		}
	}
	return files, errors.Join(errs...)
}

// expand is the files that one name stands for. A file may be named like a glob.
func expand(name string) ([]string, error) {
	if name == standard {
		return []string{standard}, nil
	}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return below(name)
	case err == nil:
		return []string{name}, nil
	case !errors.Is(err, fs.ErrNotExist) || !strings.ContainsAny(name, "*?[{"):
		return nil, err
	}
	found, err := doublestar.FilepathGlob(name, doublestar.WithFilesOnly(), doublestar.WithNoHidden())
	if err == nil && len(found) == 0 {
		err = errors.New("no file has such a name")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	slices.Sort(found)
	return found, nil
}

// below is all manifests in a directory and in those below it, but for hidden ones.
func below(directory string) ([]string, error) {
	var files []string
	root := directory + string(filepath.Separator) // so that a link to a directory is followed
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		hidden := path != root && strings.HasPrefix(entry.Name(), ".")
		switch {
		case err != nil:
			return err
		case hidden && entry.IsDir():
			return fs.SkipDir
		case !hidden && !entry.IsDir() && slices.Contains(extensions, filepath.Ext(path)):
			files = append(files, filepath.Clean(path))
		}
		return nil
	})
	return files, err
}

package manifest

import (
	"errors"
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
	there := map[string]bool{}
	for _, name := range names {
		found, err := expand(name)
		errs = append(errs, err)
		for _, file := range found {
			if !there[file] {
				files, there[file] = append(files, file), true
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
	case name == "":
		return nil, Unread{Place{File: `""`}, "a name is empty"}
	case err == nil && info.IsDir():
		return below(name)
	case err == nil:
		return []string{name}, nil
	case !errors.Is(err, fs.ErrNotExist) || !strings.ContainsAny(name, "*?[{"):
		return nil, unopened(name, err)
	}
	found, err := doublestar.FilepathGlob(name, doublestar.WithFilesOnly(), doublestar.WithNoHidden(), doublestar.WithNoFollow())
	found = slices.DeleteFunc(found, isDirectory) // links to directories are not followed
	if err == nil && len(found) == 0 {
		err = errors.New("no file has such a name")
	}
	if err != nil {
		return nil, unopened(name, err)
	}
	slices.Sort(found)
	return found, nil
}

func isDirectory(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.IsDir()
}

// below is all manifests in a directory.
func below(directory string) ([]string, error) {
	found, err := walk(os.DirFS(directory), directory)
	for i, file := range found {
		found[i] = filepath.Join(directory, filepath.FromSlash(file))
	}
	return found, err
}

// walk is all manifests in a directory and in those below it, but for hidden ones. As with
// kubectl, links to files are followed, and links to directories are not. What cannot be
// read is told, and the rest is found nevertheless.
func walk(in fs.FS, directory string) ([]string, error) {
	var files []string
	var errs []error
	_ = fs.WalkDir(in, ".", func(path string, entry fs.DirEntry, err error) error {
		hidden := path != "." && strings.HasPrefix(entry.Name(), ".")
		switch {
		case hidden && entry.IsDir():
			return fs.SkipDir
		case err != nil:
			errs = append(errs, unopened(filepath.Join(directory, path), err))
		case !hidden && slices.Contains(extensions, filepath.Ext(path)) && !leadsToDirectory(in, path, entry):
			files = append(files, path)
		}
		return nil // so that the walk goes on
	})
	return files, errors.Join(errs...)
}

// leadsToDirectory reports whether an entry is a directory or a link to one, whatever its name.
func leadsToDirectory(in fs.FS, path string, entry fs.DirEntry) bool {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.IsDir()
	}
	info, err := fs.Stat(in, path)
	return err == nil && info.IsDir()
}

// Verifies a log with the code of Go's checksum database: go run verify.go FOLDER KEY OLDSIZE OLDROOT
// FOLDER holds a log as tlog-tiles lays it out; OLDSIZE and OLDROOT are of an earlier checkpoint. Every bundle's entries
// are hashed, proved by the tiles against the signed checkpoint, and the proofs are printed for comparison.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type folder string

func (f folder) Height() int { return 8 }

// The paths of the checksum database name the height of tiles; those of tlog-tiles do not, as it is always 8.
func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A checkpoint, signed by the key.
func open(f folder, key string) (size int64, root tlog.Hash) {
	text, err := os.ReadFile(filepath.Join(string(f), "checkpoint"))
	check(err)
	verifier, err := note.NewVerifier(key)
	check(err)
	opened, err := note.Open(text, note.VerifierList(verifier))
	check(err)
	lines := strings.Split(opened.Text, "\n")
	size, err = strconv.ParseInt(lines[1], 10, 64)
	check(err)
	root, err = tlog.ParseHash(lines[2])
	check(err)
	return size, root
}

func entries(f folder, bundle, size int64) (all [][]byte) {
	tile := tlog.Tile{H: 8, L: 0, N: bundle, W: 256}
	if size < (bundle+1)*256 {
		tile.W = int(size - bundle*256)
	}
	path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(string(f), path))
	check(err)
	for len(data) > 0 {
		end := 2 + int(binary.BigEndian.Uint16(data))
		all = append(all, data[2:end])
		data = data[end:]
	}
	return all
}

func main() {
	f := folder(os.Args[1])
	size, root := open(f, os.Args[2])
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, f)
	for bundle := int64(0); bundle*256 < size; bundle++ {
		for at, entry := range entries(f, bundle, size) {
			index := bundle*256 + int64(at)
			if index%97 != 0 && index+1 != size {
				continue
			}
			proof, err := tlog.ProveRecord(size, index, reader)
			check(err)
			check(tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(entry)))
			fmt.Println("inclusion", index, proof)
		}
	}
	old, err := strconv.ParseInt(os.Args[3], 10, 64)
	check(err)
	oldRoot, err := tlog.ParseHash(os.Args[4])
	check(err)
	proof, err := tlog.ProveTree(size, old, reader)
	check(err)
	check(tlog.CheckTree(proof, size, root, old, oldRoot))
	fmt.Println("consistency", old, proof)
}

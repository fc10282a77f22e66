package emulator

import (
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"github.com/google/uuid"
)

// identifiers makes up what a cloud makes up: ids, MAC addresses and secrets.
type identifiers struct{ random io.Reader }

// newIdentifiers are the same for every cloud with the same seed; zero is no seed.
func newIdentifiers(seed uint64) identifiers {
	if seed == 0 {
		return identifiers{crand.Reader}
	}
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], seed)
	return identifiers{rand.NewChaCha8(key)}
}

func (i identifiers) uuid() string {
	id, err := uuid.NewRandomFromReader(i.random)
	must(err)
	return id.String()
}

// hex is an id as Keystone makes them.
func (i identifiers) hex() string { return strings.ReplaceAll(i.uuid(), "-", "") }

func (i identifiers) mac() string {
	var b [3]byte
	_, err := io.ReadFull(i.random, b[:])
	must(err)
	return fmt.Sprintf("fa:16:3e:%02x:%02x:%02x", b[0], b[1], b[2])
}

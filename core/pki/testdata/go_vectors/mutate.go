package main

import (
	"encoding/pem"
	mathrand "math/rand"
	"strings"
	"time"
)

// node is one element of a DER tree. Strings that hold DER are entered too.
type node struct {
	tag      byte
	children []*node // If not nil, these are the contents,
	prefix   []byte  // after this (a BIT STRING's count of unused bits);
	data     []byte  // else these are.
	long     bool    // Encode the length in more octets than needed.
}

func parse(der []byte) ([]*node, bool) {
	nodes := []*node{}
	for len(der) > 0 {
		if len(der) < 2 || der[0]&0x1f == 0x1f {
			return nil, false
		}
		length, header := int(der[1]), 2
		if length >= 0x80 {
			octets := length & 0x7f
			if octets == 0 || octets > 3 || len(der) < 2+octets {
				return nil, false
			}
			length, header = 0, 2+octets
			for _, octet := range der[2:header] {
				length = length<<8 | int(octet)
			}
		}
		if len(der) < header+length {
			return nil, false
		}
		n := &node{tag: der[0], data: der[header : header+length]}
		switch {
		case n.tag&0x20 != 0, n.tag == 0x04 && length > 1:
			n.children, _ = parse(n.data)
		case n.tag == 0x03 && length > 2 && n.data[0] == 0 && n.data[1] == 0x30:
			n.prefix = []byte{0}
			n.children, _ = parse(n.data[1:])
		}
		nodes = append(nodes, n)
		der = der[header+length:]
	}
	return nodes, true
}

func encode(nodes []*node) []byte {
	var out []byte
	for _, n := range nodes {
		contents := n.data
		if n.children != nil {
			contents = append(append([]byte{}, n.prefix...), encode(n.children)...)
		}
		length := len(contents)
		out = append(out, n.tag)
		switch {
		case length >= 0x10000 || n.long && length >= 0x80:
			out = append(out, 0x83, byte(length>>16), byte(length>>8), byte(length))
		case length >= 0x100:
			out = append(out, 0x82, byte(length>>8), byte(length))
		case length >= 0x80 || n.long:
			out = append(out, 0x81, byte(length))
		default:
			out = append(out, byte(length))
		}
		out = append(out, contents...)
	}
	return out
}

// place is where a node hangs.
type place struct {
	siblings *[]*node
	index    int
}

func places(siblings *[]*node, out *[]place) {
	for i, n := range *siblings {
		*out = append(*out, place{siblings, i})
		if n.children != nil {
			places(&n.children, out)
		}
	}
}

func insert(siblings *[]*node, i int, n *node) {
	*siblings = append((*siblings)[:i:i], append([]*node{n}, (*siblings)[i:]...)...)
}

// No tag of number 0 in the universal class: Go takes it, BoringSSL never does.
var oddTags = []byte{
	0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c, 0x1e,
	0x30, 0x31, 0x41, 0x80, 0x81, 0x82, 0x86, 0x87, 0x88, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xc1,
}

var oddValues = []string{
	"", "\x00", "\x01", "\x80", "\xff", "\x00\x01", "\x00\x80", "\x00\xff", "\xff\xff", "\x05\xa0", "\x07\x80", "\x07\x81",
	"a\x00b", "node\x1b[2K", "système", "\xc3", "\xed\xa0\x80", "*.x", "a&b", "a@b", " x ", "#x", "a,b+c", "0123",
	"\x00a\x00b", "\x00a\x00\x00", "\xd8\x00\xdc\x00", "\xfd\xd0", "http://a.b/c", "HTTP://A%2fb/ x", "http://[::1]:80/%2f",
	"\x7f\x00\x00\x01", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x01\x02\x03\x04",
	"260101000000Z", "2601010000Z", "20600101000000Z", "260101000000+0100",
}

func mutateBytes(random *mathrand.Rand, data []byte) []byte {
	data = append([]byte{}, data...)
	if len(data) == 0 {
		return []byte{byte(random.Intn(256))}
	}
	i := random.Intn(len(data))
	switch random.Intn(3) {
	case 0:
		data[i] ^= 1 << random.Intn(8)
	case 1:
		data = append(data[:i], data[i+1:]...)
	case 2:
		data = append(data[:i:i], append([]byte{byte(random.Intn(256))}, data[i:]...)...)
	}
	return data
}

// mutate returns `der` with one to three elements changed.
func mutate(random *mathrand.Rand, der []byte) []byte {
	tree, ok := parse(der)
	if !ok {
		panic("not DER")
	}
	for range 1 + random.Intn(3) {
		var all []place
		places(&tree, &all)
		if len(all) == 0 {
			break
		}
		at := all[random.Intn(len(all))]
		n := (*at.siblings)[at.index]
		odd := &node{tag: oddTags[random.Intn(len(oddTags))], data: []byte(oddValues[random.Intn(len(oddValues))])}
		switch random.Intn(10) {
		case 0:
			n.tag = oddTags[random.Intn(len(oddTags))]
		case 1:
			*at.siblings = append((*at.siblings)[:at.index:at.index], (*at.siblings)[at.index+1:]...)
		case 2: // Twice the same: parse gives a copy.
			twin, _ := parse(encode([]*node{n}))
			insert(at.siblings, at.index, twin[0])
		case 3:
			other := random.Intn(len(*at.siblings))
			(*at.siblings)[at.index], (*at.siblings)[other] = (*at.siblings)[other], n
		case 4:
			insert(at.siblings, at.index, odd)
		case 5:
			if n.children != nil {
				n.children = append(n.children, odd)
			}
		case 6:
			n.long = random.Intn(5) == 0
		case 7, 8:
			if n.children == nil {
				n.data = mutateBytes(random, n.data)
			}
		case 9:
			if n.children == nil {
				n.data = odd.data
			}
		}
	}
	out := encode(tree)
	switch random.Intn(40) {
	case 0:
		out = append(out, byte(random.Intn(256)))
	case 1:
		out = mutateBytes(random, out)
	}
	return out
}

func mutatePEM(random *mathrand.Rand) []byte {
	types := []string{"CERTIFICATE", "X", "", "A:B", "A-----", " "}
	between := []string{"", "", "text\n", "\n", " ", "-----BEGIN X-----\n", "\n-----END X-----\n", "k: v\n", "\r\n"}
	within := []string{
		"\n", "\r", " ", "\t", "-", "=", ":", "\n-----END X-----", "\n-----BEGIN X-----\n", "A: b\n", "==\n", "\r\n",
		"-----END ", "\x00", "\n-----END ",
	}
	var text []byte
	for range 1 + random.Intn(3) {
		data := make([]byte, random.Intn(80))
		random.Read(data)
		block := &pem.Block{Type: types[random.Intn(len(types))], Bytes: data}
		if random.Intn(4) == 0 {
			block.Headers = map[string]string{"Proc-Type": "4,X", "K": " v "}
		}
		text = append(text, pem.EncodeToMemory(block)...)
		text = append(text, between[random.Intn(len(between))]...)
	}
	for range random.Intn(4) {
		if len(text) == 0 {
			break
		}
		i := random.Intn(len(text))
		switch random.Intn(5) {
		case 0:
			text = append(text[:i:i], text[i+1:]...)
		case 1:
			text = append(text[:i:i], append([]byte(within[random.Intn(len(within))]), text[i:]...)...)
		case 2:
			text[i] = byte(random.Intn(256))
		case 3:
			text = []byte(strings.ReplaceAll(string(text), "\n", "\r\n"))
		case 4:
			text = append(text[:i:i], text[min(len(text), i+random.Intn(70)):]...)
		}
	}
	return text
}

func randomURI(random *mathrand.Rand) []byte {
	pieces := []string{
		"http", "HTTPS", "spiffe", "mailto", ":", ":", "//", "//", "/", "/", "?", "#", "@", "%", "%2f", "%2A", "%2F", "%25",
		"%zz", "%41", "[", "]", "[::1]", "[fe80::1%25en0]", "[1.2.3.4]", "[::ffff:1.2.3.4]", ":80", ":8a", "a", "b.c", ".",
		"-", "_", "~", "!", "$", "&", "'", "(", ")", "*", "+", ",", ";", "=", " ", "\x01", "\x7f", "\"", "<", ">", "\\", "^",
		"`", "{", "|", "}", "user", "user:pw",
	}
	text := ""
	for range 1 + random.Intn(8) {
		text += pieces[random.Intn(len(pieces))]
	}
	return []byte(text)
}

func randomTime(random *mathrand.Rand) []byte {
	t := time.Unix(random.Int63n(4e9)-1e9, 0).UTC()
	tag := byte(0x17)
	layouts := []string{"060102150405Z", "0601021504Z", "060102150405Z0700", "0601021504Z0700"}
	if random.Intn(2) == 0 {
		tag = 0x18
		layouts = []string{"20060102150405Z", "200601021504Z", "20060102150405Z0700", "20060102150405Z0700"}
	}
	if random.Intn(3) == 0 {
		t = t.In(time.FixedZone("", (random.Intn(60)-30)*1800))
	}
	text := []byte(t.Format(layouts[random.Intn(len(layouts))]))
	for range random.Intn(3) {
		text[random.Intn(len(text))] = "0123456789Z+-. "[random.Intn(15)]
	}
	return append([]byte{tag, byte(len(text))}, text...)
}

package pgwire

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
)

const (
	scramName   = "SCRAM-SHA-256"
	scramRounds = 4096
)

var errScram = errors.New("the client's SCRAM message is not one")

// scram is the server's side of one SCRAM-SHA-256 exchange (RFC 5802, RFC 7677), without channel binding. Passwords are
// taken as they are: SASLprep changes none that is ASCII.
type scram struct {
	verifier
	header, nonce     string
	firstBare, server string
}

// verifier is what a server keeps of a password: it is made once, with a salt of its own.
type verifier struct {
	salt, salted []byte
	rounds       int
}

func newVerifier(password string, rounds int) (verifier, error) {
	if rounds == 0 {
		rounds = scramRounds
	}
	v := verifier{salt: make([]byte, 16), rounds: rounds}
	_, _ = rand.Read(v.salt) // never fails
	var err error
	v.salted, err = pbkdf2.Key(sha256.New, password, v.salt, rounds, sha256.Size)
	return v, err
}

// verifierOf is the server's verifier of a password.
func (s *Server) verifierOf(password string) (verifier, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.verifiers[password]; ok {
		return v, nil
	}
	v, err := newVerifier(password, s.Rounds)
	if err == nil {
		if s.verifiers == nil {
			s.verifiers = map[string]verifier{}
		}
		s.verifiers[password] = v
	}
	return v, err
}

// first answers the client's first message.
func (s *scram) first(message []byte) ([]byte, error) {
	// gs2-cbind-flag "," [authzid] "," client-first-message-bare
	parts := strings.SplitN(string(message), ",", 3)
	if len(parts) != 3 || parts[0] != "n" && parts[0] != "y" {
		return nil, errScram
	}
	s.header, s.firstBare = parts[0]+","+parts[1]+",", parts[2]
	client, ok := attribute(s.firstBare, "r")
	if !ok || client == "" {
		return nil, errScram
	}
	own := make([]byte, 18)
	_, _ = rand.Read(own)
	s.nonce = client + base64.StdEncoding.EncodeToString(own)
	s.server = "r=" + s.nonce + ",s=" + base64.StdEncoding.EncodeToString(s.salt) + ",i=" + strconv.Itoa(s.rounds)
	return []byte(s.server), nil
}

// final checks the client's proof and answers with the server's. ok is false when the password was another one.
func (s *scram) final(message []byte) (answer []byte, ok bool, err error) {
	text := string(message)
	cut := strings.LastIndex(text, ",p=")
	if cut < 0 {
		return nil, false, errScram
	}
	withoutProof := text[:cut]
	proof, err := base64.StdEncoding.DecodeString(text[cut+len(",p="):])
	if err != nil || len(proof) != sha256.Size {
		return nil, false, errScram
	}
	binding, _ := attribute(withoutProof, "c")
	nonce, _ := attribute(withoutProof, "r")
	if binding != base64.StdEncoding.EncodeToString([]byte(s.header)) || nonce != s.nonce {
		return nil, false, errScram
	}
	exchange := s.firstBare + "," + s.server + "," + withoutProof
	key := sum(s.salted, "Client Key")
	stored := sha256.Sum256(key)
	signature := sum(stored[:], exchange)
	for i := range proof {
		proof[i] ^= signature[i]
	}
	if subtle.ConstantTimeCompare(proof, key) != 1 {
		return nil, false, nil
	}
	return []byte("v=" + base64.StdEncoding.EncodeToString(sum(sum(s.salted, "Server Key"), exchange))), true, nil
}

func sum(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func attribute(message, name string) (string, bool) {
	for _, part := range strings.Split(message, ",") {
		if value, ok := strings.CutPrefix(part, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

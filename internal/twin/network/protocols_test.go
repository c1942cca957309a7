package network

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "b"}, IPAddresses: []net.IP{net.ParseIP("10.0.0.2")},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// TestHTTP speaks HTTP/1.1 and HTTP/2, plain and with TLS, through a cut.
func TestHTTP(t *testing.T) {
	cert, roots := certificate(t)
	for _, secure := range []bool{false, true} {
		for _, two := range []bool{false, true} {
			t.Run(map[bool]string{false: "http", true: "https"}[secure]+map[bool]string{false: "1", true: "2"}[two], func(t *testing.T) {
				world, n := made(t)
				l := listen(t, n, "b", 80, "*")
				var protocols http.Protocols
				protocols.SetHTTP1(!two)
				protocols.SetHTTP2(two && secure)
				protocols.SetUnencryptedHTTP2(two && !secure)
				server := &http.Server{Protocols: &protocols, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					_, _ = io.WriteString(w, r.Proto+" "+r.RemoteAddr+" "+string(body))
				})}
				scheme := "http"
				if secure {
					scheme = "https"
					server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
				}
				var serving sync.WaitGroup
				serving.Go(func() {
					if secure {
						_ = server.ServeTLS(l, "", "")
					} else {
						_ = server.Serve(l)
					}
				})
				transport := &http.Transport{DialContext: n.Dialer("a"), TLSClientConfig: &tls.Config{RootCAs: roots}, Protocols: &protocols}
				client := &http.Client{Transport: transport}
				ask := func(ctx context.Context, body string) (string, error) {
					r, err := http.NewRequestWithContext(ctx, http.MethodPost, scheme+"://10.0.0.2:80/", strings.NewReader(body))
					if err != nil {
						return "", err
					}
					answer, err := client.Do(r)
					if err != nil {
						return "", err
					}
					defer answer.Body.Close()
					text, err := io.ReadAll(answer.Body)
					return string(text), err
				}
				big := strings.Repeat("x", 300<<10)
				got, err := ask(within(t), big)
				if err != nil || !strings.Contains(got, " 10.0.0.1:") || !strings.HasSuffix(got, " "+big) || strings.HasPrefix(got, "HTTP/2") != two {
					t.Fatalf("%.40q %v", got, err)
				}
				world.change(n, func() { world.cut["ab"] = true })
				short, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
				defer cancel()
				if _, err := ask(short, "x"); !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				world.change(n, func() { clear(world.cut) })
				if _, err := ask(within(t), "x"); err != nil {
					t.Fatal(err)
				}
				transport.CloseIdleConnections()
				if err := server.Close(); err != nil {
					t.Fatal(err)
				}
				serving.Wait()
			})
		}
	}
}

func TestGRPC(t *testing.T) {
	_, n := made(t)
	l := listen(t, n, "b", 22379, "*")
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) })
	client, err := grpc.NewClient("passthrough:///10.0.0.2:22379", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) { return n.Dial(ctx, "a", address) }))
	if err != nil {
		t.Fatal(err)
	}
	ask := func() error {
		_, err := grpc_health_v1.NewHealthClient(client).Check(within(t), &grpc_health_v1.HealthCheckRequest{}, grpc.WaitForReady(true))
		return err
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	n.CloseConns("b", 22379, true)
	// The first one may still go to the connection that was reset.
	for err = ask(); err != nil; err = ask() {
		if status.Code(err) != codes.Unavailable {
			t.Fatal(err)
		}
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	serving.Wait()
}

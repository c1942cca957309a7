package tools

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"recon/internal/twin/shell"
)

func (k *kit) web() map[string]shell.Command {
	return map[string]shell.Command{"curl": k.curl, "openssl": k.openssl, "socat": k.socat}
}

var curlOptions = grammar{
	short: "skm:o:w:X:d:H:u:iIK:LfSvA:x:gOV4",
	long: []string{
		"silent=s", "insecure=k", "max-time=m:", "connect-timeout:", "output=o:", "write-out=w:", "request=X:", "data=d:", "data-raw=d:", "data-binary=d:", "json:", "header=H:", "user=u:",
		"include=i", "show-headers=i", "head=I", "config=K:", "location=L", "fail=f", "show-error=S", "unix-socket:", "user-agent=A:", "verbose=v", "version=V", "cacert:", "noproxy:",
		"resolve:", "url:", "max-redirs:", "compressed", "no-progress-meter", "http1.1", "ipv4=4", "retry:",
	},
}

// curlCall is one transfer.
type curlCall struct {
	kit   *kit
	call  *shell.Call
	given options
	url   string

	began                     time.Time
	connected, secured, first time.Duration
	remote, local             net.Addr
	redirects                 int
	size                      int64
	response                  *http.Response
	method                    string
	failure                   string
}

// The exit statuses of curl(1).
const (
	curlUsage, curlProtocol, curlMalformed, curlResolve, curlConnect = 2, 1, 3, 6, 7
	curlHTTP, curlWrite, curlTimeout, curlTLS                        = 22, 23, 28, 35
	curlRedirects, curlEmpty, curlReceive, curlCertificate           = 47, 52, 56, 60
)

const curlHint = "curl: try 'curl --help' or 'curl --manual' for more information"

func (k *kit) curl(ctx context.Context, c *shell.Call) int {
	args := c.Args[1:]
	given, urls, err := curlOptions.parse(args)
	if err == nil {
		given, urls, err = withConfig(c, given, urls)
	}
	if err != nil {
		fmt.Fprintf(c.Stderr, "curl: %s\n%s\n", curlWords(err), curlHint)
		return curlUsage
	}
	if given.has("V") {
		fmt.Fprint(c.Stdout, "curl 8.14.1 (x86_64-pc-linux-gnu) libcurl/8.14.1 OpenSSL/3.5.9 zlib/1.3.1\nRelease-Date: 2025-06-04, security patched: 8.14.1-2+deb13u7\nProtocols: http https\nFeatures: IPv6 Largefile SSL UnixSockets\n")
		return 0
	}
	for _, o := range given {
		if strings.Contains(" x O resolve retry ", " "+o.name+" ") {
			fmt.Fprintf(c.Stderr, "curl: the option %s is not simulated\n", o.name)
			return curlUsage
		}
	}
	urls = append(urls, given.values("url")...)
	if len(urls) == 0 {
		fmt.Fprintln(c.Stderr, curlHint)
		return curlUsage
	}
	status := 0
	for _, u := range urls {
		t := &curlCall{kit: k, call: c, given: given, url: u}
		status = t.transfer(ctx)
	}
	return status
}

// curlWords says a mistake in the options as curl does.
func curlWords(err error) string {
	text := err.Error()
	if _, name, ok := strings.Cut(text, "unrecognized option '"); ok {
		return "option " + strings.TrimSuffix(name, "'") + ": is unknown"
	}
	if _, name, ok := strings.Cut(text, "invalid option -- '"); ok {
		return "option -" + strings.TrimSuffix(name, "'") + ": is unknown"
	}
	if _, name, ok := strings.Cut(text, "requires an argument"); ok || name != "" {
		return strings.ReplaceAll(text, "'", "")
	}
	return text
}

// withConfig reads the files of -K: an option a line, with = or a blank before its value.
func withConfig(c *shell.Call, given options, urls []string) (options, []string, error) {
	for _, file := range given.values("K") {
		var b []byte
		var err error
		if file == "-" {
			b, err = io.ReadAll(c.Stdin)
		} else {
			b, err = c.ReadFile(file)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("cannot read config from '%s'", file)
		}
		var args []string
		for line := range strings.Lines(string(b)) {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			name, value := line, ""
			if at := strings.IndexAny(line, " \t=:"); at >= 0 && (line[at] != ':' || line[0] != '-') {
				name, value = line[:at], strings.TrimLeft(line[at:], " \t=:")
			}
			if strings.HasPrefix(value, `"`) {
				if v, err := strconv.Unquote(value); err == nil {
					value = v
				}
			}
			if !strings.HasPrefix(name, "-") {
				name = "--" + name
			}
			args = append(args, name)
			if value != "" {
				args = append(args, value)
			}
		}
		more, rest, err := curlOptions.parse(args)
		if err != nil {
			return nil, nil, err
		}
		given, urls = append(given, more...), append(urls, rest...)
	}
	return given, urls, nil
}

// seconds reads -m and --connect-timeout.
func curlSeconds(s string) time.Duration {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 {
		return 0
	}
	return time.Duration(f * float64(time.Second))
}

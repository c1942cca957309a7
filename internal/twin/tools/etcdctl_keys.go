package tools

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// get prints keys and values.
func (e *etcdctlCall) get(ctx context.Context, args []string) int {
	switch {
	case len(args) == 0 || len(args) > 2:
		return e.wrongArguments("get command needs one argument as key and an optional argument as range_end")
	case e.on("count-only") && e.format != "fields":
		return e.wrongArguments("--count-only is only for `--write-out=fields`")
	case e.on("print-value-only") && e.format != "simple":
		return e.wrongArguments("print-value-only is only for `--write-out=simple`")
	case e.on("prefix") && e.on("from-key"):
		return e.wrongArguments("`--prefix` and `--from-key` cannot be set at the same time, choose one")
	case len(args) == 2 && (e.on("prefix") || e.on("from-key")):
		return e.wrongArguments("too many arguments, only accept one argument when `--prefix` or `--from-key` is set")
	}
	for _, flag := range []string{"order", "sort-by"} {
		if e.given.has(flag) {
			return e.wrongArguments("--" + flag + " is not simulated")
		}
	}
	var ops []clientv3.OpOption
	if text := e.given.value("rev"); text != "" {
		rev, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return e.wrongArguments(fmt.Sprintf("invalid argument %q for \"--rev\" flag: strconv.ParseInt: parsing %q: invalid syntax", text, text))
		}
		ops = append(ops, clientv3.WithRev(rev))
	}
	switch e.given.value("consistency") {
	case "s":
		ops = append(ops, clientv3.WithSerializable())
	case "l", "":
	default:
		return e.wrongArguments("unknown consistency flag \"" + e.given.value("consistency") + "\"")
	}
	key := args[0]
	switch {
	case len(args) == 2:
		ops = append(ops, clientv3.WithRange(args[1]))
	case e.on("prefix") && key == "":
		key = "\x00"
		ops = append(ops, clientv3.WithFromKey())
	case e.on("prefix"):
		ops = append(ops, clientv3.WithPrefix())
	case e.on("from-key"):
		if key == "" {
			key = "\x00"
		}
		ops = append(ops, clientv3.WithFromKey())
	}
	if e.given.has("limit") {
		n, err := strconv.ParseInt(e.given.value("limit"), 10, 64)
		if err != nil {
			return e.wrongArguments(fmt.Sprintf("invalid argument %q for \"--limit\" flag", e.given.value("limit")))
		}
		ops = append(ops, clientv3.WithLimit(n))
	}
	if e.on("keys-only") {
		ops = append(ops, clientv3.WithKeysOnly())
	}
	if e.on("count-only") {
		ops = append(ops, clientv3.WithCountOnly())
	}
	return e.ask(ctx, func(ctx context.Context, s *storeClient) error {
		resp, err := s.Get(ctx, key, ops...)
		if err == nil {
			e.printKeys(resp)
		}
		return err
	})
}

func (e *etcdctlCall) printKeys(resp *clientv3.GetResponse) {
	out := e.call.Stdout
	switch e.format {
	case "json":
		type pair struct {
			Key     []byte `json:"key"`
			Create  int64  `json:"create_revision,omitempty"`
			Mod     int64  `json:"mod_revision,omitempty"`
			Version int64  `json:"version,omitempty"`
			Value   []byte `json:"value,omitempty"`
			Lease   int64  `json:"lease,omitempty"`
		}
		doc := struct {
			Header header `json:"header"`
			Kvs    []pair `json:"kvs,omitempty"`
			More   bool   `json:"more,omitempty"`
			Count  int64  `json:"count,omitempty"`
		}{Header: headerOf(resp.Header), More: resp.More, Count: resp.Count}
		for _, kv := range resp.Kvs {
			doc.Kvs = append(doc.Kvs, pair{kv.Key, kv.CreateRevision, kv.ModRevision, kv.Version, kv.Value, kv.Lease})
		}
		e.document(doc)
	case "fields":
		e.fields(headerOf(resp.Header))
		for _, kv := range resp.Kvs {
			fmt.Fprintf(out, "\"Key\" : %q\n\"CreateRevision\" : %d\n\"ModRevision\" : %d\n\"Version\" : %d\n\"Value\" : %q\n\"Lease\" : %d\n", kv.Key, kv.CreateRevision, kv.ModRevision, kv.Version, kv.Value, kv.Lease)
		}
		fmt.Fprintf(out, "\"More\" : %v\n\"Count\" : %d\n", resp.More, resp.Count)
	default:
		for _, kv := range resp.Kvs {
			if !e.on("print-value-only") {
				fmt.Fprintln(out, string(kv.Key))
			}
			fmt.Fprintln(out, string(kv.Value))
		}
	}
}

func (e *etcdctlCall) fields(h header) {
	fmt.Fprintf(e.call.Stdout, "\"ClusterID\" : %d\n\"MemberID\" : %d\n\"Revision\" : %d\n\"RaftTerm\" : %d\n", h.Cluster, h.Member, h.Revision, h.Term)
}

// put writes a key; without a value it reads it.
func (e *etcdctlCall) put(ctx context.Context, args []string) int {
	if len(args) == 0 || len(args) > 2 {
		return e.wrongArguments("put command needs 1 argument and input from stdin or 2 arguments")
	}
	if e.given.has("lease") {
		return e.wrongArguments("--lease is not simulated")
	}
	value := ""
	if len(args) == 2 {
		value = args[1]
	} else {
		b, err := io.ReadAll(e.call.Stdin)
		if err != nil {
			return etcdError
		}
		value = string(b)
	}
	return e.ask(ctx, func(ctx context.Context, s *storeClient) error {
		resp, err := s.Put(ctx, args[0], value)
		switch {
		case err != nil:
			return err
		case e.format == "json":
			e.document(map[string]any{"header": headerOf(resp.Header)})
		default:
			fmt.Fprintln(e.call.Stdout, "OK")
		}
		return nil
	})
}

// del deletes keys and says how many.
func (e *etcdctlCall) del(ctx context.Context, args []string) int {
	if len(args) == 0 || len(args) > 2 {
		return e.wrongArguments("del command needs one argument as key and an optional argument as range_end")
	}
	var ops []clientv3.OpOption
	key := args[0]
	switch {
	case len(args) == 2:
		ops = append(ops, clientv3.WithRange(args[1]))
	case e.on("prefix") && key == "":
		key = "\x00"
		ops = append(ops, clientv3.WithFromKey())
	case e.on("prefix"):
		ops = append(ops, clientv3.WithPrefix())
	case e.on("from-key"):
		ops = append(ops, clientv3.WithFromKey())
	}
	return e.ask(ctx, func(ctx context.Context, s *storeClient) error {
		resp, err := s.Delete(ctx, key, ops...)
		switch {
		case err != nil:
			return err
		case e.format == "json":
			e.document(map[string]any{"header": headerOf(resp.Header), "deleted": resp.Deleted})
		default:
			fmt.Fprintln(e.call.Stdout, resp.Deleted)
		}
		return nil
	})
}

// compact forgets the revisions before one.
func (e *etcdctlCall) compact(ctx context.Context, args []string) int {
	if len(args) != 1 {
		return e.wrongArguments("compaction command needs 1 argument")
	}
	rev, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return e.wrongArguments(err.Error())
	}
	var ops []clientv3.CompactOption
	if e.on("physical") {
		ops = append(ops, clientv3.WithCompactPhysical())
	}
	return e.ask(ctx, func(ctx context.Context, s *storeClient) error {
		if _, err := s.Compact(ctx, rev, ops...); err != nil {
			return err
		}
		fmt.Fprintf(e.call.Stdout, "compacted revision %d\n", rev)
		return nil
	})
}

// snapshot saves the backend of the one endpoint.
func (e *etcdctlCall) snapshot(ctx context.Context, args []string) int {
	switch {
	case len(args) != 1:
		return e.wrongArguments("snapshot save expects one argument")
	case len(e.endpoints) > 1:
		return e.wrongArguments("snapshot must be requested to one selected node, not multiple [" + strings.Join(e.endpoints, " ") + "]")
	}
	return e.ask(ctx, func(ctx context.Context, s *storeClient) error {
		r, err := s.Snapshot(ctx)
		if err != nil {
			return err
		}
		defer r.Close()
		b, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := e.call.WriteFile(args[0], b, 0o600); err != nil {
			return err
		}
		fmt.Fprintf(e.call.Stdout, "Snapshot saved at %s\n", args[0])
		return nil
	})
}

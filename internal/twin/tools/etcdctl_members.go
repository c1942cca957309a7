package tools

import (
	"context"
	"fmt"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// members is member list, which needs the majority.
func (e *etcdctlCall) members(ctx context.Context, _ []string) int {
	return e.ask(ctx, func(ctx context.Context, s *storeClient) error {
		resp, err := s.MemberList(ctx)
		if err != nil {
			return err
		}
		if e.format == "json" {
			type member struct {
				ID      uint64   `json:"ID,omitempty"`
				Name    string   `json:"name,omitempty"`
				Peers   []string `json:"peerURLs,omitempty"`
				Clients []string `json:"clientURLs,omitempty"`
				Learner bool     `json:"isLearner,omitempty"`
			}
			doc := struct {
				Header  header   `json:"header"`
				Members []member `json:"members"`
			}{Header: headerOf(resp.Header)}
			for _, m := range resp.Members {
				doc.Members = append(doc.Members, member{m.ID, m.Name, m.PeerURLs, m.ClientURLs, m.IsLearner})
			}
			e.document(doc)
			return nil
		}
		var rows [][]string
		for _, m := range resp.Members {
			state := "started"
			if m.Name == "" {
				state = "unstarted"
			}
			rows = append(rows, []string{fmt.Sprintf("%x", m.ID), state, m.Name, strings.Join(m.PeerURLs, ","), strings.Join(m.ClientURLs, ","), fmt.Sprint(m.IsLearner)})
		}
		e.rows([]string{"ID", "STATUS", "NAME", "PEER ADDRS", "CLIENT ADDRS", "IS LEARNER"}, rows)
		return nil
	})
}

// addMember asks the cluster to take a member.
func (e *etcdctlCall) addMember(ctx context.Context, args []string) int {
	if len(args) != 1 {
		return e.wrongArguments("member name not provided.")
	}
	if !e.given.has("peer-urls") {
		return e.wrongArguments("member peer urls not provided.")
	}
	return e.ask(ctx, func(ctx context.Context, s *storeClient) error {
		urls := strings.Split(e.given.value("peer-urls"), ",")
		resp, err := s.MemberAdd(ctx, urls)
		if err != nil {
			return err
		}
		var cluster []string
		for _, m := range resp.Members {
			name := m.Name
			if m.ID == resp.Member.ID {
				name = args[0]
			}
			for _, u := range m.PeerURLs {
				cluster = append(cluster, name+"="+u)
			}
		}
		fmt.Fprintf(e.call.Stdout, "Member %16x added to cluster %16x\n\nETCD_NAME=%q\nETCD_INITIAL_CLUSTER=%q\nETCD_INITIAL_ADVERTISE_PEER_URLS=%q\nETCD_INITIAL_CLUSTER_STATE=\"existing\"\n",
			resp.Member.ID, resp.Header.ClusterId, args[0], strings.Join(cluster, ","), strings.Join(urls, ","))
		return nil
	})
}

// removeMember asks the cluster to let a member go.
func (e *etcdctlCall) removeMember(ctx context.Context, args []string) int {
	if len(args) != 1 {
		return e.wrongArguments("member ID is not provided")
	}
	id, err := memberNumber(args[0])
	if err != nil {
		return e.wrongArguments(fmt.Sprintf("bad member ID arg (%v), expecting ID in Hex", err))
	}
	return e.ask(ctx, func(ctx context.Context, s *storeClient) error {
		resp, err := s.MemberRemove(ctx, id)
		if err == nil {
			fmt.Fprintf(e.call.Stdout, "Member %16x removed from cluster %16x\n", id, resp.Header.ClusterId)
		}
		return err
	})
}

// alarms lists the alarms.
func (e *etcdctlCall) alarms(ctx context.Context, _ []string) int {
	return e.ask(ctx, func(ctx context.Context, s *storeClient) error {
		resp, err := s.AlarmList(ctx)
		if err == nil {
			e.printAlarms(headerOf(resp.Header), resp.Alarms)
		}
		return err
	})
}

func (e *etcdctlCall) printAlarms(h header, list []*pb.AlarmMember) {
	if e.format == "json" {
		type alarm struct {
			Member uint64 `json:"memberID,omitempty"`
			Alarm  int32  `json:"alarm,omitempty"`
		}
		doc := struct {
			Header header  `json:"header"`
			Alarms []alarm `json:"alarms,omitempty"`
		}{Header: h}
		for _, a := range list {
			doc.Alarms = append(doc.Alarms, alarm{a.MemberID, int32(a.Alarm)})
		}
		e.document(doc)
		return
	}
	for _, a := range list {
		fmt.Fprintf(e.call.Stdout, "memberID:%d alarm:%s \n", a.MemberID, a.Alarm)
	}
}

// disarm ends all alarms and prints those that it ended.
func (e *etcdctlCall) disarm(ctx context.Context, _ []string) int {
	return e.ask(ctx, func(ctx context.Context, s *storeClient) error {
		resp, err := s.AlarmDisarm(ctx, &clientv3.AlarmMember{})
		if err == nil {
			e.printAlarms(headerOf(resp.Header), resp.Alarms)
		}
		return err
	})
}

// defrag gives unused bytes back, endpoint by endpoint.
func (e *etcdctlCall) defrag(ctx context.Context, _ []string) int {
	list, code := e.all(ctx)
	if code != 0 {
		return code
	}
	for _, ep := range list {
		s, err := e.kit.storeAt(ctx, e.call, []string{ep})
		if err != nil {
			fmt.Fprintf(e.call.Stderr, "Error: %s\n", err)
			return etcdError
		}
		began := time.Now()
		limited, done := within(ctx, e.call, e.timeout)
		if _, err := s.Defragment(limited, ep); err != nil {
			e.gaveUp(limited, s, "etcd-client")
			fmt.Fprintf(e.call.Stderr, "Failed to defragment etcd member[%s]. took %s. (%s)\n", ep, time.Since(began), s.why(limited, err))
			code = etcdError
		} else {
			fmt.Fprintf(e.call.Stdout, "Finished defragmenting etcd member[%s]. took %s\n", ep, time.Since(began))
		}
		done()
		_ = s.Close()
	}
	return code
}

// moveLeader makes another member the leader; the endpoints have to name the present one.
func (e *etcdctlCall) moveLeader(ctx context.Context, args []string) int {
	if len(args) != 1 {
		return e.wrongArguments("move-leader command needs 1 argument")
	}
	target, err := memberNumber(args[0])
	if err != nil {
		return e.wrongArguments(err.Error())
	}
	for _, ep := range e.endpoints {
		s, err := e.kit.storeAt(ctx, e.call, []string{ep})
		if err != nil {
			return etcdError
		}
		limited, done := within(ctx, e.call, e.timeout)
		st, err := s.Status(limited, ep)
		if err == nil && st.Leader == st.Header.MemberId {
			_, err = s.MoveLeader(limited, target)
			why := ""
			if err != nil {
				why = s.why(limited, err)
			}
			done()
			_ = s.Close()
			if err != nil {
				fmt.Fprintf(e.call.Stderr, "Error: %s\n", why)
				return etcdError
			}
			fmt.Fprintf(e.call.Stdout, "Leadership transferred from %x to %x\n", st.Leader, target)
			return 0
		}
		done()
		_ = s.Close()
	}
	return e.wrongArguments(fmt.Sprintf("no leader endpoint given at [%s]", strings.Join(e.endpoints, " ")))
}

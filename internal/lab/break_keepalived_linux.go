package lab

import (
	"context"
	"fmt"
	"time"

	"recon/internal/fault"
)

func keepalivedRecipes() map[string]recipe {
	return map[string]recipe{
		fault.VRRPBlocked:   {blockVRRP, unblock("vrrp-blocked")},
		fault.VRRPWrongPass: {wrongVRRPPassword, rightVRRPPassword},
		fault.VIPNowhere:    {stopKeepalived, starts("keepalived")},
		fault.VIPStuck:      {stickVIP, releaseVIP},
	}
}

// awaitHolders waits until each VIP has that many holders.
func (l *Lab) awaitHolders(ctx context.Context, wanted int) error {
	return l.await(ctx, 30*time.Second, fmt.Sprintf("%d holders of each VIP", wanted), func(ctx context.Context) error {
		for _, vip := range []string{dbVIP, webVIP} {
			found, err := l.holders(ctx, vip)
			if err == nil && len(found) != wanted {
				err = fmt.Errorf("%s is held by %v", vip, found)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func blockVRRP(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.backup)
	if err != nil {
		return err
	}
	if err := g.drop(ctx, "vrrp-blocked", "ip protocol vrrp"); err != nil {
		return err
	}
	s.say("the firewall of %s drops VRRP", g.name)
	return s.awaitHolders(ctx, 2)
}

func wrongVRRPPassword(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.backup)
	if err != nil {
		return err
	}
	_, err = g.sh(ctx, `
grep -q '# fault was' /etc/keepalived/keepalived.conf ||
  sed -i 's/^\( *auth_pass\) \([^ ]*\)$/\1 another # fault was \2/' /etc/keepalived/keepalived.conf
systemctl reload keepalived`)
	if err != nil {
		return err
	}
	s.say("keepalived on %s has another VRRP password", g.name)
	return s.awaitHolders(ctx, 2)
}

func rightVRRPPassword(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		_, err := g.sh(ctx, `
grep -q 'auth_pass another # fault was' /etc/keepalived/keepalived.conf || exit 0
sed -i 's/^\( *auth_pass\) another # fault was \([^ ]*\)$/\1 \2/' /etc/keepalived/keepalived.conf
! systemctl is-active --quiet keepalived || systemctl reload keepalived`)
		return err
	})
}

func stopKeepalived(ctx context.Context, s *scene) error {
	if err := s.mark(hostNames(nodes())...); err != nil {
		return err
	}
	err := s.each(nodes(), func(g guest) error {
		_, err := g.run(ctx, "systemctl", "stop", "keepalived")
		return err
	})
	if err != nil {
		return err
	}
	s.say("stopped keepalived on every node")
	return s.awaitHolders(ctx, 0)
}

// stickVIP repeats a mistake of real deployments: a dead HAProxy takes less from the priority than a replica's role does.
func stickVIP(ctx context.Context, s *scene) error {
	name, err := s.holder(ctx)
	if err != nil {
		return err
	}
	g, err := s.guest(name)
	if err != nil {
		return err
	}
	if err := s.mark(hostNames(nodes())...); err != nil {
		return err
	}
	err = s.each(nodes(), func(g guest) error {
		_, err := g.sh(ctx, `
sed -i '/vrrp_script chk_haproxy/,/}/s/^\( *weight\) \(-[0-9]*\)$/\1 -2 # fault was \2/' /etc/keepalived/keepalived.conf
grep -q 'weight -2 # fault was' /etc/keepalived/keepalived.conf
systemctl reload keepalived`)
		return err
	})
	if err != nil {
		return err
	}
	// A reload begins as a backup: the VIP is back before its HAProxy dies.
	if err := s.awaitHolders(ctx, 1); err != nil {
		return err
	}
	if err := g.kill(ctx, "haproxy"); err != nil {
		return err
	}
	s.say("made HAProxy's check weigh 2 everywhere and killed HAProxy on %s", g.name)
	return s.await(ctx, 20*time.Second, "keepalived to see it and stay", func(ctx context.Context) error {
		if _, err := g.sh(ctx, `journalctl --unit=keepalived --since=-30s --quiet --grep='chk_haproxy.*(failed|fail)'`); err != nil {
			return fmt.Errorf("keepalived on %s has not seen it", g.name)
		}
		found, err := s.holders(ctx, dbVIP)
		if err == nil && (len(found) != 1 || found[0] != g.name) {
			err = fmt.Errorf("the db VIP is on %v", found)
		}
		return err
	})
}

func releaseVIP(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		_, err := g.sh(ctx, `
grep -q 'weight -2 # fault was' /etc/keepalived/keepalived.conf || exit 0
sed -i 's/^\( *weight\) -2 # fault was \(-[0-9]*\)$/\1 \2/' /etc/keepalived/keepalived.conf
! systemctl is-active --quiet keepalived || systemctl reload keepalived`)
		if err != nil {
			return err
		}
		return g.start(ctx, "haproxy")
	})
}

package lab

import (
	"context"
	"fmt"
	"time"

	"recon/internal/fault"
)

func hostRecipes() map[string]recipe {
	return map[string]recipe{
		fault.PowerOffLeader: {powerOffLeader, boots},
		fault.PowerOffAll:    {powerOffAll, boots},
		fault.StopNode:       {stopNode, boots},
		fault.FillDisk:       {fillTo(4), freeDisk},
		fault.UnitFailed:     {failUnit, dropUnit},
		fault.RebootPending:  {askReboot, forgetReboot},
	}
}

func stopNode(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.asyncReplica)
	if err != nil {
		return err
	}
	if err := g.halt(ctx); err != nil {
		return err
	}
	s.say("halted %s cleanly", g.name)
	return nil
}

func powerOffLeader(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, s.leader)
	if err != nil {
		return err
	}
	// The cable goes first: the kernel would say goodbye to every peer of the dying processes.
	if err := g.off(ctx); err != nil {
		return err
	}
	s.say("took the power from the leader %s: nothing there answers", g.name)
	return nil
}

// powerOffAll takes all cables first, so that no host sees another one die, and gives the power back by itself.
func powerOffAll(ctx context.Context, s *scene) error {
	if err := s.mark(hostNames(nodes())...); err != nil {
		return err
	}
	if err := s.each(nodes(), func(g guest) error { return g.off(ctx) }); err != nil {
		return err
	}
	s.say("took the power from all hosts; they boot again in 30 s")
	if err := pause(ctx, 30*time.Second); err != nil {
		return err
	}
	if err := s.each(nodes(), func(g guest) error { return g.boot(ctx) }); err != nil {
		return err
	}
	s.say("all hosts boot")
	return nil
}

// boots is the undo of a host that is down.
func boots(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error { return g.bootIfDown(ctx) })
}

func (g guest) bootIfDown(ctx context.Context) error {
	if _, _, up := g.pids(); up {
		return nil
	}
	// Whatever is left of a guest that ended by itself is cleaned first.
	if err := g.off(ctx); err != nil {
		return err
	}
	return g.boot(ctx)
}

// fillTo leaves that share of a file system free, in percent.
func fillTo(left int) func(context.Context, *scene) error {
	return func(ctx context.Context, s *scene) error { return fillDisk(ctx, s, left) }
}

// fillDisk never touches the machine's own disk, which the hosts share: PostgreSQL's files move to a small file system in
// memory, large enough for them, and that one is filled.
func fillDisk(ctx context.Context, s *scene, percent int) error {
	g, err := s.choose(ctx, s.asyncReplica)
	if err != nil {
		return err
	}
	left, err := g.sh(ctx, `
dir=/var/lib/postgresql small=/var/lib/lab-small
if ! mountpoint --quiet "$dir"; then
  systemctl stop patroni
  mkdir -p "$small"
  mount -t tmpfs -o "mode=755,size=$(($(du --summarize --block-size=1M "$dir" | cut -f 1) * 5 / 4 + 384))m" small "$small"
  cp --archive "$dir/." "$small/"
  mount --bind "$small" "$dir"
  umount "$small"
  rmdir "$small"
  systemctl start patroni
fi
read -r size free < <(df --block-size=1 --output=size,avail "$dir" | tail -n 1)
fill=$((free - size * $1 / 100))
[ "$fill" -le 0 ] || fallocate --length "$fill" "$dir/forgotten-dump.sql"
df --human-readable --output=avail "$dir" | tail -n 1`, fmt.Sprint(percent))
	if err != nil {
		return err
	}
	s.say("PostgreSQL's file system on %s is full to %d %%:%s are left", g.name, 100-percent, " "+left)
	return s.awaitMembers(ctx, 40*time.Second, []host{g.host}, "PostgreSQL on "+g.name, func(m memberState) bool { return m.State == "running" })
}

// freeDisk moves PostgreSQL's files back as they are now.
func freeDisk(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		_, err := g.sh(ctx, `
dir=/var/lib/postgresql back=/var/lib/lab-back
mountpoint --quiet "$dir" || exit 0
systemctl stop patroni
rm -rf "$dir/forgotten-dump.sql" "$back"
mkdir "$back"
cp --archive "$dir/." "$back/"
umount "$dir"
mv "$dir" "$dir.old"
mv "$back" "$dir"
chmod 755 "$dir"
rm -r "$dir.old"`)
		if err != nil {
			return err
		}
		return g.start(ctx, "patroni")
	})
}

func failUnit(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, lastNode)
	if err != nil {
		return err
	}
	if _, err := g.sh(ctx, `
mkdir -p /run/systemd/system
printf '[Unit]\nDescription=Nightly backup\n[Service]\nType=oneshot\nExecStart=/bin/false\n' >/run/systemd/system/nightly-backup.service
systemctl daemon-reload
! systemctl start nightly-backup`); err != nil {
		return err
	}
	s.say("the unit nightly-backup failed on %s", g.name)
	if state := g.unitState(ctx, "nightly-backup"); state != "failed" {
		return fmt.Errorf("nightly-backup on %s is %q, not failed", g.name, state)
	}
	return nil
}

// unitState is systemd's word for a unit of the guest.
func (g guest) unitState(ctx context.Context, unit string) string {
	out, err := g.sh(ctx, `systemctl show --property=ActiveState --value "$1"`, unit)
	if err != nil {
		return ""
	}
	return out
}

func dropUnit(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		_, err := g.sh(ctx, `rm -f /run/systemd/system/nightly-backup.service; systemctl daemon-reload; systemctl reset-failed nightly-backup 2>/dev/null || :`)
		return err
	})
}

func askReboot(ctx context.Context, s *scene) error {
	g, err := s.choose(ctx, lastNode)
	if err != nil {
		return err
	}
	if _, err := g.sh(ctx, `
echo '*** System restart required ***' >/run/reboot-required
echo linux-image-amd64 >/run/reboot-required.pkgs`); err != nil {
		return err
	}
	s.say("%s waits for a reboot", g.name)
	return nil
}

func forgetReboot(ctx context.Context, s *scene) error {
	return s.each(s.where(), func(g guest) error {
		_, err := g.run(ctx, "rm", "-f", "/run/reboot-required", "/run/reboot-required.pkgs")
		return err
	})
}

/** Whom restored data belongs to: the recorded owner by name, by number where this host has no such name, or whoever is asked for. */
import type { Owner } from '../../components/postgres/owner';
import { Owners } from '../../components/tree/owners';
import type { PostgresFacts } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';

export function ownerOfTarget(facts: Pick<PostgresFacts, 'owner'>, wanted: string | undefined): Owner {
  const us = process.getuid?.() ?? 0;
  if (us !== 0) return { uid: us, gid: process.getgid?.() ?? 0 };
  if (wanted !== undefined) return ownerNamed(wanted);
  const { user, uid, gid } = facts.owner;
  const owners = new Owners();
  const local = owners.idOf('passwd', user);
  if (local === undefined || local === uid) return { uid, gid, user: owners.nameOf('passwd', uid) };
  return { uid: local, gid: owners.idOf('group', user) ?? gid, user };
}

/** `user`, `user:group`, or numbers. @throws HoldfastError `usage` */
export function ownerNamed(text: string): Owner {
  const [user = '', group] = text.split(':');
  const owners = new Owners();
  const uid = /^\d+$/.test(user) ? Number(user) : owners.idOf('passwd', user);
  const gid =
    group === undefined
      ? owners.idOf('group', user)
      : /^\d+$/.test(group)
        ? Number(group)
        : owners.idOf('group', group);
  if (uid === undefined || gid === undefined) {
    throw new HoldfastError('usage', `there is no owner "${text}" on this host`, {
      hints: ['write user:group, by name or number'],
    });
  }
  return { uid, gid, user: owners.nameOf('passwd', uid) };
}

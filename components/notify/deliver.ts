/**
 * Telling people and programs: by mail, by a webhook, by a command. Guaranteed: an attempt ends within the time of its target, whatever that does; no secret is in an
 * error, an argument or the environment of a program; every attempt for one notice bears the same id. Not guaranteed: that a notice arrives, or arrives once: a
 * server may take it and die before it says so.
 */
import { createHash } from 'node:crypto';
import { nearestName } from '../../domain/config/nearest';
import type { Config } from '../../domain/config/types';
import type { TargetConfig } from '../../domain/config/types-notifications';
import { HoldfastError } from '../../domain/errors';
import type { Delivery, NoticeDocument } from '../../domain/notifications/notice';
import { runCommand } from './command';
import { sendMail } from './email';
import { callWebhook } from './webhook';

/** @throws HoldfastError `notification_failed`, `notification_refused`, `secret_unavailable` */
export async function deliver(config: Config, delivery: Delivery, signal?: AbortSignal): Promise<void> {
  const target = targetOf(config, delivery.target);
  const document = documentOf(delivery);
  const limit = AbortSignal.timeout(target.timeout);
  const over = signal === undefined ? limit : AbortSignal.any([limit, signal]);
  const to = { name: delivery.target, document, signal: over };
  switch (target.kind) {
    case 'email':
      return await sendMail(target, to);
    case 'webhook':
      return await callWebhook(target, to);
    case 'command':
      return await runCommand(target, to, config);
  }
}

/** What goes to a target, and how long it may take. */
export interface Posting {
  /** Of the target. */
  name: string;
  document: NoticeDocument;
  signal: AbortSignal;
}

/** @throws HoldfastError `notification_refused` with the nearest name */
export function targetOf({ notifications }: Pick<Config, 'notifications'>, name: string): TargetConfig {
  const targets = notifications?.targets ?? {};
  const found = Object.hasOwn(targets, name) ? targets[name] : undefined;
  if (found !== undefined) return found;
  const nearest = nearestName(name, Object.keys(targets));
  const known = Object.keys(targets).join(', ') || 'none';
  throw new HoldfastError('notification_refused', `there is no target "${name}" of notifications`, {
    hints: [nearest === undefined ? `known: ${known}` : `did you mean "${nearest}"?`],
  });
}

/** The same for every attempt, and nothing that a receiver could take apart. */
export function documentOf({ notice, occasion, at }: Delivery): NoticeDocument {
  const id = createHash('sha256').update(`${notice.system}\n${notice.event}\n${occasion}`).digest('hex').slice(0, 32);
  return { format: 1, id, at, occasion, ...notice };
}
